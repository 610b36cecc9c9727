//! Units whose window is open, or over with a request still under way.

use super::Answer;
use crate::evidence::{GateIndex, GateStratum, Labels, Outcome};
use crate::split::Arm;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// One unit in one gate.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) stratum: GateStratum,
    pub(super) arm: Arm,
    /// The slices of its first request, which are its own.
    pub(super) labels: Labels,
    /// When its window is over.
    pub(super) ends: Duration,
    /// Its requests that are not answered.
    pub(super) under_way: u32,
    /// The worst of those that were.
    pub(super) outcome: Option<Outcome>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Over,
}

/// A unit whose window is over.
#[derive(Debug)]
pub(super) enum Closing {
    /// With every answer.
    Whole(Open, Outcome),
    /// An answer is still to come.
    Waits(Open),
}

impl Open {
    /// With its first request under way.
    pub(super) fn new(stratum: GateStratum, (arm, labels): (Arm, Labels), ends: Duration) -> Self {
        Self { stratum, arm, labels, ends, under_way: 1, outcome: None, state: State::Open }
    }

    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// One of its requests has ended so.
    pub(super) fn take(&mut self, answer: Answer) {
        self.under_way = self.under_way.saturating_sub(1);
        if let Answer::Counts(outcome) = answer {
            self.outcome = Some(self.outcome.map_or(outcome, |worst| worst.worst(outcome)));
        }
    }
}

/// By gate and hash: a unit's window in one gate may not be over when its next begins.
#[derive(Debug, Default)]
pub(super) struct OpenUnits {
    units: BTreeMap<(GateIndex, u64), Open>,
    /// In the order in which windows began; of one length, they end in the same. Units that ended
    /// before their window was over leave their entry behind: never more than there are open ones.
    order: VecDeque<(Duration, GateIndex, u64)>,
}

/// Entries left behind that are not worth a pass over all.
const LEFT_BEHIND: usize = 64;

impl OpenUnits {
    pub(super) fn len(&self) -> usize {
        self.units.len()
    }

    pub(super) fn begin(&mut self, hash: u64, open: Open) {
        if self.order.len() > 2 * self.units.len() + LEFT_BEHIND {
            self.compact();
        }
        let gate = open.stratum.gate;
        self.order.push_back((open.ends, gate, hash));
        self.units.insert((gate, hash), open);
    }

    /// Forgets the entries of units that ended: a client whose every request is void would else leave
    /// one for each.
    fn compact(&mut self) {
        let units = &self.units;
        self.order.retain(|(ends, gate, hash)| {
            units.get(&(*gate, *hash)).is_some_and(|open| open.ends == *ends)
        });
    }

    pub(super) fn get(&mut self, gate: GateIndex, hash: u64) -> Option<&mut Open> {
        self.units.get_mut(&(gate, hash))
    }

    pub(super) fn end(&mut self, gate: GateIndex, hash: u64) {
        self.units.remove(&(gate, hash));
    }

    /// The next unit whose window is over by `now`. One that waits stays, as over; others are ended.
    pub(super) fn over_by(&mut self, now: Duration) -> Option<Closing> {
        while let Some((ends, gate, hash)) = self.order.front().copied().filter(|it| it.0 <= now) {
            self.order.pop_front();
            // One that was taken back, or let go, may have begun anew since, at the same time even.
            let open = self.units.get_mut(&(gate, hash));
            let Some(open) = open.filter(|open| open.ends == ends && !open.is_over()) else {
                continue;
            };
            let Some(outcome) = open.outcome.filter(|_| open.under_way == 0) else {
                let before = open.clone();
                open.state = State::Over;
                return Some(Closing::Waits(before));
            };
            return self.units.remove(&(gate, hash)).map(|open| Closing::Whole(open, outcome));
        }
        None
    }

    /// Lets go of those that are not `kept`, and gives them.
    pub(super) fn retain(&mut self, kept: impl Fn(u64) -> bool) -> Vec<Open> {
        let let_go = self.units.extract_if(.., |(_, hash), _| !kept(*hash));
        let let_go = let_go.map(|(_, open)| open).collect();
        self.order.retain(|(_, _, hash)| kept(*hash));
        let_go
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposure::Exposure;

    fn open(seconds: u64) -> Open {
        let stratum = GateIndex(0).after(Exposure::NONE);
        Open::new(stratum, (Arm::Candidate, Labels::default()), Duration::from_secs(seconds))
    }

    #[test]
    fn units_that_begin_and_end_again_and_again_leave_little_behind() {
        let mut units = OpenUnits::default();
        units.begin(7, open(100_000));
        for second in 0..10_000 {
            units.begin(1, open(second));
            units.end(GateIndex(0), 1);
        }
        units.begin(1, open(200_000));
        assert!(units.order.len() < 100, "{}", units.order.len());
        let mut ended = Vec::new();
        while let Some(Closing::Waits(unit)) = units.over_by(Duration::from_secs(1 << 20)) {
            ended.push(unit.ends.as_secs());
        }
        assert_eq!(ended, [100_000, 200_000]);
    }
}
