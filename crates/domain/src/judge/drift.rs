//! How the answers themselves are distributed: alike on both arms?
//!
//! Owns what is told of it: the outcome whose part differs most, and two distances, which decide
//! nothing. It only ever fails: a difference is no fault, and the lack of one no health.

use super::distinct::Rules;
use super::late::Since;
use super::look::Look;
use super::prepared::Given;
use super::reading::{Finding, Here, LogE, Shown};
use super::seen::Seen;
use super::tells::Tells;
use crate::evidence::{self, ArmCount, GateIndex, GateStratum, Predictions};
use crate::mix::{self, By};
use crate::verdict::{CheckVerdict, Counts, significant};
use seatrial_analysis::sample_ratio::Assigned;
use seatrial_analysis::{Stratum, drift};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Parts closer than this are as far apart.
const ROUNDING: f64 = 1e-9;

pub(super) type Outcomes<'a> = drift::Counts<&'a str>;

/// What was counted of one stratum; none where nothing was.
type Answered<'a> = (GateStratum, Stratum<Option<&'a Predictions>>);

/// What had been counted when a window began.
pub(super) type Before = BTreeMap<GateStratum, Arc<Predictions>>;

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
        let now = look.by_stratum(|gate| rules.apply_in(gate), |seen| self.answers(seen));
        let log_e = LogE { fail: fail_log_e(&now, since), pass: f64::NEG_INFINITY };
        let verdict = bars.verdict(log_e);
        if look.tells == Tells::Decision {
            return Finding::bare(verdict, log_e);
        }
        let here = outcomes(now.iter().filter(|(of, _)| of.gate == look.gate));
        let most = most_apart(&here);
        let counts = most.as_ref().map(|most| most.counts.clone()).unwrap_or_default();
        let (strata, most) = match verdict {
            CheckVerdict::Fail => {
                let all = outcomes(now.iter());
                let most = most_apart(&all);
                (all, most)
            }
            CheckVerdict::Pass | CheckVerdict::Inconclusive | CheckVerdict::Error => (here, most),
        };
        let described = drift::distance(&strata).zip(most.as_ref()).map(|(distance, most)| {
            let psi = significant(distance.psi);
            let divergence = significant(distance.jensen_shannon);
            format!("most in {}, PSI {psi}, Jensen-Shannon {divergence}", most.outcome)
        });
        let shown = most.map(|most| most.shown).unwrap_or_default();
        let here = Here::Answers(counts);
        Finding { verdict, log_e, shown, here, units_needed: None, described }
    }

    /// What had been counted when each window began. A stratum that is as it was at the start before is
    /// shared with that.
    pub(super) fn before(&self, look: &Look<'_>, rules: &Rules) -> Vec<Before> {
        let at_start = |outcomes: &evidence::Outcomes| {
            let found = outcomes.frozen.as_ref()?.predictions.get(&self.name);
            Some(found.cloned().unwrap_or_default())
        };
        let mut known = Before::new();
        let mut shared = |(of, found): (GateStratum, Predictions)| {
            let known = known.entry(of).or_default();
            if **known != found {
                *known = Arc::new(found);
            }
            (of, Arc::clone(known))
        };
        let starts = look.sums(|gate| rules.apply_in(gate), at_start).into_iter();
        starts.map(|start| start.into_iter().map(&mut shared).collect()).collect()
    }

    /// None where there are none.
    fn answers<'a>(&self, seen: Seen<'a>) -> Option<&'a Predictions> {
        seen.predictions(&self.name)
    }

    /// What a verdict is told by: a fail by all gates, any other by the present one.
    pub(super) fn told_by<'a>(
        &self,
        look: &Look<'a>,
        rules: &Rules,
        verdict: CheckVerdict,
    ) -> Vec<Stratum<Outcomes<'a>>> {
        let wanted = |gate: GateIndex| {
            rules.apply_in(gate) && (verdict == CheckVerdict::Fail || gate == look.gate)
        };
        outcomes(look.by_stratum(wanted, |seen| self.answers(seen)).iter())
    }

    /// The strata of one gate.
    pub(super) fn under<'a>(&self, look: &Look<'a>, gate: GateIndex) -> Vec<Stratum<Outcomes<'a>>> {
        let wanted = |of: GateIndex| of == gate;
        outcomes(look.by_stratum(wanted, |seen| self.answers(seen)).iter())
    }
}

