//! Waiting with a bound, and the time of day.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long anything may take that has no limit of its own: far more than it takes on two cores.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const POLL_EVERY: Duration = Duration::from_millis(15);

/// Asks until there is an answer; panics, saying what was waited for, when there is none in time.
pub(crate) fn eventually<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = instant();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(begin.elapsed() < within, "not within {within:?}: {what}");
        std::thread::sleep(POLL_EVERY);
    }
}

/// A monotonic instant.
#[expect(clippy::disallowed_methods, reason = "tests measure real processes in real time")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Microseconds since the Unix epoch: the journal's clock, on the same machine.
#[expect(clippy::disallowed_methods, reason = "compared with the times in a real journal")]
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("this is after 1970");
    i64::try_from(since.as_micros()).expect("this is before the year 290000")
}
