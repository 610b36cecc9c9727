//! Latency: what more slow answers would do, and which slowness does not count.

use super::super::look::Look;
use super::super::prepared::Given;
use super::super::reading::Shown;
use super::{Told, after, beside, outlook, part};
use crate::evidence::GateIndex;
use crate::judge::latency::{Answers, Latency, fail_log_e, settled};
use crate::judge::seen::Seen;
use crate::mix::{self, By};
use crate::verdict::{CheckReport, CheckVerdict, Confidence, Outlook, Range};
use seatrial_analysis::confidence::Interval;
use seatrial_analysis::{ArmHistogram, Pi, Stratum};
use std::borrow::Cow;

/// The answers of this gate that come next. A good one takes the incumbent's median here; a bad one
/// is just too slow.
struct Coming {
    pi: Pi,
    buckets: usize,
    median: usize,
    slow: usize,
    incumbent_slow: f64,
}

impl Latency {
    /// A test that could not be computed tells nothing of what would change it.
    pub(in crate::judge) fn told(
        &self,
        look: &Look<'_>,
        given: Given<'_>,
        report: &CheckReport,
    ) -> Told {
        Told {
            bad: self.too_slow(&look.evidence.shadow.incumbent_latency),
            confidence: self.confidence(look, given, report.verdict),
            outlook: self.outlook(look, given, report.verdict).unwrap_or_default(),
            notes: self
                .weighed(look, given, report)
                .into_iter()
                .chain(self.below_the_limit(report))
                .collect(),
        }
    }

    /// Why the quantiles are not those of all answers.
    fn weighed(&self, look: &Look<'_>, given: Given<'_>, report: &CheckReport) -> Option<String> {
        let samples = look.samples(given.rules, |seen| self.histogram(seen));
        let shown =
            if report.verdict == CheckVerdict::Fail { &samples.all } else { samples.here() };
        super::weighed(&self.by_stratum(shown, &[]), By::told(report.verdict))
    }

    pub(in crate::judge) fn counted_in(&self, look: &Look<'_>, gate: GateIndex) -> Shown {
        let strata = look.strata(|counted| counted == gate, |seen| self.histogram(seen));
        let counted = self.by_stratum(&strata, &look.evidence.shadow.incumbent_latency);
        self.shown(&strata, (&counted, By::Incumbent))
    }

    /// Of both arms' quantiles; none before both have answered.
    fn confidence(
        &self,
        look: &Look<'_>,
        Given { rules, bars, .. }: Given<'_>,
        verdict: CheckVerdict,
    ) -> Option<Confidence> {
        let samples = look.samples(rules, |seen| self.histogram(seen));
        let by = By::told(verdict);
        let shown = match by {
            By::Candidate => samples.all.as_slice(),
            By::Incumbent => samples.here(),
        };
        let alpha = bars.pass();
        let each = look.share_of_each((alpha, by), rules);
        let (candidate, incumbent) = self.quantiles((shown, by), (alpha, each))?;
        let range =
            |micros: Interval| Some(Range::new(micros.lower / 1_000.0, micros.upper / 1_000.0));
        let (candidate, incumbent) = (range(candidate), range(incumbent));
        Some(Confidence { level: 1.0 - alpha.get(), difference: None, candidate, incumbent })
    }

    fn outlook(
        &self,
        look: &Look<'_>,
        Given { rules, bars, since }: Given<'_>,
        verdict: CheckVerdict,
    ) -> Option<Outlook> {
        let reference = &look.evidence.shadow.incumbent_latency;
        let check = self.check(reference).ok()?;
        let samples = look.samples(rules, |seen| self.histogram(seen));
        let together = self.together((look, rules), samples.here());
        let settled = settled(&together, &look.here(rules, Seen::missing));
        let coming = self.coming(samples.here(), reference)?;
        let fails = |bad, of| {
            let more = with(&samples.all, coming.arms(bad, of));
            fail_log_e(&check, &more, since).is_ok_and(|log_e| bars.fires(log_e))
        };
        let healthy = |bad, of| {
            let more = with(&settled, coming.arms(bad, of));
            check.healthy_log_e(&more).unwrap_or(f64::NEG_INFINITY)
        };
        let passes = |bad, of| bars.pass().rejects(healthy(bad, of));
        let healthy_after = || after(|more| passes(0, more));
        Some(outlook(verdict, fails, passes, healthy_after))
    }

    /// None before the incumbent has answered under this gate.
    fn coming(&self, here: &[Stratum<Answers<'_>>], reference: &[u64]) -> Option<Coming> {
        let pi = here.first()?.pi;
        let counts = self.by_stratum(here, reference);
        let (_, incumbent_slow) = mix::rates(&counts, By::Candidate);
        let incumbent_slow = incumbent_slow?;
        let sum = self.side_by_side(here, &counts, By::Candidate).incumbent;
        let slow = self.within(reference).min(sum.len().saturating_sub(1));
        let total: f64 = sum.iter().sum();
        let mut below = 0.0;
        let median = sum.iter().position(|count| {
            below += count;
            below * 2.0 >= total
        })?;
        // A median that is too slow itself makes no good answer.
        let median = median.min(slow.saturating_sub(1));
        Some(Coming { pi, buckets: sum.len(), median, slow, incumbent_slow })
    }

    /// Why a candidate that is slower is not judged for it.
    fn below_the_limit(&self, report: &CheckReport) -> Option<String> {
        let limit = self.limit_ms()?;
        let (candidate, incumbent) = (report.candidate?, report.incumbent?);
        let slower = candidate > incumbent && candidate <= limit;
        let not_failed = report.verdict != CheckVerdict::Fail;
        (slower && not_failed).then(|| {
            format!(
                "the candidate is slower ({candidate} ms vs {incumbent} ms), and that does not count: \
                 both are within the limit of {limit} ms, and only answers over it are evidence"
            )
        })
    }
}

fn with<'a>(
    strata: &[Stratum<Answers<'a>>],
    more: Stratum<Answers<'a>>,
) -> Vec<Stratum<Answers<'a>>> {
    strata.iter().cloned().chain([more]).collect()
}

impl Coming {
    fn arms(&self, bad: u64, of: u64) -> Stratum<Answers<'static>> {
        let incumbent = beside(of, self.pi.get());
        let incumbent_bad = part(incumbent, self.incumbent_slow);
        let mut counts = ArmHistogram::empty(self.buckets);
        let arms = [
            (&mut counts.candidate, (bad, of)),
            (&mut counts.incumbent, (incumbent_bad, incumbent)),
        ];
        for (arm, (bad, of)) in arms {
            for (bucket, more) in [(self.slow, bad), (self.median, of.saturating_sub(bad))] {
                if let Some(count) = arm.get_mut(bucket) {
                    *count += more;
                }
            }
        }
        Stratum { pi: self.pi, counts: Cow::Owned(counts) }
    }
}
