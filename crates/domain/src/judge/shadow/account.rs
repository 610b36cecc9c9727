//! What `explain` tells of the shadow's tests: counts, where the truth lies, how far a fail is, and what
//! more pairs would change. The same e-functions that decide, on counts that are extended.

use super::Rules;
use super::comparison::{Against, Comparison};
use super::paired::{Directed, Direction, SLOWER};
use crate::evidence::{PairCount, ShadowCounts};
use crate::judge::account::{after, outlook};
use crate::verdict::{
    Account, Budget, CheckReport, CheckVerdict, Confidence, Counted, Outlook, Pace, Range,
};
use seatrial_analysis::Alpha;
use seatrial_analysis::confidence::{self, TUNED_UNITS};
use seatrial_analysis::pairs::Disagreement;
use std::time::Duration;

impl Rules {
    /// One for each report that has a test, with the pace of its pairs where it is known how long they
    /// have come.
    pub(in crate::judge) fn accounts(
        &self,
        counts: &ShadowCounts,
        under_way: Option<Duration>,
    ) -> Vec<Account> {
        let comparisons = self.comparisons(&self.overall(counts), counts);
        let compared = comparisons.iter().filter_map(|comparison| {
            let report = comparison.report(self.noise);
            Some((self.of_comparison(comparison, &report)?, report))
        });
        let paired = self.directions(counts).into_iter();
        let paired = paired.map(|it| (self.of_direction(&it), it.report));
        let told = |(account, report): (Account, CheckReport)| {
            let pairs = report.counts.candidate_total;
            let pace = under_way
                .and_then(|span| Pace::of(pairs, span, Duration::ZERO, report.units_needed));
            Account { pace, ..account }.in_words(&report)
        };
        compared.chain(paired).map(told).collect()
    }

    fn of_comparison(&self, comparison: &Comparison, report: &CheckReport) -> Option<Account> {
        let fail_at = report.fail_at?;
        let PairCount { pairs, disagree } = comparison.count.candidate;
        let against = comparison.against(self.noise);
        let with = |bad: u64, of: u64| {
            let mut all = comparison.count.candidate;
            all.merge(PairCount { pairs: of, disagree: bad });
            comparison.verdict(all, &against)
        };
        let fails = |bad, of| with(bad, of) == CheckVerdict::Fail;
        let passes = |bad, of| with(bad, of) == CheckVerdict::Pass;
        let healthy_after = || after(|more| passes(0, more));
        let mut changes = outlook(report.verdict, fails, passes, healthy_after);
        if report.verdict == CheckVerdict::Fail {
            // The limit is on what was seen: pairs that agree take a fail back.
            changes.healthy_after = after(|more| !fails(0, more));
        }
        let mut notes = vec![noise_of(comparison, &against)];
        let within = Disagreement::new(comparison.limit).ok();
        notes.extend(within.filter(|_| report.verdict == CheckVerdict::Pass).map(|test| {
            let log_e = test.within_log_e(disagree, pairs.saturating_sub(disagree));
            let e = log_e.exp();
            format!("a pass is what was seen; that no more than the limit disagree has e = {e:.1e}")
        }));
        let confidence = (pairs > 0).then(|| {
            let noise = comparison.count.noise;
            Confidence {
                level: 1.0 - self.parts.alpha.get(),
                difference: None,
                candidate: Some(range(disagree, pairs, self.parts.alpha)),
                incumbent: (noise.pairs > 0)
                    .then(|| range(noise.disagree, noise.pairs, self.parts.alpha)),
            }
        });
        let told = Told { bad: "in disagreement", confidence, outlook: changes, notes };
        Some(self.account(report, comparison.alpha, fail_at, told))
    }

    fn of_direction(&self, Directed { report, level }: &Directed) -> Account {
        let (worse, all) = (report.counts.candidate_bad, report.counts.candidate_total);
        let alpha = *level;
        let fails = |bad: u64, of: u64| {
            let more = Direction { worse: worse + bad, better: all - worse + (of - bad) };
            alpha.rejects(more.log_e())
        };
        let mut changes = outlook(report.verdict, fails, |_, _| false, || None);
        if report.verdict == CheckVerdict::Fail {
            changes.healthy_after = after(|more| !fails(0, more));
        }
        let confidence = (all > 0).then(|| Confidence {
            level: 1.0 - alpha.get(),
            difference: None,
            candidate: Some(range(worse, all, alpha)),
            incumbent: None,
        });
        let (bad, note) = if report.metric == SLOWER {
            let note = "of pairs that both answered beside the clients, one after the other, while the \
                        incumbent was idle; alike: in one bucket, or both within the checks' limit";
            ("slower", note)
        } else {
            let note = "of pairs of which only one was right; sound where labels come whatever was \
                        answered";
            ("wrong alone", note)
        };
        let fail_at = report.fail_at.unwrap_or_else(|| alpha.log_threshold());
        let told = Told { bad, confidence, outlook: changes, notes: vec![note.to_owned()] };
        self.account(report, alpha, fail_at, told)
    }

    /// `level` is the test's part of alpha.
    fn account(&self, report: &CheckReport, level: Alpha, fail_at: f64, told: Told) -> Account {
        let most = report.fail_log_e.unwrap_or(f64::NEG_INFINITY);
        let (alpha, weight) = (self.parts.alpha.get(), self.parts.weight(level));
        Account {
            check: report.name.clone(),
            of: Counted::Pairs,
            bad: told.bad.to_owned(),
            gates: Vec::new(),
            confidence: told.confidence,
            answers: None,
            budget: Budget::at(alpha, weight, (most, fail_at)),
            outlook: told.outlook,
            pace: None,
            notes: told.notes,
            words: Vec::new(),
        }
    }
}

struct Told {
    bad: &'static str,
    confidence: Option<Confidence>,
    outlook: Outlook,
    notes: Vec<String>,
}

fn range(with: u64, all: u64, alpha: Alpha) -> Range {
    let interval = confidence::rate(with, all, TUNED_UNITS, alpha);
    Range::new(interval.lower, interval.upper)
}

fn noise_of(comparison: &Comparison, against: &Against) -> String {
    let noise = comparison.count.noise;
    if noise.pairs == 0 {
        return "the incumbent was not asked twice: all disagreement counts".to_owned();
    }
    let used = match against.excused {
        Some(upper) => format!("at most {:.1} % of them is taken for noise", 100.0 * upper),
        None => "too few of them to excuse anything".to_owned(),
    };
    format!("the incumbent disagreed with itself in {} of {}: {used}", noise.disagree, noise.pairs)
}
