//! Errors, event by event: a look at every one that could decide.
//!
//! The rollback's e-value for errors can only rise with a candidate's error, so a look at each of
//! these is a look at every unit. Where even a row of further candidate errors would not reach the
//! threshold, those looks are left out: nothing can happen in them. With the mixture for late faults both
//! are true of each window: its start is one more sum of the same kind.

use super::cell::Method;
use super::engine::{Ending, Found};
use super::outcomes::{Outcomes, float};
use super::prepared::Setting;
use super::timeline::{Effect, Segment};
use super::two_outcome::TwoOutcome;
use crate::distribution::{binomial, geometric};
use crate::rng::Rng;
use seatrial_analysis::late::{self, Since};
use seatrial_analysis::{Cells, Pi, Stratum};
use std::time::Duration;

/// The longest row of errors that is asked about.
const SPARE_MAX: u64 = 1 << 12;

struct Run<'a> {
    setting: &'a Setting<TwoOutcome>,
    log_threshold: f64,
    at: Found,
    strata: Vec<Stratum<Cells>>,
    /// Candidate errors that may come without a decision.
    spare: u64,
    late: Option<Late>,
}

/// What the mixture for late faults knows of a run.
struct Late {
    /// The units with which each window after the present one begins, the next of them last.
    to_come: Vec<u64>,
    /// The strata as they were when each window began.
    starts: Vec<Vec<Stratum<Cells>>>,
    since: Since,
}

pub(super) fn play(setting: &Setting<TwoOutcome>, run: u64) -> Ending {
    let mut rng = Rng::of_run(setting.cell.seed, run);
    let segments = setting.timeline.segments(&mut rng);
    let log_threshold = -setting.cell.alpha.ln();
    let late = setting.cell.late.map(|hour| Late::new(setting, hour));
    let mut run =
        Run { setting, log_threshold, at: Found::default(), strata: Vec::new(), spare: 0, late };
    let decided = segments.into_iter().any(|segment| run.segment(&mut rng, segment));
    let found = decided.then_some(run.at);
    Ending { found: [(Method::EProcess, found)].into(), end: run.at }
}

impl Late {
    fn new(setting: &Setting<TwoOutcome>, hour: u64) -> Self {
        let mut to_come: Vec<u64> =
            (1..late::WINDOWS).map(|window| first_unit(window, hour)).collect();
        to_come.reverse();
        let starts = vec![Vec::new()];
        Self { to_come, since: setting.outcomes.since(&starts), starts }
    }
}

/// The unit with which a window begins, at so many units an hour.
fn first_unit(window: usize, hour: u64) -> u64 {
    let at = |units: u64| Duration::from_secs_f64(3_600.0 * float(units) / float(hour));
    let (mut before, mut from) = (0, 1);
    while late::window_at(at(from)) < window {
        (before, from) = (from, 2 * from);
    }
    while from - before > 1 {
        let middle = before + (from - before) / 2;
        if late::window_at(at(middle)) < window { before = middle } else { from = middle }
    }
    from
}

