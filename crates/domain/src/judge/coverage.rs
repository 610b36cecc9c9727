//! Are enough units labelled, and does being labelled depend on the arm?
//!
//! Owns the randomisation test of "a label is present": under no effect on labelling, presence is
//! independent of the arm, so the two-outcome family in both directions, half and half, is an
//! e-process. Unlabelled units are left out of a check, which is harmless only while this holds.
//! Only units whose label is due are asked: before that, a missing label says nothing. A label that comes
//! after that changes its unit from missing to labelled: each look's value is exact, but over looks they
//! are an e-process only as far as labels keep to `lateBy` (docs/adr/0007). It holds, and never fails.

use super::Error;
use super::look::Look;
use super::prepared::Prepared;
use super::reading::rate;
use super::seen::Seen;
use super::words::percent;
use crate::evidence::ArmCount;
use crate::plan::{Labels, Scale};
use crate::verdict::{CheckReport, CheckVerdict, Coverage, CoverageReport, Enforced};
use seatrial_analysis::logspace::log_halves;
use seatrial_analysis::two_outcome::{Centres, Contrast, Family};
use seatrial_analysis::{Alpha, Cells, Mixture, Pi, Stratum};

/// The budget of each coverage test, apart from the rollout's alpha.
const ALPHA: f64 = 0.001;

#[derive(Debug)]
pub(super) struct Test {
    pub(super) alpha: Alpha,
    family: Family,
}

impl Test {
    pub(super) fn new(shares: &[Pi]) -> Result<Self, Error> {
        let family = Family::new(Contrast::no_worse(), &Centres::Feedback, Mixture::Uniform)
            .map_err(|source| Error::TwoOutcome { check: "coverage".to_owned(), source })?
            .prepared_for(shares);
        Ok(Self { alpha: Alpha::new(ALPHA)?, family })
    }

    /// The first enforced check of this gate whose labels are too few or depend on the arm, and what
    /// was found of each.
    pub(super) fn judge(
        &self,
        checks: &[Prepared],
        look: &Look<'_>,
    ) -> (Coverage, Vec<CoverageReport>) {
        let applies =
            |check: &&Prepared| check.enforced == Enforced::Yes && check.rules.apply_in(look.gate);
        let enforced = checks.iter().filter(applies);
        let reports: Vec<_> = enforced.filter_map(|check| self.report(check, look)).collect();
        let short = reports.iter().find_map(|report| {
            Some(Coverage::Short { check: report.check.clone(), why: short(report)? })
        });
        (short.unwrap_or(Coverage::Enough), reports)
    }

    /// None for a check without labels.
    fn report(&self, check: &Prepared, look: &Look<'_>) -> Option<CoverageReport> {
        let labels = check.rules.latest(look.gate).labels()?;
        let samples = look.samples(&check.rules, |seen| labelled(seen, &labels));
        let Parts { candidate, incumbent, least } = Parts::of(samples.here(), &labels);
        Some(CoverageReport {
            check: check.name.clone(),
            candidate,
            incumbent,
            least,
            log_e: self.log_e(&samples.all),
            limit: self.alpha.log_threshold(),
        })
    }

    /// Log e-value against "labels are missing alike on both arms".
    pub(super) fn log_e(&self, strata: &[Stratum<Cells>]) -> f64 {
        let present: Vec<_> = strata
            .iter()
            .map(|stratum| Stratum { pi: stratum.pi, counts: stratum.counts.flipped() })
            .collect();
        log_halves(self.family.log_e(strata), self.family.log_e(&present))
    }
}

/// Makes a pass of one slice's units undecided where fewer of them are labelled than the check asks
/// for. Whether labels depend on the arm is asked of all units: a slice has no budget for that.
pub(super) fn withhold(check: &Prepared, look: &Look<'_>, report: &mut CheckReport) {
    let Some(labels) = check.rules.latest(look.gate).labels() else { return };
    if report.verdict != CheckVerdict::Pass {
        return;
    }
    let here = look.here(&check.rules, |seen| labelled(seen, &labels));
    let parts = Parts::of(&here, &labels);
    if parts.are_few() {
        report.verdict = CheckVerdict::Inconclusive;
        report.limit = format!("{}; {}", report.limit, parts.too_few());
    }
}

/// The labelled part of the gate's units by arm, none without any, and the least that is asked for.
#[derive(Debug, Clone, Copy)]
struct Parts {
    candidate: Option<f64>,
    incumbent: Option<f64>,
    least: f64,
}

impl Parts {
    fn of(here: &[Stratum<Cells>], labels: &Labels<'_>) -> Self {
        let here = here.iter().fold(Cells::default(), |sum, it| sum + it.counts);
        Self {
            candidate: rate(here.candidate_good, here.candidate()),
            incumbent: rate(here.incumbent_good, here.incumbent()),
            least: labels.min_coverage,
        }
    }

    fn are_few(&self) -> bool {
        [self.candidate, self.incumbent].into_iter().flatten().any(|part| part < self.least)
    }

    fn too_few(&self) -> String {
        format!("{}, the least is {} %", self.in_words(), percent(self.least))
    }

    fn in_words(&self) -> String {
        let shown =
            |part: Option<f64>| part.map_or("none".to_owned(), |it| format!("{:.1} %", 100.0 * it));
        format!(
            "{} of the candidate's units and {} of the incumbent's have a label",
            shown(self.candidate),
            shown(self.incumbent)
        )
    }
}

/// Units whose label is due, with the label as the good outcome and its absence as the bad one.
pub(super) fn labelled(seen: Seen<'_>, labels: &Labels<'_>) -> Cells {
    let (units, labelled) = match labels.scale {
        Scale::YesNo => {
            let due = seen.matured(labels.metric);
            let (candidate, incumbent) = (due.labels.candidate(), due.labels.incumbent());
            (due.units, ArmCount { candidate, incumbent })
        }
        Scale::Number => {
            let due = seen.matured_values(labels.metric);
            due.map(|due| (due.units, due.labelled)).unwrap_or_default()
        }
    };
    Cells {
        candidate_good: labelled.candidate,
        candidate_bad: units.candidate.saturating_sub(labelled.candidate),
        incumbent_good: labelled.incumbent,
        incumbent_bad: units.incumbent.saturating_sub(labelled.incumbent),
    }
}

/// Why it is short, with value and limit: an arm has units of which fewer are labelled than the
/// plan asks for, or labels are missing on one arm more than on the other.
fn short(report: &CoverageReport) -> Option<String> {
    let CoverageReport { candidate, incumbent, least, log_e, limit, .. } = *report;
    let parts = Parts { candidate, incumbent, least };
    if parts.are_few() {
        Some(parts.too_few())
    } else if log_e >= limit {
        let (e, most, values) = (log_e.exp(), limit.exp(), parts.in_words());
        Some(format!("{values}: labels depend on the arm, e = {e:.1e} of {most:.0}"))
    } else {
        None
    }
}
