//! The driver's looks at one endpoint: `domain::looks` by this process's clock, and whether the
//! reference is frozen.

#[cfg(test)]
pub(super) mod tests;

use crate::clock;
use seatrial_domain::evidence::Evidence;
use seatrial_domain::looks::Looks;
pub(super) use seatrial_domain::looks::{Call, Subject};
use seatrial_domain::rollout::Rollout;
use seatrial_domain::verdict::Verdict;
use seatrial_domain::{Digest, Epoch, RolloutId, grounds, judge};
use std::time::{Duration, Instant};

/// How long a window waits for a store that has refused it. Windows are an hour long.
pub(super) const WINDOW_RETRY: Duration = Duration::from_secs(60);

/// One rollout's looks. Begins anew with each rollout and each route.
#[derive(Debug)]
pub(super) struct Look {
    origin: Instant,
    looks: Looks,
    /// The rollout whose reference is known to be frozen.
    frozen: Option<RolloutId>,
    /// What the last verdict was computed on.
    saw: Option<Saw>,
    /// When the store last refused the start of a window.
    refused: Option<Duration>,
    /// Which judge the rollout's is, once somebody has asked.
    fingerprint: Option<(RolloutId, Digest)>,
}

#[derive(Debug)]
struct Saw {
    verdict: Verdict,
    of: Subject,
    evidence: Evidence,
    /// Since the acknowledgement of the routing table.
    under_way: Duration,
}

impl Default for Look {
    fn default() -> Self {
        let (origin, looks) = (clock::monotonic(), Looks::default());
        Self { origin, looks, frozen: None, saw: None, refused: None, fingerprint: None }
    }
}

impl Look {
    fn now(&self) -> Duration {
        clock::monotonic().duration_since(self.origin)
    }

    /// Whether another look is needed.
    pub(super) fn due(&self, rollout: &Rollout, is_taken: impl FnOnce(&Verdict) -> bool) -> Call {
        self.looks.due(rollout, self.now(), is_taken)
    }

    /// The verdict on `evidence`, judged anew where it is due and has grown enough to matter.
    pub(super) fn at(
        &mut self,
        rollout: &Rollout,
        subject: Subject,
        evidence: &Evidence,
        due: Call,
    ) -> Verdict {
        let now = self.now();
        let verdict = self.looks.at(rollout, subject, evidence, (due, now));
        if self.looks.judged_at(rollout.epoch) == Some(now) {
            let (verdict, evidence) = (verdict.clone(), subject.part_of(evidence));
            let under_way = rollout.under_way(clock::now());
            self.saw = Some(Saw { verdict, of: subject, evidence, under_way });
        }
        verdict
    }

    /// What this verdict was computed on, if it is the last one that was; none for a plan that makes
    /// no tests.
    pub(super) fn saw(&mut self, rollout: &Rollout, verdict: &Verdict) -> Option<grounds::Look> {
        let saw = self.saw.as_ref().filter(|saw| saw.verdict == *verdict)?;
        let judge = match self.fingerprint.take() {
            Some((id, judge)) if id == rollout.id => judge,
            Some(_) | None => judge::fingerprint(&rollout.plan).ok()?,
        };
        self.fingerprint = Some((rollout.id, judge.clone()));
        Some(grounds::Look {
            judge,
            of: saw.of,
            under_way_ms: u64::try_from(saw.under_way.as_millis()).ok(),
            evidence: saw.evidence.clone(),
        })
    }

    /// The verdict where the evidence can't be read.
    pub(super) fn blind(&mut self, rollout: &Rollout, why: String) -> Verdict {
        let now = self.now();
        self.looks.blind(rollout, why, now)
    }

    /// The verdict of the last look under this routing table.
    pub(super) fn last(&self, epoch: Epoch) -> Option<&Verdict> {
        self.looks.last(epoch)
    }

    /// Whether a window's start may be stored: a store that takes nothing makes each try wait, and people
    /// would wait for it.
    pub(super) fn may_begin_window(&self) -> bool {
        self.refused.is_none_or(|at| self.now().saturating_sub(at) >= WINDOW_RETRY)
    }

    /// The store has refused a window's start.
    pub(super) fn window_refused(&mut self) {
        self.refused = Some(self.now());
    }

    /// Whether the rollout's reference is not known to be frozen.
    pub(super) fn freezes(&self, id: RolloutId) -> bool {
        self.frozen != Some(id)
    }

    /// The rollout's reference is frozen.
    pub(super) const fn froze(&mut self, id: RolloutId) {
        self.frozen = Some(id);
    }
}
