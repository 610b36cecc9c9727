//! Spans that many fields share, and the ranges made of them.

use std::ops::RangeInclusive;
use std::time::Duration;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// The longest of a rollout's spans.
pub(super) const LONGEST: Duration = Duration::from_secs(400 * 86_400);

/// From `low` to `high` seconds.
pub(super) const fn within(low: u64, high: u64) -> RangeInclusive<Duration> {
    Duration::from_secs(low)..=Duration::from_secs(high)
}

/// From `low` seconds to the longest span.
pub(super) const fn from(low: u64) -> RangeInclusive<Duration> {
    Duration::from_secs(low)..=LONGEST
}

/// Whole milliseconds, for limits that a plan stores as a number.
pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
