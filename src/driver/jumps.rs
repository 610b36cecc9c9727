//! How long ago something was by a wall clock that may have jumped forward: set right after the start, or
//! after a machine was asleep.
//!
//! Owns the rule that what was noted before a jump is younger than that clock says: it is taken for as old
//! as if it had been noted right after the jump. So labels are waited for as long as the plan says or
//! longer, and no verdict rests on the quick ones alone; and a step's durations count nothing of a jump.
//! Knows the jumps of this process: after a restart what the clock says is believed.

use super::Driver;
use crate::clock;
use seatrial_domain::Timestamp;
use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// What of a difference between two clocks is none: reading both takes some time.
const ALIKE: Duration = Duration::from_secs(1);

/// Jumps that are remembered; of more the oldest are forgotten.
const KEPT: usize = 16;

/// The wall clock's jumps forward, oldest first, as far as they were noticed.
#[derive(Debug)]
pub(super) struct Jumps {
    read: (Timestamp, Instant),
    jumps: VecDeque<Jump>,
}

/// What the clock should have said, and what it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Jump {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Jumps {
    /// With what both clocks say now.
    pub(super) const fn new(read: (Timestamp, Instant)) -> Self {
        Self { read, jumps: VecDeque::new() }
    }

    /// Takes in what both say now; gives how far the wall clock has jumped meanwhile.
    fn read(&mut self, (now, at): (Timestamp, Instant)) -> Option<Duration> {
        let (before, then) = std::mem::replace(&mut self.read, (now, at));
        let from = before.plus(at.saturating_duration_since(then));
        let by = now.since(from);
        if by <= ALIKE {
            return None;
        }
        if self.jumps.len() == KEPT {
            self.jumps.pop_front();
        }
        self.jumps.push_back(Jump { from, to: now });
        Some(by)
    }

    /// What was noted before this instant is `span` old or older.
    fn ago(&self, span: Duration) -> Timestamp {
        let (now, _) = self.read;
        let mut instant = before(now, span);
        for jump in self.jumps.iter().rev() {
            if instant >= jump.to {
                break;
            }
            instant = instant.min(before(jump.from, span));
        }
        instant
    }

    fn last(&self) -> Option<Jump> {
        self.jumps.back().copied()
    }
}

impl Driver {
    /// What was noted before this instant is `span` old or older, by the wall clock and by one that does
    /// not jump.
    pub(super) fn ago(&self, span: Duration) -> Timestamp {
        self.clocks(|jumps| jumps.ago(span))
    }

    /// The wall clock's last jump, if it is known to have jumped.
    pub(super) fn last_jump(&self) -> Option<Jump> {
        self.clocks(Jumps::last)
    }

    fn clocks<T>(&self, ask: impl FnOnce(&Jumps) -> T) -> T {
        let mut jumps = self.jumps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(by) = jumps.read((clock::now(), clock::monotonic())) {
            let seconds = by.as_secs();
            tracing::warn!(seconds, "the clock jumped forward: labels are waited for all the same");
        }
        ask(&jumps)
    }
}

/// The instant so long before `now`.
pub(super) fn before(now: Timestamp, span: Duration) -> Timestamp {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn second(of: i64) -> Timestamp {
        Timestamp::from_micros(of * 1_000_000)
    }

    /// Clocks that were read at the second 1,000, and then at these seconds of the wall's, so long after.
    fn after(readings: &[(i64, u64)]) -> Jumps {
        let start = clock::monotonic();
        let mut jumps = Jumps::new((second(1_000), start));
        for (wall, since) in readings {
            jumps.read((second(*wall), start + Duration::from_secs(*since)));
        }
        jumps
    }

    #[test]
    fn by_clocks_that_agree_an_instant_is_as_long_ago_as_they_say() {
        assert_eq!(after(&[(1_001, 1), (1_300, 299)]).ago(MINUTE), second(1_240));
        // Set back: what was noted then is only waited for longer.
        assert_eq!(after(&[(900, 10)]).ago(MINUTE), second(840));
    }

    #[test]
    fn what_was_noted_before_a_jump_is_as_old_as_if_it_had_been_noted_after_it() {
        // An hour too far at the second 1,010.
        let jump = (4_610, 10);
        assert_eq!(after(&[jump]).ago(MINUTE), second(950));
        assert_eq!(after(&[jump, (4_669, 69)]).ago(MINUTE), second(950), "nothing of it is due");
        assert_eq!(after(&[jump, (4_670, 70)]).ago(MINUTE), second(4_610), "all of it is");
        assert_eq!(after(&[jump, (4_700, 100)]).ago(MINUTE), second(4_640));
    }

    #[test]
    fn a_second_jump_within_the_span_does_not_undo_the_first() {
        let jumps = after(&[(4_610, 10), (4_640, 40), (9_640, 41)]);
        assert_eq!(jumps.ago(MINUTE), second(950));
        assert_eq!(jumps.last(), Some(Jump { from: second(4_641), to: second(9_640) }));
        assert_eq!(jumps.ago(Duration::from_secs(5)), second(4_636));
    }

    #[test]
    fn so_many_jumps_are_remembered() {
        let many: Vec<(i64, u64)> =
            (1..=40_u32).map(|n| (1_000 + 100 * i64::from(n), n.into())).collect();
        assert_eq!(after(&many).jumps.len(), KEPT);
    }
}
