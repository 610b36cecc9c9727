//! What can happen to a rollout, and why it may be refused.

use super::overlay::Hold;
use super::stage::{Outcome, StageName};
use crate::plan::Plan;
use crate::telemetry::Trip;
use crate::verdict::Verdict;
use crate::{Epoch, RolloutId, Timestamp, VersionRef};

/// Something that happened, seen by the driver or ordered by a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    // A person's words.
    Pause {
        reason: String,
    },
    Resume,
    Approve {
        by: String,
    },
    Reject {
        reason: String,
    },
    Promote {
        reason: String,
    },
    Abort {
        reason: String,
    },
    RollBack {
        reason: String,
    },
    // Other rollouts of the endpoint.
    Supersede {
        by: RolloutId,
    },
    /// The endpoint is free. The plan is made anew: the incumbent may have changed meanwhile.
    Turn {
        epoch: Epoch,
        incumbent: Option<VersionRef>,
        plan: Box<Plan>,
    },
    /// Its turn came, and what came to pass while it waited forbids to start it.
    TurnedAway {
        outcome: Outcome,
        why: String,
    },
    // The world.
    /// Every gateway has this routing table in force.
    Acknowledged {
        epoch: Epoch,
    },
    /// The candidate is loaded, warm, and answers on its private listener.
    Staged,
    StagingFailed {
        why: String,
    },
    Validated {
        summary: String,
    },
    ValidationFailed {
        why: String,
        fault: Fault,
    },
    /// A look at the evidence, with the candidate's sessions that are ready.
    Judged {
        verdict: Box<Verdict>,
        capacity: u32,
    },
    GuardrailTripped(Box<Trip>),
    /// Something the rollout depends on is missing.
    Held {
        hold: Hold,
        /// What is missing, by name.
        why: String,
    },
    /// It is back.
    Released(Hold),
    /// The incumbent has no request left, or its drain timeout is over.
    Drained,
    /// The server is back. It was last seen alive at `alive_until`; the time since counts towards
    /// nothing.
    Restarted {
        alive_until: Timestamp,
    },
    /// Time passed: deadlines, expiries and windows are looked at.
    Tick,
}

/// Whose fault a failed validation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The candidate's own: its digest is quarantined, where the policy wants it.
    Candidate,
    /// Something else's: the incumbent, a dataset, the machine. The rollout ends, and the same
    /// digest may be started again.
    Surroundings,
}

/// Why an event changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The rollout is over.
    #[error("the rollout is {0}: it is over")]
    Terminal(StageName),
    /// The event means nothing in this stage.
    #[error("{event} is not possible in {stage}")]
    NotHere { event: &'static str, stage: StageName },
    /// An overlay must go first.
    #[error("{event} has to wait: the rollout is {overlay}")]
    Blocked { event: &'static str, overlay: String },
    /// The cause of the pause does not allow going on.
    #[error("paused({0}) cannot be resumed: roll back or abort")]
    NotResumable(&'static str),
    /// There is nothing to go back to.
    #[error("there is no incumbent to roll back to: abort the rollout instead")]
    NoIncumbent,
    /// It is so already.
    #[error("it is so already")]
    Already,
    /// The same person cannot approve twice.
    #[error("{0} has approved already: another person is needed")]
    SamePerson(String),
    /// Nothing to decide yet; looked at again later.
    #[error("undecided")]
    Undecided,
    /// The message is about an older routing table.
    #[error("stale: about epoch {found}, now {expected}")]
    Stale { found: Epoch, expected: Epoch },
    /// A frozen queue.
    #[error("a freeze window is open{}", until.map(|until| format!(" until {until}")).unwrap_or_default())]
    Frozen { until: Option<Timestamp> },
}

impl Event {
    /// The event's name as journalled.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume => "resume",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Promote { .. } => "promote",
            Self::Abort { .. } => "abort",
            Self::RollBack { .. } => "rollback",
            Self::Supersede { .. } => "supersede",
            Self::Turn { .. } => "turn",
            Self::TurnedAway { .. } => "turned_away",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Staged => "staged",
            Self::StagingFailed { .. } => "staging_failed",
            Self::Validated { .. } => "validated",
            Self::ValidationFailed { .. } => "validation_failed",
            Self::Judged { .. } => "judged",
            Self::GuardrailTripped(_) => "guardrail_tripped",
            Self::Held { .. } => "held",
            Self::Released(_) => "released",
            Self::Drained => "drained",
            Self::Restarted { .. } => "restarted",
            Self::Tick => "tick",
        }
    }
}
