//! Which of a pair did better, where the plan compares more than what they say.
//!
//! Owns two one-sided tests of a direction, each of pairs in which one of the two did better: the
//! candidate is the slower no more often than the faster (the sign test), and it is the only one that is
//! right no less often than the incumbent is (McNemar's). Both are e-processes, so looking often makes no
//! fail. They warn, unless the plan enforces them; either way no pass waits for them, since "no worse"
//! is nothing that they prove.

use super::comparison::blank;
use crate::evidence::ShadowCounts;
use crate::judge::reading::rate;
use crate::plan::{Effect, Plan};
use crate::verdict::{CheckReport, CheckVerdict, Counts, Enforced, Holds};
use seatrial_analysis::Alpha;
use seatrial_analysis::pairs::{less_right_log_e, sign_log_e};

/// The report on latency, by which it is found among others.
pub(super) const LATENCY: &str = "paired latency";
/// The report on labels.
const LABELS: &str = "paired labels";

/// What the plan asks of pairs.
#[derive(Debug)]
pub(super) struct Paired {
    latency: Effect,
    /// Where it asks for labels.
    labels: Option<Effect>,
    pub(super) alpha: Alpha,
}

/// Pairs that are told apart, and what they prove against the candidate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Direction {
    pub(super) worse: u64,
    pub(super) better: u64,
}

impl Direction {
    /// Log e-value against "the candidate is the worse of a pair no more often than the better".
    pub(super) fn log_e(self) -> f64 {
        sign_log_e(self.worse, self.better)
    }
}

impl Paired {
    pub(super) fn new(plan: &Plan, alpha: Alpha) -> Self {
        let labels = plan.shadow.labels.as_ref().map(|labels| labels.effect);
        Self { latency: plan.shadow.latency, labels, alpha }
    }

    /// A report for each that has anything to tell: where pairs were told apart at all, and where the
    /// plan asks for labels.
    pub(super) fn reports(&self, counts: &ShadowCounts) -> Vec<CheckReport> {
        let latency = counts.paired_latency;
        let latency = (!latency.is_empty() || !self.latency.only_warns()).then(|| {
            let of = Direction { worse: latency.slower, better: latency.faster };
            let told = format!("slower no more often than faster; {} alike", latency.alike);
            self.report((LATENCY, "slower"), self.latency, (of, of.log_e(), told))
        });
        let labels = self.labels.map(|effect| {
            let labelled = counts.labelled;
            let of = Direction { worse: labelled.incumbent_only, better: labelled.candidate_only };
            let told = format!(
                "wrong alone no more often than right alone; {} of {} alike",
                labelled.both + labelled.neither,
                labelled.pairs()
            );
            let log_e = less_right_log_e(&labelled.discordance());
            self.report((LABELS, "wrong alone"), effect, (of, log_e, told))
        });
        latency.into_iter().chain(labels).collect()
    }

    fn report(
        &self,
        (name, metric): (&str, &str),
        effect: Effect,
        (of, log_e, limit): (Direction, f64, String),
    ) -> CheckReport {
        let Direction { worse, better } = of;
        let enforced = match effect {
            Effect::Warns => Enforced::DryRun,
            Effect::Enforces => Enforced::Yes,
        };
        let failed = self.alpha.rejects(log_e);
        CheckReport {
            verdict: if failed { CheckVerdict::Fail } else { CheckVerdict::Inconclusive },
            candidate: rate(worse, worse + better),
            limit,
            counts: Counts {
                candidate_bad: worse,
                candidate_total: worse + better,
                ..Counts::default()
            },
            fail_log_e: log_e.is_finite().then_some(log_e),
            fail_at: Some(self.alpha.log_threshold()),
            holds: Holds::Nothing,
            ..blank(name.to_owned(), enforced, metric)
        }
    }
}
