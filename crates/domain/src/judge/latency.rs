//! Latency, with a limit, relative to the incumbent, or both.
//!
//! Owns which of the three a rule is, and the reference: without a limit the scores are ranks in the
//! incumbent's latencies during the shadow, as they are frozen before the canary's first look. Its tables are kept after the first look; they
//! are a function of the reference, so keeping them changes no verdict.

mod arms;

use super::distinct::Rules;
use super::late::Since;
use super::look::Look;
use super::prepared::Given;
use super::reading::{Finding, Here, LogE, float};
use super::seen::{Missing, Seen};
use super::tells::Tells;
use crate::evidence::Outcomes;
use crate::mix::By;
use crate::verdict::CheckVerdict;
use seatrial_analysis::latency::{self, Edges, Error, Limit, QuantileRatio, Slower};
use seatrial_analysis::{ArmHistogram, Pi, Stratum, counts, units_needed};
use std::borrow::Cow;
use std::sync::OnceLock;

/// Both arms' answers of one stratum, as they were counted.
pub(super) type Answers<'a> = Cow<'a, ArmHistogram>;

#[derive(Debug)]
pub(super) struct Latency {
    pub(super) edges: Edges,
    pub(super) quantile: f64,
    bound: Bound,
    /// The answers of a stratum without any.
    nothing: ArmHistogram,
}

#[derive(Debug)]
enum Bound {
    /// With or without a ratio: neither needs the reference.
    Limit {
        check: latency::Check,
        micros: u64,
    },
    Relative {
        ratio: QuantileRatio,
        shares: Vec<Pi>,
        kept: OnceLock<Relative>,
    },
}

/// The test made from one reference.
#[derive(Debug, Clone)]
struct Relative {
    reference: Vec<u64>,
    check: latency::Check,
}

impl Latency {
    /// None with neither a limit nor a ratio. Errors: a quantile, limit or ratio out of range.
    pub(super) fn new(
        quantile: f64,
        limit_ms: Option<u64>,
        ratio: Option<f64>,
        shares: &[Pi],
    ) -> Result<Option<Self>, Error> {
        let edges = Edges::default();
        let ratio = ratio.map(|ratio| QuantileRatio::new(&edges, quantile, ratio)).transpose()?;
        let bound = match (limit_ms.map(|limit| limit.saturating_mul(1_000)), ratio) {
            (Some(micros), ratio) => {
                let limit = Limit::new(&edges, micros, quantile)?;
                Bound::Limit { check: limited(limit, ratio).prepared_for(shares), micros }
            }
            (None, Some(ratio)) => {
                Bound::Relative { ratio, shares: shares.to_vec(), kept: OnceLock::new() }
            }
            (None, None) => return Ok(None),
        };
        let nothing = ArmHistogram::empty(edges.buckets());
        Ok(Some(Self { edges, quantile, bound, nothing }))
    }

    /// The edges that answers are compared with, microseconds; none: every one.
    pub(super) fn edges(&self) -> Option<Vec<u64>> {
        match &self.bound {
            Bound::Limit { check, .. } => {
                let micros = |edge| self.edges.micros(edge);
                Some(check.edges()?.into_iter().filter_map(micros).collect())
            }
            Bound::Relative { .. } => None,
        }
    }

