//! A sliding window of outcomes: a ring of short buckets, each forgotten when its time is over.

use std::time::Duration;

use tokio::time::Instant;

use crate::lane::Outcome;

/// Buckets of a window; its resolution is a hundredth of its length.
const BUCKETS: u64 = 100;

/// Outcomes counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) total: u64,
    pub(super) errors: u64,
    pub(super) late: u64,
}

impl Tally {
    /// One answer; none for what nobody is to blame for.
    pub(super) const fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Ok => Some(Self { total: 1, errors: 0, late: 0 }),
            Outcome::Error => Some(Self { total: 1, errors: 1, late: 0 }),
            Outcome::Late => Some(Self { total: 1, errors: 0, late: 1 }),
            Outcome::Invalid => None,
        }
    }

    pub(super) const fn bad(self) -> u64 {
        self.errors + self.late
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            errors: self.errors + other.errors,
            late: self.late + other.late,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Window {
    start: Instant,
    /// Of one bucket.
    width: Duration,
    /// The bucket's number since `start`, and its counts; one for each number modulo the length.
    ring: Vec<(u64, Tally)>,
}

impl Window {
    /// An empty window that can look back `longest`.
    pub(super) fn new(longest: Duration, now: Instant) -> Self {
        let width = (longest / 100).max(Duration::from_millis(1));
        // One more than fits, for the bucket that is being filled.
        let ring = (0..=BUCKETS).map(|number| (number, Tally::default())).collect();
        Self { start: now, width, ring }
    }

    pub(super) fn add(&mut self, tally: Tally, now: Instant) {
        let number = self.number(now);
        let length = self.ring.len();
        let index = usize::try_from(number).unwrap_or(0) % length.max(1);
        if let Some(bucket) = self.ring.get_mut(index) {
            let kept = if bucket.0 == number { bucket.1 } else { Tally::default() };
            *bucket = (number, kept.plus(tally));
        }
    }

    /// What was counted in the last `span`, to a bucket's width.
    pub(super) fn last(&self, span: Duration, now: Instant) -> Tally {
        let current = self.number(now);
        let back =
            u64::try_from(span.as_nanos().div_ceil(self.width.as_nanos())).unwrap_or(BUCKETS);
        self.ring
            .iter()
            .filter(|(number, _)| *number <= current && number + back > current)
            .fold(Tally::default(), |sum, (_, tally)| sum.plus(*tally))
    }

    fn number(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.start).as_nanos();
        u64::try_from(since / self.width.as_nanos()).unwrap_or(u64::MAX)
    }
}
