//! The verdict to act on, and the evidence it rests on.
//!
//! Owns what is read for a look and what is kept of it. A pass is offered only as it was read a moment
//! ago. Evidence that can't be read is a verdict of its own, so that deadlines go on.

#[cfg(test)]
mod tests;

use super::Driver;
use super::cell::State;
use super::look::Subject;
use super::offers::judged;
use crate::clock;
use crate::world::Observed;
use anyhow::Context as _;
use seatrial_domain::Timestamp;
use seatrial_domain::evidence::{Evidence, GateIndex, Matured};
use seatrial_domain::plan::Rule;
use seatrial_domain::rollout::Rollout;
use seatrial_domain::verdict::Verdict;
use seatrial_store::storage;
use seatrial_store::telemetry::Due;
use std::collections::BTreeMap;
use std::time::Duration;

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
        if !state.look.is_due(rollout, is_taken) {
            return Ok(state.look.last(rollout.epoch).cloned());
        }
        let evidence = match self.evidence(rollout).await {
            Ok(evidence) => evidence,
            Err(error @ storage::Error::Corrupt { .. }) => {
                return Ok(Some(state.look.blind(rollout, error.to_string())));
            }
            Err(error) => return Err(error).context("evidence"),
        };
        if let Subject::Gate(_) = subject {
            self.freeze(state, rollout, &evidence).await;
        }
        let verdict = state.look.at(rollout, subject, &evidence);
        self.keep_maxima(rollout, &evidence, &verdict).await;
        Ok(Some(verdict))
    }

    /// All that is known of a rollout's live traffic, and which of its labels are due.
    pub(super) async fn evidence(&self, rollout: &Rollout) -> Result<Evidence, storage::Error> {
        let mut evidence = self.store.evidence(rollout.id).await?;
        let due = due(rollout, clock::now());
        let matured = self.store.matured(rollout.id, &due).await?;
        for (due, matured) in due.into_iter().zip(matured) {
            if matured != Matured::default() {
                let counts = evidence.gates.entry(due.gate).or_default();
                counts.matured.insert(due.metric, matured);
            }
        }
        Ok(evidence)
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

/// Up to when units must have been assigned for their labels to be due, by gate and metric.
fn due(rollout: &Rollout, now: Timestamp) -> Vec<Due> {
    let lists = rollout.plan.gates.iter().map(|gate| &gate.checks);
    let lists = (0..=u8::MAX).map(GateIndex).zip(lists.chain([&rollout.plan.stability.checks]));
    let mut late: BTreeMap<(GateIndex, &str), Duration> = BTreeMap::new();
    for (gate, check) in lists.flat_map(|(gate, checks)| checks.iter().map(move |it| (gate, it))) {
        match &check.rule {
            Rule::Feedback { metric, late_by, .. } => {
                let latest = late.entry((gate, metric.as_str())).or_default();
                *latest = (*latest).max(*late_by);
            }
            Rule::Errors { .. } | Rule::Latency { .. } => {}
        }
    }
    let due = |((gate, metric), late_by): ((GateIndex, &str), Duration)| Due {
        gate,
        metric: metric.to_owned(),
        assigned_before: before(now, late_by),
    };
    late.into_iter().map(due).collect()
}

/// The instant so long before `now`.
pub(super) fn before(now: Timestamp, span: Duration) -> Timestamp {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(micros))
}