/// Against the candidate, over all gates.
fn fail_log_e(now: &[Answered<'_>], since: Option<&Since>) -> f64 {
    let everything = now.iter().map(|(_, stratum)| log_e_since(stratum, None)).sum();
    let begun = since.map_or(&[][..], Since::drift);
    let mut since = vec![0.0; begun.len()];
    for (of, stratum) in now {
        let mut last: Option<(&Predictions, f64)> = None;
        for (before, log_e) in begun.iter().zip(&mut since) {
            let before = before.get(of).map(Arc::as_ref);
            // What was not counted in between is worth what it was worth at the start before.
            let known = last.filter(|(known, _)| before.is_some_and(|it| std::ptr::eq(it, *known)));
            let found = known.map_or_else(|| log_e_since(stratum, before), |(_, found)| found);
            last = before.map(|before| (before, found));
            *log_e += found;
        }
    }
    drift::log_e_since(everything, &since)
}

/// Of the units counted since a window began; of all where nothing had been counted before.
fn log_e_since(stratum: &Stratum<Option<&Predictions>>, before: Option<&Predictions>) -> f64 {
    stratum.counts.map_or(0.0, |now| drift::log_e_of(stratum.pi, left(now, before)))
}

/// The units by outcome that were counted since; both are in the order of their outcomes.
fn left<'a>(
    now: &'a Predictions,
    before: Option<&'a Predictions>,
) -> impl Iterator<Item = Assigned> + 'a {
    let mut before = before.into_iter().flat_map(|found| &found.0).peekable();
    now.0.iter().filter_map(move |(outcome, units)| {
        while before.next_if(|(other, _)| *other < outcome).is_some() {}
        let before = before.next_if(|(other, _)| *other == outcome).map(|(_, units)| *units);
        let ArmCount { candidate, incumbent } = before.unwrap_or_default();
        let left = Assigned {
            candidate: units.candidate.saturating_sub(candidate),
            incumbent: units.incumbent.saturating_sub(incumbent),
        };
        (left != Assigned::default()).then_some(left)
    })
}

fn outcomes<'a: 'b, 'b>(
    strata: impl Iterator<Item = &'b Answered<'a>>,
) -> Vec<Stratum<Outcomes<'a>>> {
    let counts = |stratum: &Stratum<Option<&'a Predictions>>| {
        let counted = stratum.counts.into_iter().flat_map(|found| &found.0);
        counted.map(|(outcome, units)| (outcome.as_str(), assigned(units))).collect()
    };
    strata.map(|(_, stratum)| Stratum { pi: stratum.pi, counts: counts(stratum) }).collect()
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

/// One outcome's part of each arm's answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Apart<'a> {
    pub(super) outcome: &'a str,
    pub(super) candidate: f64,
    pub(super) incumbent: f64,
}

impl Apart<'_> {
    /// By how far the parts are apart. Of two outcomes one is as far apart as the other, but for the last
    /// digits: the larger is what the candidate gives more often.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let more = |it: &Self| it.candidate - it.incumbent;
        let apart = |it: &Self| (more(it).abs() / ROUNDING).round();
        apart(self).total_cmp(&apart(other)).then(more(self).total_cmp(&more(other)))
    }
}

/// Both arms' answers, side by side.
#[derive(Debug)]
pub(super) struct Compared<'a, 'b>(Vec<(&'b Outcomes<'a>, Assigned)>);

