//! A sliding window of outcomes: a ring of short buckets, each forgotten when its time is over.

use std::time::Duration;

/// Buckets of a window; its resolution is a hundredth of its length.
const BUCKETS: u64 = 100;

/// How an answer ended for which its arm can be blamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As it should.
    Well,
    /// Without an answer, and not for the deadline.
    Failed,
    /// The deadline passed.
    Late,
}

/// Outcomes counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) total: u64,
    pub(super) errors: u64,
    pub(super) late: u64,
}

impl Tally {
    /// One answer.
    pub(super) const fn of(ended: Ended) -> Self {
        match ended {
            Ended::Well => Self { total: 1, errors: 0, late: 0 },
            Ended::Failed => Self { total: 1, errors: 1, late: 0 },
            Ended::Late => Self { total: 1, errors: 0, late: 1 },
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

/// The outcomes of one arm, for as long as any rail looks back.
#[derive(Debug, Clone)]
pub struct Window {
    start: Duration,
    /// Of one bucket.
    width: Duration,
    /// The bucket's number since `start`, and its counts; one for each number modulo the length.
    ring: Vec<(u64, Tally)>,
}

impl Window {
    /// An empty window that can look back `longest`.
    pub(super) fn new(longest: Duration, now: Duration) -> Self {
        let width = (longest / 100).max(Duration::from_millis(1));
        // One more than fits, for the bucket that is being filled.
        let ring = (0..=BUCKETS).map(|number| (number, Tally::default())).collect();
        Self { start: now, width, ring }
    }

    pub(super) fn add(&mut self, tally: Tally, now: Duration) {
        let number = self.number(now);
        let length = self.ring.len();
        let index = usize::try_from(number).unwrap_or(0) % length.max(1);
        if let Some(bucket) = self.ring.get_mut(index) {
            let kept = if bucket.0 == number { bucket.1 } else { Tally::default() };
            *bucket = (number, kept.plus(tally));
        }
    }

    /// What was counted in the last `span`, to a bucket's width.
    pub(super) fn last(&self, span: Duration, now: Duration) -> Tally {
        let current = self.number(now);
        let back =
            u64::try_from(span.as_nanos().div_ceil(self.width.as_nanos())).unwrap_or(BUCKETS);
        self.ring
            .iter()
            .filter(|(number, _)| *number <= current && number + back > current)
            .fold(Tally::default(), |sum, (_, tally)| sum.plus(*tally))
    }

    fn number(&self, now: Duration) -> u64 {
        let since = now.saturating_sub(self.start).as_nanos();
        u64::try_from(since / self.width.as_nanos()).unwrap_or(u64::MAX)
    }
}
