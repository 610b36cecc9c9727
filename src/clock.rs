//! The only place that reads the time.

use seatrial_domain::Timestamp;

/// The wall clock, in UTC.
#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
pub fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

/// A clock that never goes back, for measuring how long something took.
#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
pub fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}
