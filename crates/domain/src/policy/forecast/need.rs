//! One check's part of a step: the units its own test needs at the outlook's rates.
//!
//! Owns what the outlook can't tell: how far a quantile lies below a multiple of itself depends on how the
//! latencies are spread, and a KPI's mean on how its values are. Refuses to assume a spread; without, such a
//! need is unknown, with its reason.
//!
//! The units are new ones, as an outlook's traffic is. Where they may come again, those whom earlier gates have
//! seen have their say in what is staked on the new ones from the first on (docs/adr/0018).

use super::{Error, Outlook, Values, over_limit, quantile};
use crate::Share;
use crate::plan::{Better, Check, Rule};
use seatrial_analysis::kpi;
use seatrial_analysis::latency::{Edges, Limit};
use seatrial_analysis::level::Alpha;
use seatrial_analysis::two_outcome;
use seatrial_analysis::units_needed::{
    self, Expected, ExpectedAnswers, ExpectedKpi, ExpectedValues,
};
use seatrial_analysis::{ArmHistogram, Cells, Pi, Stratum};
use std::fmt::Display;

const SPREAD: &str = "a ratio of quantiles depends on how the latencies are spread: give --latency";
const VALUES: &str = "how many values tell a KPI's mean depends on how they are spread: give --kpi";

/// One check's part of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub check: String,
    /// None: never at these rates, or unknown.
    pub units: Option<u64>,
    /// Why `units` can't be told; none where they are told, or never enough.
    pub unknown: Option<&'static str>,
    pub enforced: Enforced,
}

/// Whether a check can hold a gate back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforced {
    Yes,
    /// Recorded only: a dry run, or the gate is a person's.
    No,
}

/// Where and at which rates a check is judged.
#[derive(Debug)]
pub(super) struct At<'a> {
    pub(super) share: Share,
    /// The probabilities of the strata that the gate may have.
    pub(super) chances: &'a [Pi],
    /// The healthy alpha.
    pub(super) alpha: f64,
    pub(super) outlook: &'a Outlook,
}

impl At<'_> {
    /// That of new units.
    pub(super) fn pi(&self) -> Result<Pi, String> {
        Pi::new(self.share.probability()).map_err(why)
    }

    /// Every stratum that may come, with nothing in it yet.
    pub(super) fn nothing<T: Clone>(&self, counts: &T) -> Vec<Stratum<T>> {
        self.chances.iter().map(|pi| Stratum { pi: *pi, counts: counts.clone() }).collect()
    }
}

/// The candidate units a test needs.
#[derive(Debug)]
enum Units {
    Enough(u64),
    Never,
    Unknown(&'static str),
}

impl Units {
    /// As many with a label, where no more than this part has one: what the plan puts up with.
    fn at_coverage(self, part: f64) -> Self {
        match self {
            Self::Enough(units) if part > 0.0 => {
                let of = |units: f64| (units / part).ceil();
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "saturates, far beyond any need"
                )]
                #[expect(clippy::cast_sign_loss, reason = "both are positive")]
                #[expect(clippy::cast_precision_loss, reason = "units are far below 2^53")]
                Self::Enough(of(units as f64) as u64)
            }
            Self::Enough(_) | Self::Never | Self::Unknown(_) => self,
        }
    }
}

impl From<Option<u64>> for Units {
    fn from(units: Option<u64>) -> Self {
        units.map_or(Self::Never, Self::Enough)
    }
}

impl Need {
    pub(super) fn of(check: &Check, enforced: Enforced, at: &At<'_>) -> Result<Self, Error> {
        let (units, unknown) = match units(&check.rule, at) {
            Ok(Units::Enough(units)) => (Some(units), None),
            Ok(Units::Never) => (None, None),
            Ok(Units::Unknown(why)) => (None, Some(why)),
            Err(why) => return Err(Error::Check { check: check.name.clone(), why }),
        };
        Ok(Self { check: check.name.clone(), units, unknown, enforced })
    }

    /// Whether it keeps its gate from passing at these rates, however long it waits.
    pub(super) fn holds_back_for_ever(&self) -> bool {
        self.enforced == Enforced::Yes && self.units.is_none() && self.unknown.is_none()
    }
}