impl Run<'_> {
    /// Whether this segment decides, window by window.
    fn segment(&mut self, rng: &mut Rng, segment: Segment) -> bool {
        while let Some(end) = self.next_window().filter(|start| *start < segment.end) {
            if self.piece(rng, Segment { end, ..segment }) {
                return true;
            }
            self.begin_window();
        }
        self.piece(rng, segment)
    }

    fn next_window(&self) -> Option<u64> {
        self.late.as_ref().and_then(|late| late.to_come.last().copied())
    }

    fn begin_window(&mut self) {
        let Some(late) = &mut self.late else { return };
        late.to_come.pop();
        late.starts.push(self.strata.clone());
        late.since = self.setting.outcomes.since(&late.starts);
    }

    fn log_e(&self) -> f64 {
        match &self.late {
            None => self.setting.outcomes.log_e(&self.strata),
            Some(late) => self.setting.outcomes.log_e_since(&self.strata, &late.since),
        }
    }

    /// Whether these units, of one window, decide.
    fn piece(&mut self, rng: &mut Rng, segment: Segment) -> bool {
        let pi = self.setting.share(segment.gate);
        if self.strata.len() <= segment.gate {
            let counts = Cells::default();
            self.strata.extend(Pi::new(pi).map(|pi| Stratum { pi, counts }));
        }
        // Shares, rates or starts are new: what was spare before is not known to be now.
        self.spare = 0;
        let (worse, p0) = self.setting.outcomes.rates(segment.level);
        let p1 = match segment.effect {
            Effect::ToCome => p0,
            Effect::Begun => worse,
        };
        let bad = pi * p1 + (1.0 - pi) * p0;
        let of_candidate = pi * p1 / bad;
        let begin = self.at.units;
        let (mut errors, mut candidate_errors, mut decided) = (0, 0, false);
        while !decided {
            let next = self.at.units.saturating_add(geometric(rng, bad)).saturating_add(1);
            if next > segment.end {
                self.at.units = segment.end;
                break;
            }
            self.at.units = next;
            errors += 1;
            if rng.chance(of_candidate) {
                candidate_errors += 1;
                decided = self.count_candidate();
            } else {
                self.count_incumbent();
            }
        }
        let good = self.at.units - begin - errors;
        let good_candidate = pi * (1.0 - p1) / (1.0 - bad);
        self.at.candidate_units += candidate_errors + binomial(rng, good, good_candidate);
        decided
    }

    fn count_incumbent(&mut self) {
        self.strata.last_mut().into_iter().for_each(|here| here.counts.incumbent_bad += 1);
    }

    /// One of the candidate's errors; whether it decides.
    fn count_candidate(&mut self) -> bool {
        let Some(stratum) = self.strata.last_mut() else { return false };
        stratum.counts.candidate_bad += 1;
        if self.spare > 0 {
            self.spare -= 1;
            return false;
        }
        let decided = self.log_e() >= self.log_threshold;
        if !decided {
            self.spare = self.row_without_decision();
        }
        decided
    }

    /// How many candidate errors in a row would not decide: 2ⁿ − 1 of them, at least 0.
    fn row_without_decision(&mut self) -> u64 {
        let mut row = 1;
        while row < SPARE_MAX && !self.would_decide(row) {
            row *= 2;
        }
        row / 2
    }

    fn would_decide(&mut self, row: u64) -> bool {
        let Some(stratum) = self.strata.last_mut() else { return true };
        stratum.counts.candidate_bad += row;
        let decided = self.log_e() >= self.log_threshold;
        if let Some(stratum) = self.strata.last_mut() {
            stratum.counts.candidate_bad -= row;
        }
        decided
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::{Cell, Metric};
    use super::super::timeline::Timeline;
    use super::*;

    fn setting() -> Setting<TwoOutcome> {
        let cell = Cell { base: 0.05, shares: vec![0.1, 0.5], late: Some(500), ..Cell::default() };
        let timeline = Timeline::new(&cell);
        let outcomes = TwoOutcome::new(&cell, Metric::Errors, timeline.levels()).unwrap();
        Setting { cell, timeline, outcomes }
    }

    #[test]
    fn every_window_begins_with_the_first_unit_in_it() {
        let late = Late::new(&setting(), 500);
        assert_eq!(late.to_come.len(), late::WINDOWS - 1);
        let window = |unit: u64| late::window_at(Duration::from_secs(unit * 3_600 / 500));
        for (index, first) in (1..).zip(late.to_come.iter().rev()) {
            // Whole seconds are below those of a unit.
            assert_eq!((window(first - 1), window(first + 1)), (index - 1, index), "{first}");
        }
    }

    /// More errors at the share before may not have decided what they decide at the next.
    #[test]
    fn what_was_spare_is_asked_anew_with_each_gate_and_window() {
        let setting = setting();
        let late = Some(Late::new(&setting, 500));
        let (at, strata) = (Found::default(), Vec::new());
        let mut run = Run { setting: &setting, log_threshold: 3.0, at, strata, spare: 9, late };
        let nobody = Segment { gate: 0, level: 0, end: 0, effect: Effect::Begun };
        assert!(!run.piece(&mut Rng::new(1), nobody));
        assert_eq!(run.spare, 0);
    }
}