    /// Errors: [`Error::EmptyReference`], and counts on other edges than the standard ones.
    pub(super) fn judge(
        &self,
        look: &Look<'_>,
        Given { rules, bars, since }: Given<'_>,
    ) -> Result<Finding, Error> {
        let reference = &look.evidence.shadow.incumbent_latency;
        let check = self.check(reference)?;
        let samples = look.samples(rules, |seen| self.histogram(seen));
        let here = samples.here();
        let together = self.together((look, rules), here);
        let missing = look.here(rules, Seen::missing);
        let settled = settled(&together, &missing);
        let passing = check.passing(&settled)?;
        let log_e = LogE { fail: fail_log_e(&check, &samples.all, since)?, pass: passing.log_e() };
        let verdict = bars.verdict(log_e);
        if look.tells == Tells::Decision {
            return Ok(Finding::bare(verdict, log_e));
        }
        let units_needed = match verdict {
            CheckVerdict::Inconclusive => {
                // Mostly all is settled, and summed already.
                let alpha = bars.pass();
                let needed = if missing.iter().all(|units| units.counts.is_none()) {
                    units_needed::latency(&passing, alpha)
                } else {
                    units_needed::latency(&check.passing(&together)?, alpha)
                };
                // Once these are answered it may be settled.
                let awaited =
                    missing.iter().map(|stratum| stratum.counts.unanswered.candidate).sum();
                needed.map(|units| units.max(awaited))
            }
            CheckVerdict::Fail | CheckVerdict::Pass | CheckVerdict::Error => None,
        };
        let counted = self.by_stratum(here, reference);
        let by = By::told(verdict);
        let shown = match by {
            By::Candidate => {
                self.shown(&samples.all, (&self.by_stratum(&samples.all, reference), by))
            }
            By::Incumbent => self.shown(here, (&counted, by)),
        };
        let here = Here::Outcomes(counted);
        Ok(Finding { verdict, log_e, shown, here, units_needed, described: None })
    }

    /// None where the test itself can't be made. Errors: starts on other edges than the standard ones.
    pub(super) fn since(
        &self,
        look: &Look<'_>,
        rules: &Rules,
    ) -> Result<Option<latency::Since>, counts::Error> {
        let Ok(check) = self.check(&look.evidence.shadow.incumbent_latency) else {
            return Ok(None);
        };
        let at_start = |outcomes: &Outcomes| {
            Some(outcomes.frozen.as_ref()?.latency.histogram(self.edges.buckets()))
        };
        check.since(&look.starts(|gate| rules.apply_in(gate), at_start)).map(Some)
    }

    pub(super) fn check(&self, reference: &[u64]) -> Result<Cow<'_, latency::Check>, Error> {
        let (ratio, shares, kept) = match &self.bound {
            Bound::Limit { check, .. } => return Ok(Cow::Borrowed(check)),
            Bound::Relative { ratio, shares, kept } => (ratio, shares, kept),
        };
        if let Some(kept) = kept.get().filter(|kept| kept.reference == reference) {
            return Ok(Cow::Borrowed(&kept.check));
        }
        if reference.is_empty() {
            return Err(Error::EmptyReference);
        }
        let slower = Slower::new(&self.edges, reference)?.prepared_for(shares);
        let check = latency::Check::Ratio(slower, ratio.clone());
        kept.get_or_init(|| Relative { reference: reference.to_vec(), check: check.clone() });
        Ok(Cow::Owned(check))
    }

    /// The stratum's answers.
    pub(super) fn histogram<'a>(&self, seen: Seen<'a>) -> Answers<'a> {
        seen.latency(self.edges.buckets())
    }

    /// The present gate's answers as they were counted, with nothing in each stratum that may come and
    /// has not. None where the check does not apply.
    pub(super) fn together<'a>(
        &'a self,
        (look, rules): (&Look<'_>, &Rules),
        here: &'a [Stratum<Answers<'_>>],
    ) -> Vec<Stratum<Answers<'a>>> {
        let of = |pi, answers| Stratum { pi, counts: Cow::Borrowed(answers) };
        let come = here.iter().map(|stratum| of(stratum.pi, &*stratum.counts));
        let yet_to_come = look.yet_to_come().filter(|_| rules.apply_in(look.gate));
        come.chain(yet_to_come.map(|(_, pi)| of(pi, &self.nothing))).collect()
    }

    /// How many buckets are not too slow.
    pub(super) fn within(&self, reference: &[u64]) -> usize {
        match &self.bound {
            Bound::Limit { micros, .. } => {
                self.edges.thresholds().partition_point(|edge| edge <= micros)
            }
            Bound::Relative { .. } => self.bucket_of(reference).map_or(0, |bucket| bucket + 1),
        }
    }

    pub(super) fn buckets(&self) -> usize {
        self.edges.buckets()
    }

    /// The limit as it is written; none without one.
    pub(super) fn limit_ms(&self) -> Option<f64> {
        match &self.bound {
            Bound::Limit { micros, .. } => Some(float(*micros) / 1_000.0),
            Bound::Relative { .. } => None,
        }
    }

    /// What an answer is that is too slow, in words.
    pub(super) fn too_slow(&self, reference: &[u64]) -> String {
        match self.limit_ms().or_else(|| self.reference_ms(reference)) {
            Some(limit) => format!("over {limit} ms"),
            None => "too slow".to_owned(),
        }
    }

    /// The bucket that holds the quantile of so many answers, from how many are in each and those before.
    fn bucket_at(&self, mut up_to: impl Iterator<Item = f64>, total: f64) -> Option<usize> {
        let rank = self.quantile * total;
        up_to.position(|below| below > 0.0 && below >= rank)
    }

    /// The quantile's bucket as its upper edge; for the unbounded bucket, the last edge.
    fn quantile_ms(&self, up_to: impl Iterator<Item = f64>, total: f64) -> Option<f64> {
        let thresholds = self.edges.thresholds();
        let bucket = self.bucket_at(up_to, total)?;
        thresholds.get(bucket).or(thresholds.last()).map(|micros| float(*micros) / 1_000.0)
    }

    fn bucket_of(&self, reference: &[u64]) -> Option<usize> {
        self.bucket_at(up_to_each(reference), float(reference.iter().sum()))
    }

    fn reference_ms(&self, reference: &[u64]) -> Option<f64> {
        self.quantile_ms(up_to_each(reference), float(reference.iter().sum()))
    }
}

