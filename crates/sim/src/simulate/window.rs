//! Units whose window is open: their outcome is the worst of the requests that began in it, and counts
//! when it is over.
//!
//! Owns the law of that outcome. A unit's first answer is drawn when it comes. Users are a Poisson
//! process each, so in a window in which m more requests of one are expected, none of these is worse
//! than x with probability exp(−m·P(an answer is worse than x)). The units of one step came at times
//! that are independent of their answers, so that those whose window is over by an instant are drawn
//! binomially from each outcome. Windows are over in the order in which they began, and a gate that is
//! left has its windows end with the requests they have had, as in the domain's ledger.

use super::arrivals::{Arrivals, float};
use super::outcomes::{Answered, Outcomes};
use crate::distribution::binomial;
use crate::rng::Rng;
use seatrial_domain::evidence::{GateIndex, GateStratum};
use std::collections::VecDeque;
use std::time::Duration;

/// How units ended: bad ones, and the good ones by bucket of the slowest answer, rising.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ends {
    pub(super) bad: u64,
    pub(super) buckets: Vec<(usize, u64)>,
}

/// Units whose window is over, or of which each is one request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Closed {
    pub(super) of: GateStratum,
    pub(super) group: usize,
    /// When they came, in seconds since the start, about.
    pub(super) came: f64,
    /// No request from then on is one of theirs.
    pub(super) until: f64,
    pub(super) candidate: Ends,
    pub(super) incumbent: Ends,
}

/// The units of one step.
#[derive(Debug, Clone)]
struct Segment {
    from: f64,
    to: f64,
    units: Closed,
}

/// Units whose window is open, earliest first.
#[derive(Debug)]
pub(super) struct Open {
    window: f64,
    segments: VecDeque<Segment>,
}

/// Expected requests of one user in a part of a window, and the error rate that an incident puts on
/// them.
pub(super) type More = Vec<(f64, Option<f64>)>;

impl Ends {
    pub(super) fn units(&self) -> u64 {
        self.bad + self.good()
    }

    pub(super) fn good(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// Takes each unit with this probability.
    fn taken(&mut self, rng: &mut Rng, part: f64) -> Self {
        let mut take = |count: &mut u64| {
            let taken = binomial(rng, *count, part);
            *count -= taken;
            taken
        };
        let bad = take(&mut self.bad);
        let mut buckets: Vec<_> =
            self.buckets.iter_mut().map(|(bucket, count)| (*bucket, take(count))).collect();
        buckets.retain(|(_, count)| *count > 0);
        self.buckets.retain(|(_, count)| *count > 0);
        Self { bad, buckets }
    }

    /// With the worse of each unit's outcome and those of as many more requests as are expected.
    #[must_use]
    pub(super) fn worst(self, rng: &mut Rng, version: &Outcomes, more: &More) -> Self {
        if more.is_empty() {
            return self;
        }
        let (mut bad, mut buckets) = (self.bad, Vec::new());
        // Units whose later requests include one that is worse than the class before.
        let (mut worse, mut before) = (0, 0.0);
        let mut first = self.buckets.into_iter().peekable();
        for (last, likeliest, up_to) in version.classes() {
            let none_worse = none_worse(version, up_to, more);
            let given = if before < 1.0 { (none_worse - before) / (1.0 - before) } else { 1.0 };
            let here = binomial(rng, worse, given.clamp(0.0, 1.0));
            worse -= here;
            if here > 0 {
                buckets.push((likeliest, here));
            }
            while let Some((bucket, count)) = first.next_if(|(bucket, _)| *bucket <= last) {
                let stays = binomial(rng, count, none_worse);
                worse += count - stays;
                buckets.push((bucket, stays));
            }
            before = none_worse;
        }
        bad += worse;
        Self { bad, buckets: summed(buckets) }
    }
}

/// Rising, each bucket once.
fn summed(mut buckets: Vec<(usize, u64)>) -> Vec<(usize, u64)> {
    buckets.sort_unstable();
    buckets.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 += later.1;
        }
        same
    });
    buckets.retain(|(_, count)| *count > 0);
    buckets
}

/// The probability that no later request fails, is late or is of a class beyond this part.
fn none_worse(version: &Outcomes, up_to: f64, more: &More) -> f64 {
    let exponent = |(requests, incident): &(f64, Option<f64>)| {
        let (failed, late) = version.chances(*incident);
        requests * (1.0 - (1.0 - failed - late) * up_to)
    };
    (-more.iter().map(exponent).sum::<f64>()).exp()
}

