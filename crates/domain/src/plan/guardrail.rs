//! Limits the gateway enforces by itself.

use crate::time::millis;
use crate::verdict::significant;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A limit on the candidate, in force at any share above zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Guardrail {
    /// This many candidate errors in a row.
    ConsecutiveErrors { limit: u32 },
    /// Errors over answers within the window, once there are enough.
    ErrorRatio {
        limit: f64,
        min_requests: u32,
        #[serde(with = "millis")]
        window: Duration,
    },
    /// Late answers over answers within the window, once there are enough.
    DeadlineExceeded {
        ratio: f64,
        min_requests: u32,
        #[serde(with = "millis")]
        window: Duration,
    },
    /// The candidate was not ready for this long.
    NotReady {
        #[serde(with = "millis")]
        after: Duration,
    },
}

impl Guardrail {
    /// How far it looks back; none where it does not.
    pub const fn window(&self) -> Option<Duration> {
        match self {
            Self::ErrorRatio { window, .. } | Self::DeadlineExceeded { window, .. } => {
                Some(*window)
            }
            Self::ConsecutiveErrors { .. } | Self::NotReady { .. } => None,
        }
    }

    /// The limit in one line.
    #[must_use]
    pub fn in_words(&self) -> String {
        let percent = |part: f64| significant(100.0 * part);
        match self {
            Self::ConsecutiveErrors { limit } => format!("{limit} candidate errors in a row"),
            Self::ErrorRatio { limit, min_requests, window } => format!(
                "{} % in error of at least {min_requests} candidate answers within {window:?}",
                percent(*limit)
            ),
            Self::DeadlineExceeded { ratio, min_requests, window } => format!(
                "{} % late of at least {min_requests} candidate answers within {window:?}",
                percent(*ratio)
            ),
            Self::NotReady { after } => format!("the candidate not ready for {after:?}"),
        }
    }

    /// The name used in policies, journals and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConsecutiveErrors { .. } => "consecutiveErrors",
            Self::ErrorRatio { .. } => "errorRatio",
            Self::DeadlineExceeded { .. } => "deadlineExceeded",
            Self::NotReady { .. } => "notReady",
        }
    }
}
