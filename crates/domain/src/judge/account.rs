//! What `explain` asks of a gate's checks beyond their verdicts. Costs many evaluations, so no look
//! makes it.
//!
//! Owns the question "what would change it?" and how it is answered: the check's own e-values on its
//! counts and more units, never a rule of thumb.

mod drift;
mod kpi;
mod latency;
mod quantiles;
mod two_outcome;

use super::prepared::{Given, Prepared, Scope, Test};
use super::reading::{Bars, Shown};
use super::{Judge, Levels, Look};
use crate::evidence::{ArmCount, Evidence, GateIndex};
use crate::looks::Subject;
use crate::mix::{self, By};
use crate::verdict::{
    Account, Budget, CheckReport, CheckVerdict, Confidence, Counted, Counts, GateAccount, Next,
    Outlook, Pace,
};
use std::time::Duration;

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
    /// reports; of the shadow's, of those that are tests. How fast units come is told where it is known
    /// how long ago the present routing table was acknowledged.
    pub fn accounts(
        &self,
        subject: Subject,
        evidence: &Evidence,
        under_way: Option<Duration>,
    ) -> Vec<Account> {
        match subject {
            Subject::Shadow => self.shadow.accounts(&evidence.shadow, under_way),
            Subject::Gate(gate) => {
                let begun = self.begun(evidence, gate);
                let look = self.all_units(evidence, gate, &begun);
                let reports = self.gate(evidence, gate).checks;
                let counted = under_way.map(|span| span.saturating_sub(self.settling));
                let account = |report| self.account(&look, report, counted);
                reports.iter().filter_map(account).collect()
            }
        }
    }

    /// The account of one report, of units that could count for so long; none of what is no test's.
    fn account(
        &self,
        look: &Look<'_>,
        report: &CheckReport,
        counted: Option<Duration>,
    ) -> Option<Account> {
        let of = |scope: Scope<'_>, look: &Look<'_>| {
            let named = |check: &&Prepared| scope.named(&check.name) == report.name;
            let check = self.checks.iter().find(named)?;
            let account = check.account(look, self.levels, (scope, report))?;
            let pace = counted.and_then(|span| check.pace(&account, (look.gate, span), report));
            Some(Account { pace, ..account }.in_words(report))
        };
        match &report.slice {
            None => of(Scope::All, look),
            Some(label) => {
                let number = self.slices.number(&label.column)?;
                of(Scope::Slice { number, label }, &look.of_slice(label))
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
        let bars = self.bars(look, levels, (scope, &report.name))?;
        // A start that can't be used makes the check's report an error, which tells no more.
        let since = look.begun.of(&report.name).ok().flatten();
        let given = Given { rules: &self.rules, bars: &bars, since };
        let told = match &self.test {
            Test::TwoOutcome(test) => test.told(look, given, report.verdict),
            Test::Latency(test) => test.told(look, given, report),
            Test::Kpi(test) => test.told(look, given, report.verdict),
            Test::Drift(test) => test.told(),
        };
        let most = report.fail_log_e_max.unwrap_or(f64::NEG_INFINITY);
        Some(Account {
            check: report.name.clone(),
            of: Counted::Units,
            bad: told.bad,
            gates: self.gates(look, &bars),
            confidence: told.confidence,
            answers: match &self.test {
                Test::Drift(test) => test.parts(look, given, report.verdict),
                Test::TwoOutcome(_) | Test::Latency(_) | Test::Kpi(_) => None,
            },
            budget: Budget::at(
                levels.fail.get(),
                self.weight(scope)?.get(),
                (most, bars.fail_at()),
            ),
            outlook: told.outlook,
            pace: None,
            notes: told.notes.into_iter().chain(self.late(look)).collect(),
            words: Vec::new(),
        })
    }

    /// How fast its units came under `gate`, in the time that they could count.
    fn pace(
        &self,
        account: &Account,
        (gate, counted): (GateIndex, Duration),
        report: &CheckReport,
    ) -> Option<Pace> {
        let here = account.gates.iter().find(|of| of.gate == gate)?;
        let late_by = self.rules.latest(gate).late_by();
        Pace::of(here.counts.candidate_total, counted, late_by, report.units_needed)
    }

    /// The labels that came after their unit had been counted, if there are any.
    fn late(&self, look: &Look<'_>) -> Option<String> {
        let metric = self.rules.latest(look.gate).labels()?.metric;
        let mut late = ArmCount::default();
        let gates = look.evidence.gates.values();
        gates.filter_map(|counts| counts.late.get(metric)).for_each(|of| late.merge(*of));
        (late.total() > 0).then(|| {
            let ArmCount { candidate, incumbent } = late;
            format!("labels that came after their unit was counted: {candidate} vs {incumbent}")
        })
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

/// Beyond so many the answer is "never".
const MOST: u64 = 1 << 40;

/// The smallest count for which a monotone function of it is true.
pub(super) fn after(holds: impl Fn(u64) -> bool) -> Option<u64> {
    let (mut below, mut count) = (0, 1);
    if holds(0) {
        return Some(0);
    }
    while !holds(count) {
        if count >= MOST {
            return None;
        }
        (below, count) = (count, 2 * count);
    }
    while count - below > 1 {
        let middle = below + (count - below) / 2;
        if holds(middle) { count = middle } else { below = middle }
    }
    Some(count)
}

/// The same answers for every kind of test, from how it judges its counts with more units: `fails`
/// and `passes` take how many of how many are bad.
pub(super) fn outlook(
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

/// Why rates are not those of the sums, where more than one stratum is told.
fn weighed(strata: &[Counts], by: By) -> Option<String> {
    let parts = mix::parts(strata, by)?;
    let why = match by {
        By::Candidate => {
            "shares and histories differ: the incumbent is told for as many units in each as the candidate \
             has there"
        }
        By::Incumbent => {
            "histories differ: the candidate is told for as many units in each as the incumbent has there, \
             who are a fair sample of everybody"
        }
    };
    (parts.iter().filter(|part| **part > 0.0).count() > 1).then(|| why.to_owned())
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
pub(super) fn part(whole: u64, rate: f64) -> u64 {
    (super::reading::float(whole) * rate).round() as u64
}

impl Bars {
    fn fires(&self, log_e: f64) -> bool {
        self.verdict(super::reading::LogE { fail: log_e, pass: f64::NEG_INFINITY })
            == CheckVerdict::Fail
    }
}
