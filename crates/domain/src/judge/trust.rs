//! How far the evidence itself can be trusted: what the sample ratio and the coverage of labels rest on,
//! and what would change them.

use super::coverage::{Test, labelled};
use super::look::Look;
use super::prepared::Prepared;
use super::{Judge, Levels};
use crate::evidence::{ArmCount, Evidence};
use crate::looks::Subject;
use crate::verdict::{Budget, Enforced, Labelled, Next, Split, SplitStratum, Trust};
use seatrial_analysis::sample_ratio::{self, Assigned};
use seatrial_analysis::{Cells, Stratum};

/// How many of the next units are asked about: the first of these that can make a mismatch.
const HORIZONS: [u64; 3] = [100, 1_000, 10_000];

impl Judge {
    /// What is told of the evidence beside the checks; nothing of the shadow's, which splits no units
    /// and passes without labels.
    pub fn trust(&self, subject: Subject, evidence: &Evidence) -> Trust {
        match subject {
            Subject::Shadow => Trust::default(),
            Subject::Gate(gate) => {
                let begun = super::late::Begun::default();
                let look = self.all_units(evidence, gate, &begun);
                Trust {
                    split: Some(split(&look, self.levels)),
                    labels: self.coverage.accounts(&self.checks, &look),
                }
            }
        }
    }
}

fn split(look: &Look<'_>, levels: Levels) -> Split {
    let strata = look.by_stratum(|_| true, |seen| assigned(seen.assigned()));
    let (told, strata): (Vec<_>, Vec<_>) = strata.into_iter().unzip();
    let alpha = levels.sample_ratio;
    let log_e = sample_ratio::log_e(&strata);
    // Units yet to come are new ones: what they are drawn with is the gate's own share.
    let next = look.new_units(|seen| assigned(seen.assigned()));
    let more = next.filter(|_| !alpha.rejects(log_e)).map(|here| {
        let others = log_e - sample_ratio::log_e(std::slice::from_ref(&here));
        let mismatch = move |more| alpha.rejects(others + sample_ratio::log_e(&[more]));
        More { here, mismatch }
    });
    let mismatch_at = more.as_ref().and_then(More::fewest_above);
    let mismatch_below = more.as_ref().and_then(More::most_below);
    let strata = told.into_iter().zip(strata).map(|(of, stratum)| {
        let Assigned { candidate, incumbent } = stratum.counts;
        let units = ArmCount { candidate, incumbent };
        SplitStratum { gate: of.gate, share: stratum.pi.get(), units }
    });
    let budget = Budget::at(alpha.get(), 1.0, (log_e, alpha.log_threshold()));
    let (strata, words) = (strata.collect(), Vec::new());
    Split { strata, budget, mismatch_at, mismatch_below, words }.in_words()
}

const fn assigned(units: ArmCount) -> Assigned {
    Assigned { candidate: units.candidate, incumbent: units.incumbent }
}

/// More units of one stratum, and what makes a mismatch of it.
struct More<F> {
    here: Stratum<Assigned>,
    mismatch: F,
}

impl<F: Fn(Stratum<Assigned>) -> bool> More<F> {
    /// Whether it is one with `candidate` of the next `of` units the candidate's.
    fn with(&self, candidate: u64, of: u64) -> bool {
        let mut counts = self.here.counts;
        counts.merge(Assigned { candidate, incumbent: of - candidate });
        (self.mismatch)(Stratum { pi: self.here.pi, counts })
    }

    /// As many of `of` as the share asks for.
    fn asked_for(&self, of: u64) -> u64 {
        super::account::part(of, self.here.pi.get())
    }

    /// The fewest of the candidate's among the next units, above those the share asks for, that make a
    /// mismatch.
    fn fewest_above(&self) -> Option<Next> {
        let of = HORIZONS.into_iter().find(|of| self.with(*of, *of))?;
        let (mut below, mut bad) = (self.asked_for(of), of);
        while below < bad {
            let middle = below + (bad - below) / 2;
            if self.with(middle, of) { bad = middle } else { below = middle + 1 }
        }
        Some(Next { bad, of })
    }

    /// The most of the candidate's among the next units, below those the share asks for, that make one.
    fn most_below(&self) -> Option<Next> {
        let of = HORIZONS.into_iter().find(|of| self.with(0, *of))?;
        let (mut bad, mut above) = (0, self.asked_for(of));
        while bad < above {
            let middle = above - (above - bad) / 2;
            if self.with(middle, of) { bad = middle } else { above = middle - 1 }
        }
        Some(Next { bad, of })
    }
}

impl Test {
    /// One for each check that [`Test::judge`] reports on.
    fn accounts(&self, checks: &[Prepared], look: &Look<'_>) -> Vec<Labelled> {
        let applies =
            |check: &&Prepared| check.enforced == Enforced::Yes && check.rules.apply_in(look.gate);
        checks.iter().filter(applies).filter_map(|check| self.account(check, look)).collect()
    }

    fn account(&self, check: &Prepared, look: &Look<'_>) -> Option<Labelled> {
        let labels = check.rules.latest(look.gate).labels()?;
        let samples = look.samples(&check.rules, |seen| labelled(seen, &labels));
        let here = samples.here().iter().fold(Cells::default(), |sum, it| sum + it.counts);
        let due = ArmCount { candidate: here.candidate(), incumbent: here.incumbent() };
        let with = ArmCount { candidate: here.candidate_good, incumbent: here.incumbent_good };
        let least = labels.min_coverage;
        let missing = ArmCount {
            candidate: missing((with.candidate, due.candidate), least),
            incumbent: missing((with.incumbent, due.incumbent), least),
        };
        let of = (self.log_e(&samples.all), self.alpha.log_threshold());
        let budget = Budget::at(self.alpha.get(), 1.0, of);
        let check = check.name.clone();
        let words = Vec::new();
        Some(Labelled { check, due, labelled: with, least, missing, budget, words }.in_words())
    }
}

/// How many of those due lack a label, of those that must have one.
fn missing((labelled, due): (u64, u64), least: f64) -> u64 {
    let needed = (super::reading::float(due) * least).ceil();
    #[expect(clippy::cast_possible_truncation, reason = "a part of a count")]
    #[expect(clippy::cast_sign_loss, reason = "a part of a count")]
    let needed = needed as u64;
    needed.saturating_sub(labelled)
}
