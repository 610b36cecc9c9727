//! How many rows one request of the holdout carries, and how many requests are under way: as much
//! as the endpoint's limits allow, and little of a version whose sessions answer clients.

use std::ops::Range;
use std::time::Duration;

/// What one request may take of a version that serves clients.
const TURN: Duration = Duration::from_millis(20);
/// What a slow one gives back is bounded: validation has to end.
const REST_MAX: Duration = Duration::from_secs(1);

/// Who else needs the version that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Nobody.
    Brisk { in_flight: usize },
    /// Clients (law 1): one request at a time, short ones, and as long a rest after each.
    Considerate,
}

#[derive(Debug, Clone)]
pub(super) struct Pace {
    manner: Manner,
    rows: usize,
    rows_max: usize,
}

impl Pace {
    /// Requests of at most `rows_max` rows.
    pub(super) fn new(manner: Manner, rows_max: usize) -> Self {
        let rows_max = rows_max.max(1);
        let rows = match manner {
            Manner::Brisk { .. } => rows_max,
            // How long a row takes is not known yet.
            Manner::Considerate => 1,
        };
        Self { manner, rows, rows_max }
    }

    /// The next requests, to be sent at once.
    pub(super) fn requests(&self, rest: Range<usize>) -> Vec<Range<usize>> {
        let in_flight = match self.manner {
            Manner::Brisk { in_flight } => in_flight.max(1),
            Manner::Considerate => 1,
        };
        let starts = rest.clone().step_by(self.rows).take(in_flight);
        starts.map(|start| start..rest.end.min(start + self.rows)).collect()
    }

    /// A request was answered; how long to leave the version alone now.
    pub(super) fn answered(&mut self, took: Duration) -> Duration {
        match self.manner {
            Manner::Brisk { .. } => Duration::ZERO,
            Manner::Considerate => {
                if took > TURN {
                    self.rows = (self.rows / 2).max(1);
                } else if took * 2 <= TURN {
                    self.rows = (self.rows * 2).min(self.rows_max);
                }
                took.min(REST_MAX)
            }
        }
    }

    /// A request of `rows` rows was more than the endpoint takes at once: none is so large again.
    pub(super) fn too_much(&mut self, rows: usize) {
        self.rows_max = (rows / 2).max(1);
        self.rows = self.rows.min(self.rows_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks about 1,000 rows of a version that takes `row` for each; every request's time, and the
    /// rests.
    fn evaluated(row: Duration) -> (Vec<Duration>, Duration) {
        let mut pace = Pace::new(Manner::Considerate, 64);
        let (mut done, mut taken, mut rested) = (0, Vec::new(), Duration::ZERO);
        while done < 1_000 {
            let requests = pace.requests(done..1_000);
            assert_eq!(requests.len(), 1, "one at a time");
            done = requests[0].end;
            let took = row * u32::try_from(requests[0].len()).unwrap();
            rested += pace.answered(took);
            taken.push(took);
        }
        (taken, rested)
    }

    #[test]
    fn an_incumbents_session_is_taken_for_short_turns_and_half_the_time_at_most() {
        for micros in [20, 700, 10_000, 19_000] {
            let (taken, rested) = evaluated(Duration::from_micros(micros));
            assert!(taken.iter().all(|took| *took <= TURN), "{micros} µs a row: {taken:?}");
            assert!(rested >= taken.iter().sum(), "{micros} µs a row");
        }
        // A single row cannot be made shorter.
        let (taken, _) = evaluated(TURN * 3);
        assert!(taken.iter().all(|took| *took == TURN * 3));
    }

    #[test]
    fn a_fast_incumbent_is_asked_in_full_batches_soon() {
        let (taken, _) = evaluated(Duration::from_micros(20));
        assert!(taken.len() < 25, "{}", taken.len());
    }

    #[test]
    fn what_was_too_much_is_not_asked_for_again() {
        let mut pace = Pace::new(Manner::Brisk { in_flight: 2 }, 64);
        assert_eq!(pace.requests(0..100), [0..64, 64..100]);
        pace.too_much(64);
        assert_eq!(pace.requests(0..100), [0..32, 32..64]);
        pace.too_much(1);
        assert_eq!(pace.requests(99..100).first(), Some(&(99..100)));
        let mut pace = Pace::new(Manner::Considerate, 64);
        pace.too_much(2);
        pace.answered(Duration::ZERO);
        assert_eq!(pace.requests(0..100).first(), Some(&(0..1)));
    }
}
