//! How one simulated rollout ended, and what it cost whom.

use seatrial_domain::rollout::StageName;

/// Where a rollout is at its end or at the horizon, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The candidate serves, and the incumbent is gone.
    Completed,
    /// Share zero is in force again.
    RolledBack(Cause),
    /// It ended before it ever had a share, or a person would have said no.
    Rejected(Cause),
    /// Nobody is there to resume it.
    Paused(Cause),
    /// Undecided, in this stage.
    Running(StageName),
}

/// What ended or paused a rollout.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// This check failed: the statistics, or the shadow's limits.
    Check(String),
    /// This guardrail tripped.
    Guardrail(String),
    /// The units were not split as they should be.
    SampleRatio,
    /// The evidence did not decide in time.
    Deadline,
    /// Another word of the world, by the event's name.
    Other(&'static str),
}

/// A stage, and when it was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// `shadow`, `canary`, `ramp(1)`, …; `queued` first where a freeze kept it from starting.
    pub stage: String,
    /// Seconds since the start.
    pub at: u64,
    /// Seconds for which a freeze held it, until it was over: no deadline goes on meanwhile.
    pub frozen: u64,
}

/// What the candidate answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exposure {
    /// Units counted on the candidate, over all gates.
    pub units: u64,
    /// Requests the candidate answered, from the canary on.
    pub requests: u64,
    /// Of these, those that failed, came too late or took longer than the policy's limit, and that the
    /// incumbent would have answered well.
    pub harmed: u64,
}

/// One check at one look: log e-values as parts of what they must reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The check's name.
    pub check: String,
    /// Against the candidate; it fails at 1.
    pub fail: f64,
    /// Against the margin null; it passes from 1 on.
    pub pass: Option<f64>,
}

/// One look.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Seconds since the start.
    pub at: u64,
    /// The stage's label, as in [`Visit`].
    pub stage: String,
    /// Every check that spoke.
    pub readings: Vec<Reading>,
    /// Requests that the candidate had answered by then.
    pub requests: u64,
}

/// How it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Where, and why.
    pub outcome: Outcome,
    /// When, in seconds since the start.
    pub seconds: u64,
    /// The stages entered, in order.
    pub stages: Vec<Visit>,
    /// What the candidate answered until then.
    pub exposure: Exposure,
    /// Looks that judged the evidence anew.
    pub looks: u32,
    /// The looks, where they were asked for.
    pub trail: Vec<Seen>,
}
