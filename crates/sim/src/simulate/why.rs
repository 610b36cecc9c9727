//! What a stage is called, and why an event ended or paused a rollout.

use super::ended::Cause;
use seatrial_domain::rollout::{Event, Pause, Stage};
use seatrial_domain::verdict::{Decision, SampleRatio};

/// A stage's name, with the ramp's step from 1, as `policy plan` calls it.
pub(super) fn label(stage: Stage) -> String {
    match stage {
        Stage::Ramp { step } => format!("ramp({})", step + 1),
        Stage::Queued
        | Stage::Staging
        | Stage::Validating { .. }
        | Stage::Shadow
        | Stage::Canary
        | Stage::Cutover
        | Stage::Stabilizing
        | Stage::Decommissioning
        | Stage::RollingBack { .. }
        | Stage::Completed
        | Stage::Rejected
        | Stage::RolledBack
        | Stage::Aborted
        | Stage::Superseded => stage.name().as_str().to_owned(),
    }
}

/// Why an event ended or paused a rollout.
pub(super) fn cause(event: &Event, paused: Option<Pause>) -> Cause {
    if let Event::GuardrailTripped(trip) = event {
        return Cause::Guardrail(trip.guardrail.clone());
    }
    if let Event::Judged { verdict, .. } = event {
        return match (&verdict.decision, verdict.sample_ratio) {
            (Decision::Fail { check }, _) => Cause::Check(check.clone()),
            (_, SampleRatio::Mismatch) => Cause::SampleRatio,
            (Decision::Error { .. } | Decision::Pass | Decision::Inconclusive, _) => {
                Cause::Other(event.name())
            }
        };
    }
    match (event, paused) {
        (Event::Tick, Some(Pause::Deadline) | None) => Cause::Deadline,
        (_, _) => Cause::Other(event.name()),
    }
}
