//! The verdict to act on, and the evidence it rests on.
//!
//! Owns what is read for a look and what is kept of it. A pass is offered only as it was read a moment
//! ago. Evidence that can't be read is a verdict of its own, so that deadlines go on.

#[cfg(test)]
mod tests;

use super::Driver;
use super::cell::State;
use super::look::{Call, Subject};
use super::offers::judged;
use crate::clock;
use crate::world::Observed;
use anyhow::Context as _;
use seatrial_domain::evidence::Evidence;
use seatrial_domain::plan::Awaited;
use seatrial_domain::rollout::Rollout;
use seatrial_domain::verdict::Verdict;
use seatrial_store::storage;
use seatrial_store::telemetry::Due;

impl Driver {
    /// The verdict to act on: a new one when a look is due.
    pub(super) async fn verdict(
        &self,
        state: &mut State,
        rollout: &Rollout,
        observed: &Observed,
    ) -> anyhow::Result<Option<Verdict>> {
        // Also before the table is in force: a fail acts at any time, and the rollout lets no pass.
        let Some(subject) = Subject::of(rollout) else { return Ok(None) };
        let is_taken = |verdict: &Verdict| {
            let event = judged(verdict.clone(), rollout, observed);
            rollout.on(&event, clock::now()).is_ok()
        };
        let due = state.look.due(rollout, is_taken);
        if due == Call::No {
            return Ok(state.look.last(rollout.epoch).cloned());
        }
        let mut evidence = match self.evidence(rollout).await {
            Ok(evidence) => evidence,
            Err(error @ storage::Error::Corrupt { .. }) => {
                return Ok(Some(state.look.blind(rollout, error.to_string())));
            }
            Err(error) => return Err(error).context("evidence"),
        };
        if let Subject::Gate(_) = subject {
            self.freeze(state, rollout, &evidence).await;
            self.begin_window(state, rollout, &mut evidence).await;
        }
        let verdict = state.look.at(rollout, subject, &evidence, due);
        self.keep_maxima(rollout, &evidence, &verdict).await;
        Ok(Some(verdict))
    }

    /// All that is known of a rollout's live traffic, and which of its labels are due.
    pub(super) async fn evidence(&self, rollout: &Rollout) -> Result<Evidence, storage::Error> {
        let mut evidence = self.store.evidence(rollout.id).await?;
        let due: Vec<Due> =
            rollout.plan.awaited().into_iter().map(|awaited| self.due(awaited)).collect();
        self.store.mature(rollout.id, &due, &mut evidence).await?;
        Ok(evidence)
    }

    /// Up to when units must have been assigned for their labels to be due.
    fn due(&self, awaited: Awaited<'_>) -> Due {
        Due {
            gate: awaited.gate,
            metric: awaited.metric.to_owned(),
            scale: awaited.scale,
            assigned_before: self.ago(awaited.span),
        }
    }

    /// Before the first look at live traffic, what latencies are compared with is settled: answers
    /// from the shadow that are flushed later change no score. A store that takes nothing takes no
    /// such answers either, and a fail must not wait for it (law 4): it is tried at the next look.
    async fn freeze(&self, state: &mut State, rollout: &Rollout, evidence: &Evidence) {
        let reference = &evidence.shadow.incumbent_latency;
        if reference.is_empty() || !state.look.freezes(rollout.id) {
            return;
        }
        match self.store.freeze_reference(rollout.id, reference).await {
            Ok(()) => state.look.froze(rollout.id),
            Err(error) => {
                tracing::warn!(rollout.id = %rollout.id, %error, "the reference is not frozen yet");
            }
        }
    }

    /// Begins the window of the late-fault test that it is time for. A start that the store does not
    /// take is no start, for this look either: a later one begins it, with what is counted then, and not
    /// soon, since people wait for each try.
    async fn begin_window(&self, state: &mut State, rollout: &Rollout, evidence: &mut Evidence) {
        if !state.look.may_begin_window() {
            return;
        }
        let before = evidence.starts.clone();
        let Some((window, start)) = evidence.begin_window(clock::now(), &rollout.plan.analysis)
        else {
            return;
        };
        if let Err(error) = self.store.begin_window(rollout.id, window, &start).await {
            tracing::warn!(rollout.id = %rollout.id, %error, "a window has not begun yet");
            evidence.starts = before;
            state.look.window_refused();
        }
    }

    /// What the store can't take now waits for no one: the verdict is acted on all the same.
    async fn keep_maxima(&self, rollout: &Rollout, evidence: &Evidence, verdict: &Verdict) {
        let mut raised = verdict.maxima();
        raised
            .retain(|name, log_e| evidence.maxima.get(name).is_none_or(|before| *log_e > *before));
        if raised.is_empty() {
            return;
        }
        if let Err(error) = self.store.raise_maxima(rollout.id, &raised).await {
            tracing::warn!(rollout.id = %rollout.id, %error, "the largest evidence was not kept");
        }
    }
}