impl From<&Answered> for Ends {
    fn from(answered: &Answered) -> Self {
        Self { bad: answered.bad(), buckets: answered.buckets.clone() }
    }
}

impl Open {
    pub(super) const fn new(window: Duration) -> Self {
        Self { window: window.as_secs_f64(), segments: VecDeque::new() }
    }

    /// How long a window is, in seconds.
    pub(super) const fn window(&self) -> f64 {
        self.window
    }

    /// Units of the gate whose window is expected to be over by `now`.
    pub(super) fn expected(
        &self,
        gate: GateIndex,
        now: f64,
        came: &dyn Fn(f64, f64) -> f64,
    ) -> f64 {
        let cut = now - self.window;
        let begun = self.segments.iter().take_while(|segment| segment.from < cut);
        let over = |segment: &Segment| {
            let units = segment.units.candidate.units() + segment.units.incumbent.units();
            float(units) * segment.part(cut, came)
        };
        begun.filter(|segment| segment.units.of.gate == gate).map(over).sum()
    }

    /// Whether each unit is one request.
    pub(super) fn is_off(&self) -> bool {
        self.window <= 0.0
    }

    /// Notes units that came between two seconds, with how their first request ended.
    pub(super) fn begin(&mut self, (from, to): (u64, u64), units: Closed) {
        self.segments.push_back(Segment { from: float(from), to: float(to), units });
    }

    /// The gate is left: no later request is one of these units'.
    pub(super) fn leave(&mut self, now: u64) {
        for segment in &mut self.segments {
            segment.units.until = segment.units.until.min(float(now));
        }
    }

    /// When the windows of all that have left their gate are over.
    pub(super) fn over_at(&self) -> Option<u64> {
        let last = self.segments.back()?;
        let end = (last.to + self.window).ceil();
        #[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond any horizon")]
        #[expect(clippy::cast_sign_loss, reason = "times are positive")]
        let end = end as u64;
        Some(end)
    }

    /// The units whose window is over by `now`.
    pub(super) fn over(
        &mut self,
        rng: &mut Rng,
        now: u64,
        came: &dyn Fn(f64, f64) -> f64,
    ) -> Vec<Closed> {
        let cut = float(now) - self.window;
        let mut closed = Vec::new();
        while let Some(segment) = self.segments.pop_front_if(|segment| segment.to <= cut) {
            closed.push(segment.closed(self.window));
        }
        for segment in self.segments.iter_mut().take_while(|segment| segment.from < cut) {
            let part = segment.part(cut, came);
            closed.push(segment.split(rng, (cut, part)).closed(self.window));
        }
        closed
    }
}

impl Segment {
    /// The part of its units that came before `cut`.
    fn part(&self, cut: f64, came: &dyn Fn(f64, f64) -> f64) -> f64 {
        if cut >= self.to { 1.0 } else { came(self.from, cut) / came(self.from, self.to) }
    }

    /// Its units that came before `cut`, which are so large a part.
    fn split(&mut self, rng: &mut Rng, (cut, part): (f64, f64)) -> Self {
        let candidate = self.units.candidate.taken(rng, part);
        let incumbent = self.units.incumbent.taken(rng, part);
        let units = Closed { candidate, incumbent, ..self.units.clone() };
        let early = Self { from: self.from, to: cut, units };
        self.from = cut;
        early
    }

    fn closed(self, window: f64) -> Closed {
        let came = 0.5 * (self.from + self.to);
        Closed { came, until: self.units.until.min(came + window), ..self.units }
    }
}

/// Where requests of one user fall between two instants, by the incidents among them.
pub(super) fn more(
    (arrivals, users): (Arrivals, u64),
    (from, to): (f64, f64),
    (edges, incident): (&[u64], &dyn Fn(u64) -> Option<f64>),
) -> More {
    let within = edges.iter().map(|edge| float(*edge)).filter(|edge| from < *edge && *edge < to);
    let mut ends: Vec<f64> = within.collect();
    ends.push(to);
    let mut at = from;
    let mut more = More::new();
    for end in ends {
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a rollout")]
        #[expect(clippy::cast_sign_loss, reason = "times are positive")]
        let second = at as u64;
        let requests = arrivals.expected_between(at, end) / float(users.max(1));
        if requests > 0.0 {
            more.push((requests, incident(second)));
        }
        at = end;
    }
    more
}