impl<'a, 'b> Compared<'a, 'b> {
    pub(super) fn new(strata: &'b [Stratum<Outcomes<'a>>]) -> Self {
        Self(strata.iter().map(|it| (&it.counts, whole(&it.counts))).collect())
    }

    /// The units by stratum; bad are those with the outcome.
    pub(super) fn with(&self, outcome: &str) -> impl Iterator<Item = Counts> {
        self.0.iter().map(move |(outcomes, whole)| {
            let compared = *whole != Assigned::default();
            let bad = outcomes.get(outcome).filter(|_| compared).copied().unwrap_or_default();
            Counts {
                candidate_bad: bad.candidate,
                candidate_total: whole.candidate,
                incumbent_bad: bad.incumbent,
                incumbent_total: whole.incumbent,
            }
        })
    }

    /// Every outcome's parts, as [`mix`] compares the arms. None until both have units in one stratum.
    pub(super) fn parts(&self) -> Vec<Apart<'a>> {
        // Of units in all, which no outcome changes.
        let all: Vec<_> = self.with("").collect();
        let Some(parts) = mix::parts(&all, By::Candidate) else { return Vec::new() };
        let outcomes: BTreeSet<&'a str> =
            self.0.iter().flat_map(|(it, _)| it.keys().copied()).collect();
        let of = |outcome| {
            let (candidate, incumbent) = mix::weighed(&parts, self.with(outcome));
            Apart { outcome, candidate, incumbent }
        };
        outcomes.into_iter().map(of).collect()
    }
}

/// None until both arms have units in one stratum.
pub(super) fn most_apart(strata: &[Stratum<Outcomes<'_>>]) -> Option<Most> {
    let compared = Compared::new(strata);
    let Apart { outcome, candidate, incumbent } =
        compared.parts().into_iter().max_by(Apart::order)?;
    let counts: Vec<_> = compared.with(outcome).collect();
    let (candidate, incumbent) = (Some(candidate), Some(incumbent));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(of: &[(&str, u64, u64)]) -> Predictions {
        let units = |(outcome, candidate, incumbent): &(&str, u64, u64)| {
            ((*outcome).to_owned(), ArmCount { candidate: *candidate, incumbent: *incumbent })
        };
        Predictions(of.iter().map(units).collect())
    }

    /// Two starts may share what was counted, and the next one does not: each is worth what came since.
    #[test]
    fn each_start_is_worth_what_was_counted_since() {
        let now = told(&[("ant", 90, 300), ("bee", 40, 260), ("cat", 30, 20)]);
        let early = Arc::new(told(&[("ant", 10, 100), ("cat", 2, 9)]));
        let later = Arc::new(told(&[("aaa", 5, 5), ("ant", 50, 200), ("bee", 20, 130)]));
        let of = GateIndex(0).unseen();
        let at = |found: &Arc<Predictions>| Before::from([(of, Arc::clone(found))]);
        let since = Since::Drift(vec![Before::new(), at(&early), at(&early), at(&later)]);
        let stratum = Stratum::new(0.25, Some(&now)).unwrap();
        let worth = |left: &[(u64, u64)]| {
            let left = left.iter().map(|(candidate, incumbent)| Assigned {
                candidate: *candidate,
                incumbent: *incumbent,
            });
            drift::log_e_of(stratum.pi, left)
        };
        let all = worth(&[(90, 300), (40, 260), (30, 20)]);
        let early = worth(&[(80, 200), (40, 260), (28, 11)]);
        let late = worth(&[(40, 100), (20, 130), (30, 20)]);
        let expected = drift::log_e_since(all, &[all, early, early, late]);
        let found = fail_log_e(&[(of, stratum)], Some(&since));
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    /// Units of one arm alone are compared with nothing.
    #[test]
    fn a_stratum_of_one_arm_tells_of_no_units() {
        let units = |candidate, incumbent| Assigned { candidate, incumbent };
        for alone in [units(9, 0), units(0, 9)] {
            assert_eq!(whole(&[("ant", alone)].into()), Assigned::default());
        }
        assert_eq!(whole(&[("ant", units(9, 0)), ("bee", units(0, 7))].into()), units(9, 7));
    }
}
