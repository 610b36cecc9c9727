//! How the answers themselves are distributed: alike on both arms?
//!
//! Owns what is told of it: the outcome whose part differs most, and two distances, which decide
//! nothing. It only ever fails: a difference is no fault, and the lack of one no health.

use super::distinct::Rules;
use super::late::Since;
use super::look::Look;
use super::prepared::Given;
use super::reading::{Finding, Here, LogE, Shown};
use crate::evidence::{self, ArmCount, GateCounts, GateStratum};
use crate::mix;
use crate::verdict::{CheckVerdict, Counts, significant};
use seatrial_analysis::sample_ratio::Assigned;
use seatrial_analysis::{Stratum, drift};
use std::collections::BTreeSet;

/// Parts closer than this are as far apart.
const ROUNDING: f64 = 1e-9;

type Outcomes<'a> = drift::Counts<&'a str>;

/// What had been counted when a window began.
pub(super) type Before = Vec<(GateStratum, drift::Counts<String>)>;

/// The check of this name: its answers are counted under it.
#[derive(Debug)]
pub(super) struct Drift {
    name: String,
}

impl Drift {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned() }
    }

    pub(super) fn judge(&self, look: &Look<'_>, given: Given<'_>) -> Finding {
        let Given { rules, bars, since } = given;
        let samples = look.samples(rules, |counts| self.outcomes(counts));
        let fail = self.fail_log_e(look, rules, since);
        let log_e = LogE { fail, pass: f64::NEG_INFINITY };
        let verdict = bars.verdict(log_e);
        let strata = match verdict {
            CheckVerdict::Fail => &samples.all,
            CheckVerdict::Pass | CheckVerdict::Inconclusive | CheckVerdict::Error => &samples.here,
        };
        let most = most_apart(strata);
        let described = drift::distance(strata).zip(most.as_ref()).map(|(distance, most)| {
            let psi = significant(distance.psi);
            let divergence = significant(distance.jensen_shannon);
            format!("most in {}, PSI {psi}, Jensen-Shannon {divergence}", most.outcome)
        });
        let shown = most.map(|most| most.shown).unwrap_or_default();
        let here = most_apart(&samples.here).map(|most| most.counts).unwrap_or_default();
        let here = Here::Answers(here);
        Finding { verdict, log_e, shown, here, units_needed: None, described }
    }

    /// Against the candidate, over all gates.
    fn fail_log_e(&self, look: &Look<'_>, rules: &Rules, since: Option<&Since>) -> f64 {
        let now = look.by_stratum(|gate| rules.apply_in(gate), |counts| self.outcomes(counts));
        let begun = since.map_or(&[][..], Since::drift);
        let since: Vec<_> = begun.iter().map(|before| left(&now, before)).collect();
        let all: Vec<_> = now.into_iter().map(|(_, stratum)| stratum).collect();
        drift::log_e_since(&all, &since)
    }

    /// What had been counted when each window began.
    pub(super) fn before(&self, look: &Look<'_>, rules: &Rules) -> Vec<Before> {
        let at_start = |outcomes: &evidence::Outcomes| {
            let found = outcomes.frozen.as_ref()?.predictions.get(&self.name);
            let owned = |(outcome, units): (&String, &ArmCount)| (outcome.clone(), assigned(units));
            Some(found.into_iter().flat_map(|found| &found.0).map(owned).collect())
        };
        look.sums(|gate| rules.apply_in(gate), at_start)
    }

    pub(super) fn outcomes<'a>(&self, counts: &'a GateCounts) -> Outcomes<'a> {
        let counted = counts.predictions.get(&self.name).into_iter().flat_map(|found| &found.0);
        counted.map(|(outcome, units)| (outcome.as_str(), assigned(units))).collect()
    }
}

/// The units counted since a window began. A stratum in which there are none is left out: it says
/// nothing.
fn left<'a>(
    now: &[(GateStratum, Stratum<Outcomes<'a>>)],
    before: &Before,
) -> Vec<Stratum<Outcomes<'a>>> {
    let since = |(of, stratum): &(GateStratum, Stratum<Outcomes<'a>>)| {
        let before = before.iter().find(|(other, _)| other == of).map(|(_, counts)| counts);
        let left = |(outcome, units): (&&'a str, &Assigned)| {
            let before = before.and_then(|before| before.get(*outcome)).copied();
            let Assigned { candidate, incumbent } = before.unwrap_or_default();
            let left = Assigned {
                candidate: units.candidate.saturating_sub(candidate),
                incumbent: units.incumbent.saturating_sub(incumbent),
            };
            (left != Assigned::default()).then_some((*outcome, left))
        };
        let counts: Outcomes<'a> = stratum.counts.iter().filter_map(left).collect();
        (!counts.is_empty()).then_some(Stratum { pi: stratum.pi, counts })
    };
    now.iter().filter_map(since).collect()
}

const fn assigned(units: &ArmCount) -> Assigned {
    Assigned { candidate: units.candidate, incumbent: units.incumbent }
}

/// The outcome that one arm gives more often than the other.
#[derive(Debug)]
pub(super) struct Most {
    outcome: String,
    pub(super) shown: Shown,
    /// By stratum; bad are those with the outcome.
    counts: Vec<Counts>,
}

/// As [`mix`] compares the arms. None until both have units in one stratum.
pub(super) fn most_apart(strata: &[Stratum<Outcomes<'_>>]) -> Option<Most> {
    let of_both: Vec<_> = strata.iter().map(|it| (&it.counts, whole(&it.counts))).collect();
    let outcomes: BTreeSet<&str> = of_both.iter().flat_map(|(it, _)| it.keys().copied()).collect();
    let found = outcomes.into_iter().filter_map(|outcome| {
        let counts: Vec<_> = of_both.iter().map(|(it, whole)| with(it, outcome, whole)).collect();
        mix::parts(&counts)?;
        let (candidate, incumbent) = mix::rates(&counts);
        Some((outcome, candidate? - incumbent?, counts))
    });
    // Of two outcomes one is as far apart as the other, but for the last digits: told is what the
    // candidate gives more often.
    let apart = |more: f64| (more.abs() / ROUNDING).round();
    let (outcome, _, counts) = found.max_by(|(_, one, _), (_, other, _)| {
        apart(*one).total_cmp(&apart(*other)).then(one.total_cmp(other))
    })?;
    let (candidate, incumbent) = mix::rates(&counts);
    let shown = Shown { counts: mix::sum(&counts), candidate, incumbent };
    Some(Most { outcome: outcome.to_owned(), shown, counts })
}

/// Units of one stratum, whatever their outcome; none are told where an arm has none, as there is
/// nothing to compare them with.
fn whole(outcomes: &Outcomes<'_>) -> Assigned {
    let sum = outcomes.values().fold(Assigned::default(), |sum, it| Assigned {
        candidate: sum.candidate.saturating_add(it.candidate),
        incumbent: sum.incumbent.saturating_add(it.incumbent),
    });
    if sum.candidate == 0 || sum.incumbent == 0 { Assigned::default() } else { sum }
}

fn with(outcomes: &Outcomes<'_>, outcome: &str, whole: &Assigned) -> Counts {
    let compared = *whole != Assigned::default();
    let bad = outcomes.get(outcome).filter(|_| compared).copied().unwrap_or_default();
    Counts {
        candidate_bad: bad.candidate,
        candidate_total: whole.candidate,
        incumbent_bad: bad.incumbent,
        incumbent_total: whole.incumbent,
    }
}
