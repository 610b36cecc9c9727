//! The only place that reads the time.

use seatrial_domain::Timestamp;

/// The wall clock, in UTC.
#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
pub fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let now = Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX));
    #[cfg(test)]
    let now = now.plus(ahead::by()).plus(ahead::jumped());
    now
}

/// A clock that never goes back, for measuring how long something took.
#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
pub fn monotonic() -> std::time::Instant {
    let now = std::time::Instant::now();
    #[cfg(test)]
    let now = now + ahead::by();
    now
}

#[cfg(test)]
pub(crate) use ahead::{advance, jump};

/// How far a test has moved its own thread's clocks on, so that it waits for nothing.
#[cfg(test)]
mod ahead {
    use std::cell::Cell;
    use std::time::Duration;

    thread_local! {
        static AHEAD: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        static JUMPED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    /// Moves this thread's clocks on.
    pub(crate) fn advance(by: Duration) {
        AHEAD.set(AHEAD.get() + by);
    }

    /// Sets this thread's wall clock forward.
    pub(crate) fn jump(by: Duration) {
        JUMPED.set(JUMPED.get() + by);
    }

    pub(super) fn jumped() -> Duration {
        JUMPED.get()
    }

    pub(super) fn by() -> Duration {
        AHEAD.get()
    }
}
