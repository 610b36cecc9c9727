//! The events whose meaning depends on the stage: what is left once those that mean the same
//! everywhere are answered. Each stage lists all of them.

use super::event::Fault;
use super::leaving::Look;
use crate::plan::Plan;
use crate::{Epoch, VersionRef};

/// An event, for the stage's own function.
#[derive(Clone, Copy)]
pub(super) enum Here<'a> {
    Turn(Turn<'a>),
    /// The wanted epoch is in force everywhere.
    Acknowledged,
    Staged,
    StagingFailed(&'a str),
    Validated(&'a str),
    ValidationFailed(Failed<'a>),
    Judged(Look<'a>),
    /// By whom.
    Approve(&'a str),
    /// Why.
    Promote(&'a str),
    Drained,
    Tick,
}

/// Why validation failed, and whose fault it is.
#[derive(Clone, Copy)]
pub(super) struct Failed<'a> {
    pub(super) why: &'a str,
    pub(super) fault: Fault,
}

/// The endpoint is free, and this is how it stands.
#[derive(Clone, Copy)]
pub(super) struct Turn<'a> {
    pub(super) epoch: Epoch,
    pub(super) incumbent: Option<&'a VersionRef>,
    pub(super) plan: &'a Plan,
}
