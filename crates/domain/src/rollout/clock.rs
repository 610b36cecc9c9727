//! How long a step has counted. Starts at the acknowledgement of the step's epoch, and again after
//! each time it was halted.

use super::overlay::Overlays;
use crate::Timestamp;
use crate::time::millis;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Time accumulated towards a step's minimum and maximum durations. Each stops under its own
/// overlays, so they are two sums, not one start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clock {
    /// Up to when time is counted; none: not started.
    counted_to: Option<Timestamp>,
    #[serde(with = "millis")]
    minimum: Duration,
    #[serde(with = "millis")]
    maximum: Duration,
}

impl Clock {
    /// Starts at `now`, if it does not run; time while it was halted is not counted.
    pub(super) fn start(&mut self, now: Timestamp) {
        self.counted_to.get_or_insert(now);
    }

    /// Stands still until it is started again; what was counted stays.
    pub(super) const fn halt(&mut self) {
        self.counted_to = None;
    }

    /// Counts the time up to `now`, during which `overlays` were set.
    pub(super) fn advance(&mut self, now: Timestamp, overlays: Overlays) {
        let Some(counted_to) = self.counted_to else { return };
        // Whole milliseconds are stored; the rest is counted the next time.
        let span = Duration::from_millis(
            u64::try_from(now.since(counted_to).as_millis()).unwrap_or(u64::MAX),
        );
        if !overlays.stop_minimum() {
            self.minimum = self.minimum.saturating_add(span);
        }
        if !overlays.stop_maximum() {
            self.maximum = self.maximum.saturating_add(span);
        }
        // A clock that jumped back counts on from where it is now.
        self.counted_to = Some(if now < counted_to { now } else { counted_to.plus(span) });
    }

    /// Begins the maximum duration anew, as `resume` does.
    pub(super) fn restart_maximum(&mut self) {
        self.maximum = Duration::ZERO;
    }

    /// Time counted towards the minimum duration.
    pub const fn minimum(&self) -> Duration {
        self.minimum
    }

    /// Time counted towards the maximum duration.
    pub const fn maximum(&self) -> Duration {
        self.maximum
    }
}
