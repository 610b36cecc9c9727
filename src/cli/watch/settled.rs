//! When a followed rollout is settled, and the exit status that says how.

use crate::cli::Exit;
use seatrial_domain::rollout::{Pause, Rollout, StageName};

/// The exit status, once it ended or needs a person; none while it goes on by itself.
pub(super) fn settled(rollout: &Rollout, until: Option<StageName>) -> Option<Exit> {
    let stage = rollout.stage.name();
    if let Some(exit) = ended(stage) {
        return Some(exit);
    }
    if until.is_some_and(|until| stage >= until && stage < StageName::RollingBack) {
        return Some(Exit::Success);
    }
    if rollout.awaiting.is_some() {
        return Some(Exit::AwaitingApproval);
    }
    rollout.paused.map(needs_a_person)
}

const fn ended(stage: StageName) -> Option<Exit> {
    match stage {
        StageName::Completed => Some(Exit::Success),
        // In both the gate worked: the candidate is not good enough, and clients are safe.
        StageName::RolledBack | StageName::Rejected => Some(Exit::RolledBack),
        StageName::Aborted => Some(Exit::Aborted),
        StageName::Superseded => Some(Exit::Conflict),
        StageName::Queued
        | StageName::Staging
        | StageName::Validating
        | StageName::Shadow
        | StageName::Canary
        | StageName::Ramp
        | StageName::Cutover
        | StageName::Stabilizing
        | StageName::Decommissioning
        | StageName::RollingBack => None,
    }
}

const fn needs_a_person(pause: Pause) -> Exit {
    match pause {
        Pause::Divergence => Exit::AwaitingApproval,
        // Also guardrails and missing providers pause so, and nobody may be there to resume.
        Pause::Operator
        | Pause::Incident
        | Pause::SampleRatio
        | Pause::Deadline
        | Pause::Fail
        | Pause::ApprovalExpired => Exit::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pause_waits_for_a_person_and_ends_a_wait() {
        let pauses = [
            Pause::Operator,
            Pause::Incident,
            Pause::SampleRatio,
            Pause::Deadline,
            Pause::Fail,
            Pause::ApprovalExpired,
        ];
        for pause in pauses {
            assert_eq!(needs_a_person(pause), Exit::Inconclusive, "{pause}");
        }
        assert_eq!(needs_a_person(Pause::Divergence), Exit::AwaitingApproval);
    }
}
