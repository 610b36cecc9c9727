//! What `explain` asks of a gate's checks beyond their verdicts. Costs many evaluations, so no look
//! makes it.
//!
//! Owns the question "what would change it?" and how it is answered: the check's own e-values on its
//! counts and more units, never a rule of thumb.

mod drift;
mod kpi;
mod latency;
mod two_outcome;

use super::prepared::{Prepared, Scope, Test};
use super::reading::{Bars, Shown};
use super::{Judge, Levels, Look};
use crate::evidence::{Evidence, GateIndex};
use crate::looks::Subject;
use crate::verdict::{
    Account, Budget, CheckReport, CheckVerdict, Confidence, GateAccount, Next, Outlook,
};

/// How many of the next units are asked about: the first of these that can change the verdict.
const HORIZONS: [u64; 3] = [100, 1_000, 10_000];

/// What a kind of test tells of itself.
pub(super) struct Told {
    pub(super) bad: String,
    pub(super) confidence: Option<Confidence>,
    pub(super) outlook: Outlook,
    pub(super) notes: Vec<String>,
}

impl Judge {
    /// An account of every check that has a say about `subject`, in the order of the verdict's
    /// reports; none of the shadow's, which are limits on what was seen and no tests.
    pub fn accounts(&self, subject: Subject, evidence: &Evidence) -> Vec<Account> {
        match subject {
            Subject::Shadow => Vec::new(),
            Subject::Gate(gate) => {
                let look = Look { evidence, gate, shares: &self.shares };
                let reports = self.gate(evidence, gate).checks;
                reports.iter().filter_map(|report| self.account(&look, report)).collect()
            }
        }
    }

    /// The account of one report; none of what is no test's.
    fn account(&self, look: &Look<'_>, report: &CheckReport) -> Option<Account> {
        let of = |scope: Scope<'_>, look: &Look<'_>| {
            let named = |check: &&Prepared| scope.named(&check.name) == report.name;
            self.checks.iter().find(named)?.account(look, self.levels, (scope, report))
        };
        match &report.slice {
            None => of(Scope::All, look),
            Some(label) => {
                let number = self.slices.number(&label.column)?;
                let evidence = look.evidence.of_slice(&label.column, &label.value);
                of(Scope::Slice { number, label }, &look.on(&evidence))
            }
        }
    }
}

impl Prepared {
    /// None by slice for a check that is not judged so.
    fn account(
        &self,
        look: &Look<'_>,
        levels: Levels,
        (scope, report): (Scope<'_>, &CheckReport),
    ) -> Option<Account> {
        let bars = self.bars(look, levels, scope)?;
        let told = match &self.test {
            Test::TwoOutcome(test) => test.told(look, (&self.rules, &bars), report.verdict),
            Test::Latency(test) => test.told(look, (&self.rules, &bars), report),
            Test::Kpi(test) => test.told(look, (&self.rules, &bars), report.verdict),
            Test::Drift(test) => test.told(),
        };
        let most = report.fail_log_e_max.unwrap_or(f64::NEG_INFINITY);
        let account = Account {
            check: report.name.clone(),
            bad: told.bad,
            gates: self.gates(look, &bars),
            confidence: told.confidence,
            budget: Budget::at(
                levels.fail.get(),
                self.weight(scope)?.get(),
                (most, bars.fail_at()),
            ),
            outlook: told.outlook,
            pace: None,
            notes: told.notes,
            words: Vec::new(),
        };
        Some(account.in_words(report))
    }

    /// Gate by gate, the canary first.
    fn gates(&self, look: &Look<'_>, bars: &Bars) -> Vec<GateAccount> {
        let gates = (0..=look.gate.0).map(GateIndex).filter(|gate| self.rules.apply_in(*gate));
        gates.filter_map(|gate| self.under(look, (gate, bars))).collect()
    }

    /// None where nothing was counted.
    fn under(&self, look: &Look<'_>, (gate, bars): (GateIndex, &Bars)) -> Option<GateAccount> {
        let share = look.shares.get(usize::from(gate.0))?.probability();
        let Shown { counts, candidate, incumbent } = match &self.test {
            Test::TwoOutcome(test) => test.counted_in(look, gate),
            Test::Latency(test) => test.counted_in(look, gate),
            Test::Kpi(test) => test.counted_in(look, (&self.rules, bars), gate),
            Test::Drift(test) => test.counted_in(look, gate),
        };
        let anything = counts.candidate_total > 0 || counts.incumbent_total > 0;
        anything.then_some(GateAccount { gate, share, counts, candidate, incumbent })
    }
}

/// The fewest bad ones of the next units for which `changes(bad, of)`, a monotone function of them, is
/// true; over the shortest horizon where all of them would do.
fn fewest(changes: impl Fn(u64, u64) -> bool) -> Option<Next> {
    let of = HORIZONS.into_iter().find(|of| changes(*of, *of))?;
    let (mut below, mut bad) = (0, of);
    while below < bad {
        let middle = below + (bad - below) / 2;
        if changes(middle, of) {
            bad = middle;
        } else {
            below = middle + 1;
        }
    }
    Some(Next { bad, of })
}

/// The same answers for every kind of test, from how it judges its counts with more units: `fails`
/// and `passes` take how many of how many are bad.
fn outlook(
    verdict: CheckVerdict,
    fails: impl Fn(u64, u64) -> bool,
    passes: impl Fn(u64, u64) -> bool,
    healthy_after: impl FnOnce() -> Option<u64>,
) -> Outlook {
    match verdict {
        CheckVerdict::Fail | CheckVerdict::Error => Outlook::default(),
        CheckVerdict::Pass => Outlook {
            healthy_after: None,
            fails_at: fewest(fails),
            unhealthy_at: fewest(|bad, of| !passes(bad, of)),
        },
        CheckVerdict::Inconclusive => {
            Outlook { healthy_after: healthy_after(), fails_at: fewest(fails), unhealthy_at: None }
        }
    }
}

/// So many incumbent units come with so many of the candidate's.
#[expect(clippy::cast_possible_truncation, reason = "units of a horizon over a share")]
#[expect(clippy::cast_sign_loss, reason = "a share is between nothing and all")]
fn beside(candidate: u64, pi: f64) -> u64 {
    (super::reading::float(candidate) * (1.0 - pi) / pi).round() as u64
}

/// A part of a count, rounded.
#[expect(clippy::cast_possible_truncation, reason = "a part of a count")]
#[expect(clippy::cast_sign_loss, reason = "counts are positive")]
fn part(whole: u64, rate: f64) -> u64 {
    (super::reading::float(whole) * rate).round() as u64
}

impl Bars {
    fn fires(&self, log_e: f64) -> bool {
        self.verdict(super::reading::LogE { fail: log_e, pass: f64::NEG_INFINITY })
            == CheckVerdict::Fail
    }
}
