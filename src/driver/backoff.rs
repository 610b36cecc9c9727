//! How long an endpoint whose step failed is left alone before it is tried again. Refuses to make
//! a person's word or a guardrail's trip wait.

use std::time::{Duration, Instant};

/// The first wait; each failure in a row doubles it.
const FIRST: Duration = Duration::from_millis(100);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(5);

/// The failures in a row, and until when to wait.
#[derive(Debug, Default)]
pub(super) struct Backoff(Option<Wait>);

#[derive(Debug, Clone, Copy)]
struct Wait {
    length: Duration,
    until: Instant,
}

impl Backoff {
    /// Whether it is to be left alone still.
    pub(super) fn waits(&self, now: Instant) -> bool {
        self.0.is_some_and(|wait| now < wait.until)
    }

    /// A step failed; how long it now waits.
    pub(super) fn failed(&mut self, now: Instant) -> Duration {
        let length = self.0.map_or(FIRST, |wait| (wait.length * 2).min(LONGEST));
        self.0 = Some(Wait { length, until: now + length });
        length
    }

    /// A step went well.
    pub(super) const fn went_well(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, FIRST, LONGEST};
    use crate::clock;

    #[test]
    fn each_failure_in_a_row_waits_longer_up_to_a_limit_and_success_forgets() {
        let (mut backoff, now) = (Backoff::default(), clock::monotonic());
        assert!(!backoff.waits(now));
        assert_eq!(backoff.failed(now), FIRST);
        assert!(backoff.waits(now) && !backoff.waits(now + FIRST));
        assert_eq!(backoff.failed(now), FIRST * 2);
        for _ in 0..20 {
            backoff.failed(now);
        }
        assert_eq!(backoff.failed(now), LONGEST);
        backoff.went_well();
        assert!(!backoff.waits(now));
        assert_eq!(backoff.failed(now), FIRST);
    }
}