/// How many answers are in each bucket and those before it.
fn up_to_each(arm: &[u64]) -> impl Iterator<Item = f64> {
    let add = |below: &mut u64, count: &u64| {
        *below += count;
        Some(float(*below))
    };
    arm.iter().scan(0, add)
}

/// The same [`Latency::together`] with each unit that has no answer yet, or lost it with its process, at the
/// worst for its arm: slower than any on the candidate, faster than any on the incumbent.
pub(super) fn settled<'a>(
    together: &[Stratum<Answers<'a>>],
    missing: &[Stratum<Missing>],
) -> Vec<Stratum<Answers<'a>>> {
    let mut settled = together.to_vec();
    for (Stratum { counts, .. }, Stratum { counts: missing, .. }) in
        settled.iter_mut().zip(missing).filter(|(_, missing)| !missing.counts.is_none())
    {
        let Missing { unanswered, lost } = *missing;
        let arms = counts.to_mut();
        // The candidate's lost ones are the slowest already.
        if let Some(slowest) = arms.candidate.last_mut() {
            *slowest = slowest.saturating_add(unanswered.candidate);
        }
        if let Some(slowest) = arms.incumbent.last_mut() {
            *slowest = slowest.saturating_sub(lost.incumbent);
        }
        if let Some(fastest) = arms.incumbent.first_mut() {
            *fastest = fastest.saturating_add(unanswered.incumbent + lost.incumbent);
        }
    }
    settled
}

/// Against the candidate, over all gates.
pub(super) fn fail_log_e(
    check: &latency::Check,
    all: &[Stratum<Answers<'_>>],
    since: Option<&Since>,
) -> Result<f64, counts::Error> {
    match since.and_then(Since::latency) {
        Some(since) => check.rollback_log_e_since(all, since),
        None => check.rollback_log_e(all),
    }
}

fn limited(limit: Limit, ratio: Option<QuantileRatio>) -> latency::Check {
    match ratio {
        Some(ratio) => latency::Check::LimitedRatio(limit, ratio),
        None => latency::Check::Limited(limit),
    }
}
