//! How the process ends. Scripts depend on these numbers.

use super::client;
use crate::upstream;
use std::path::Path;
use std::process::ExitCode;

/// The exit statuses of DESIGN.md §6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Success = 0,
    Internal = 1,
    Usage = 2,
    NotFound = 3,
    Denied = 4,
    /// A conflict, or too many at once; also a rollout that a newer version superseded.
    Conflict = 5,
    /// Rolled back or rejected: the gate worked.
    RolledBack = 6,
    AwaitingApproval = 7,
    /// Paused: the evidence did not decide.
    Inconclusive = 8,
    Aborted = 9,
    Unreachable = 10,
    TimedOut = 124,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        #[expect(clippy::as_conversions, reason = "a field-less enum with u8 discriminants")]
        Self::from(exit as u8)
    }
}

/// Something the caller must say otherwise.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub(super) struct Usage {
    pub(super) fault: String,
}

/// An error about how the command was called.
pub(super) fn usage(fault: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Usage { fault: fault.into() })
}

/// Something that is not there, though nothing went wrong in asking.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub(super) struct Missing {
    fault: String,
}

/// An error about something that is not there.
pub(super) fn missing(fault: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Missing { fault: fault.into() })
}

/// An error about a file that was named and cannot be read.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    usage(format!("{}: {error}", path.display()))
}

impl Exit {
    /// The status that tells this error.
    pub fn of(error: &anyhow::Error) -> Self {
        if let Some(error) = error.downcast_ref::<client::Error>() {
            return Self::of_client(error);
        }
        if let Some(error) = error.downcast_ref::<upstream::Error>() {
            return Self::of_upstream(error);
        }
        if error.is::<Missing>() {
            return Self::NotFound;
        }
        let by_use = error.is::<Usage>()
            || error.is::<crate::config::Error>()
            || error.is::<seatrial_domain::ids::Error>()
            || error.is::<super::model::layout::Error>()
            || error.is::<super::push::tree::Error>();
        if by_use { Self::Usage } else { Self::Internal }
    }

    fn of_upstream(error: &upstream::Error) -> Self {
        match error.kind() {
            upstream::Kind::Passing => Self::Unreachable,
            upstream::Kind::Missing => Self::NotFound,
            upstream::Kind::Denied => Self::Denied,
            upstream::Kind::Lasting => Self::Usage,
        }
    }

    fn of_client(error: &client::Error) -> Self {
        match error {
            client::Error::Unreachable { .. } => Self::Unreachable,
            client::Error::Protocol { .. } => Self::Internal,
            client::Error::Problem(problem) => match problem.status {
                404 => Self::NotFound,
                401 | 403 => Self::Denied,
                // Too many at once is a conflict with others: the same again, later, may succeed.
                409 | 412 | 429 => Self::Conflict,
                408 | 504 => Self::TimedOut,
                400..=499 | 501 => Self::Usage,
                _ => Self::Internal,
            },
        }
    }
}