fn units(rule: &Rule, at: &At<'_>) -> Result<Units, String> {
    let no_margin = || "no margin".to_owned();
    match rule {
        Rule::Errors { margin } => {
            let margin = margin.of_analysis().ok_or_else(no_margin)?;
            two_outcome(
                &two_outcome::Check::errors(margin).map_err(why)?,
                at.outlook.error_rate,
                at,
            )
        }
        Rule::Feedback { margin, min_coverage, .. } => {
            let margin = margin.of_analysis().ok_or_else(no_margin)?;
            let test = two_outcome::Check::feedback(margin).map_err(why)?;
            let labelled = two_outcome(&test, at.outlook.bad_label_rate, at)?;
            Ok(labelled.at_coverage(*min_coverage))
        }
        Rule::Latency { quantile, limit_ms, ratio } => match (limit_ms, ratio) {
            (Some(limit_ms), None) => limited(*quantile, *limit_ms, at.alpha, at).map(Units::from),
            (limit_ms, Some(ratio)) => match (&at.outlook.latency, limit_ms) {
                (Some(parts), limit_ms) => {
                    let limit = limit_ms.map(|limit_ms| limit(*quantile, limit_ms)).transpose()?;
                    quantile::needed((*quantile, *ratio), limit, parts, at).map(Units::from)
                }
                // Healthy is half the limit's evidence and half the ratio's. Taking the ratio's as none
                // gives the most units that are needed.
                (None, Some(limit_ms)) => {
                    let most = limited(*quantile, *limit_ms, at.alpha / 2.0, at)?;
                    Ok(most.map_or(Units::Unknown(SPREAD), Units::Enough))
                }
                (None, None) => Ok(Units::Unknown(SPREAD)),
            },
            (None, None) => Err("neither a limit nor a ratio".to_owned()),
        },
        Rule::Kpi { metric, better, margin, min_coverage, .. } => {
            let margin = margin.of_analysis().ok_or_else(no_margin)?;
            let of = |values: &&Values| values.metric == *metric;
            match at.outlook.values.iter().find(of) {
                Some(values) => {
                    kpi(values, (*better, margin), at).map(|it| it.at_coverage(*min_coverage))
                }
                None => Ok(Units::Unknown(VALUES)),
            }
        }
        // No pass waits for it.
        Rule::Drift { .. } => Ok(Units::Enough(0)),
    }
}

/// Both arms at `rate`.
fn two_outcome(test: &two_outcome::Check, rate: f64, at: &At<'_>) -> Result<Units, String> {
    let alpha = Alpha::new(at.alpha).map_err(why)?;
    let equal = Expected { pi: at.pi()?, candidate_bad: rate, incumbent_bad: rate };
    Ok(units_needed::two_outcome(test, &at.nothing(&Cells::default()), &equal, alpha).into())
}

/// Both arms with these values.
fn kpi(
    values: &Values,
    (better, margin): (Better, two_outcome::Margin),
    at: &At<'_>,
) -> Result<Units, String> {
    let better = match better {
        Better::Higher => kpi::Better::Higher,
        Better::Lower => kpi::Better::Lower,
    };
    let check = kpi::Check::new(&values.reference, better, margin).map_err(why)?;
    let pi = at.pi()?;
    let alpha = Alpha::new(at.alpha).map_err(why)?;
    let arm = ExpectedValues { mean: values.mean, deviation: values.deviation };
    let equal = ExpectedKpi { pi, candidate: arm, incumbent: arm };
    Ok(units_needed::kpi_expected(&check, &equal, alpha).into())
}

fn limited(quantile: f64, limit_ms: u64, alpha: f64, at: &At<'_>) -> Result<Option<u64>, String> {
    let (edges, limit) = (Edges::default(), limit(quantile, limit_ms)?);
    let alpha = Alpha::new(alpha).map_err(why)?;
    let exceeding = over_limit(at.outlook.error_rate, at.outlook.slow_rate);
    let nothing = at.nothing(&ArmHistogram::empty(edges.buckets()));
    let answers = ExpectedAnswers { pi: at.pi()?, exceeding };
    units_needed::latency_limit(&limit, &nothing, answers, alpha).map_err(why)
}

fn limit(quantile: f64, limit_ms: u64) -> Result<Limit, String> {
    Limit::new(&Edges::default(), limit_ms.saturating_mul(1000), quantile).map_err(why)
}

pub(super) fn why(error: impl Display) -> String {
    error.to_string()
}
