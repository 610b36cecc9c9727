//! The units of one rollout in one gateway: which request belongs to which unit, in which stratum it
//! counts, and when its outcome is closed.
//!
//! Owns that a unit counts once in a gate that leaves its arm open, with the worst of the requests
//! that began in a window fixed in advance, and not before that window is over: to change the outcome
//! of a unit whose arm is known already would be no fair bet (docs/adr/0012). Windows are over in the
//! order in which they began. Where a gate is left, its open windows go on with the requests they have.
//!
//! Owns the bound as well: units are sampled on their hash, open ones with them. Refuses clocks: time
//! is what callers say has passed since the ledger was begun.

mod open;
#[cfg(test)]
mod tests;
pub mod warmup;

use crate::RolloutId;
use crate::Share;
use crate::evidence::{GateCounts, GateIndex, GateStratum, Labels, Outcome};
use crate::exposure::Exposure;
use crate::split::Arm;
use crate::telemetry::{Noted, Seen, SeenUnits, UnderWay};
use open::{Closing, Open, OpenUnits};
use seatrial_analysis::ArmHistogram;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// One rollout's units, and what was counted of them.
#[derive(Debug)]
pub struct Ledger {
    /// Hashes remembered at once.
    cap: usize,
    /// Of the latency histograms.
    buckets: usize,
    seen: SeenUnits,
    /// Hashes of which more is known since they were last taken.
    fresh: BTreeSet<u64>,
    /// The sampling level that was told, or stored, before.
    told_level: u32,
    open: OpenUnits,
    /// Shared with whoever took them, so that to take them copies nothing.
    strata: BTreeMap<GateStratum, Arc<GateCounts>>,
    /// Those counted into since they were last taken.
    changed: BTreeSet<GateStratum>,
}

/// A request that is routed under a gate.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    pub gate: GateIndex,
    pub share: Share,
    pub arm: Arm,
    pub unit: Unit,
    /// How long a keyed unit's requests are its outcome, from its first in the gate.
    pub window: Duration,
    /// Since the ledger was begun.
    pub at: Duration,
}

/// The unit of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// The request itself: it has no key, and comes once.
    Request,
    /// Whoever has the key of this hash (of `split::Domain::Units`).
    Keyed(u64),
}

/// A request that is evidence, to be handed back with its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    stratum: GateStratum,
    share: Share,
    arm: Arm,
    unit: Unit,
    place: Place,
}

/// What a request is to its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// All of its outcome.
    Whole,
    /// The first of its window.
    First,
    /// A later one within its window.
    Later,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Counts(Outcome),
    /// The client's fault: it leaves no trace.
    Void,
}

impl Ticket {
    /// The stratum its unit counts in.
    #[must_use]
    pub const fn stratum(&self) -> GateStratum {
        self.stratum
    }

    /// The same as what is noted for the next process, in case this one is killed meanwhile.
    #[must_use]
    pub const fn under_way(&self, rollout: RolloutId) -> UnderWay {
        let Self { stratum, share, arm, unit, .. } = *self;
        UnderWay { rollout, stratum, share, arm, unit }
    }

    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// The hash of the unit whose window it began in; none where it is all of its unit's outcome.
    #[must_use]
    pub const fn within(&self) -> Option<u64> {
        match (self.place, self.unit) {
            (Place::First | Place::Later, Unit::Keyed(hash)) => Some(hash),
            (Place::Whole, _) | (_, Unit::Request) => None,
        }
    }
}

impl Ledger {
    /// An empty one that remembers `cap` units at most; latencies have as many `buckets`.
    #[must_use]
    pub fn new(cap: usize, buckets: usize) -> Self {
        Self {
            cap,
            buckets,
            seen: SeenUnits::default(),
            fresh: BTreeSet::new(),
            told_level: 0,
            open: OpenUnits::default(),
            strata: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }

    /// Takes in what an earlier process has seen; it is stored already, so it is not fresh.
    pub fn seed(&mut self, seen: &SeenUnits) {
        self.seen.merge(seen);
        self.told_level = self.told_level.max(seen.level);
    }

    /// Notes a request that is routed; `labels` are the slices it is in, and its unit's if it is the
    /// first. None: it is no evidence, because its unit's arm was known before and its window is over,
    /// or because the unit is outside the sample.
    pub fn route(&mut self, arrival: Arrival, labels: &Labels) -> Option<Ticket> {
        let Arrival { gate, share, arm, unit, window, at } = arrival;
        let ticket = |seen, place| Ticket { stratum: gate.after(seen), share, arm, unit, place };
        let Unit::Keyed(hash) = unit else {
            self.counts(gate.unseen()).wait(labels, |unanswered, _| unanswered.add(arm));
            return Some(ticket(Exposure::NONE, Place::Whole));
        };
        let level = self.seen.level;
        match self.seen.see(hash, (share, arm), self.cap) {
            Seen::Outside => None,
            Seen::Known => {
                let stratum = self.join(gate, hash, at)?;
                Some(ticket(stratum.seen, Place::Later))
            }
            Seen::Open(before) => {
                self.fresh.insert(hash);
                let stratum = gate.after(before);
                let ticket = if window.is_zero() {
                    self.counts(stratum).wait(labels, |unanswered, _| unanswered.add(arm));
                    ticket(before, Place::Whole)
                } else {
                    let ends = at.saturating_add(window);
                    self.begin(hash, Open::new(stratum, (arm, labels.clone()), ends));
                    ticket(before, Place::First)
                };
                if self.seen.level > level {
                    self.drop_outside();
                }
                Some(ticket)
            }
        }
    }

    /// Takes back a request with how it ended, and the labels it was routed with.
    pub fn answer(&mut self, ticket: Ticket, labels: &Labels, answer: Answer) {
        let Ticket { stratum, arm, .. } = ticket;
        match (ticket.place, ticket.unit) {
            (Place::First | Place::Later, Unit::Keyed(hash)) => {
                self.answer_one(ticket, hash, answer);
            }
            (Place::Whole, _) | (Place::First | Place::Later, Unit::Request) => {
                let counts = self.counts(stratum);
                counts.wait(labels, |unanswered, _| unanswered.take_back(arm));
                match answer {
                    Answer::Counts(outcome) => counts.count(arm, labels, outcome),
                    Answer::Void => self.forget(ticket),
                }
            }
        }
    }

    /// Counts what a unit's first answer in the gate says, for each check that watches it: the check's
    /// name and the outcome. It waits for no window, since no later answer changes it.
    pub fn predicted(&mut self, ticket: Ticket, labels: &Labels, told: &[(&str, String)]) {
        match ticket.place {
            Place::Whole | Place::First => {
                self.counts(ticket.stratum).predicted(ticket.arm, labels, told);
            }
            Place::Later => {}
        }
    }

    /// Closes the windows that are over by `now`. One with a request under way is over without its
    /// answer until that comes.
    pub fn close(&mut self, now: Duration) {
        while let Some(closing) = self.open.over_by(now) {
            match closing {
                Closing::Whole(open, outcome) => {
                    let counts = self.counts(open.stratum);
                    counts.open.take_back(open.arm);
                    counts.count(open.arm, &open.labels, outcome);
                }
                Closing::Waits(open) => {
                    let counts = self.counts(open.stratum);
                    counts.open.take_back(open.arm);
                    counts.wait(&open.labels, |unanswered, waiting| {
                        waiting.take_back(open.arm);
                        unanswered.add(open.arm);
                    });
                }
            }
        }
    }

    /// A copy of what was counted so far, by stratum.
    #[must_use]
    pub fn strata(&self) -> BTreeMap<GateStratum, GateCounts> {
        self.strata.iter().map(|(of, counts)| (*of, GateCounts::clone(counts))).collect()
    }

    /// The strata that were counted into since the last time, each with all that it ever counted.
    pub fn take_changed(&mut self) -> Vec<(GateStratum, Arc<GateCounts>)> {
        let changed = std::mem::take(&mut self.changed);
        let counts = |of: GateStratum| Some((of, Arc::clone(self.strata.get(&of)?)));
        changed.into_iter().filter_map(counts).collect()
    }

    /// The units of which more is known than the last time, and the sampling level now; none where neither
    /// is news.
    pub fn take_fresh(&mut self) -> Option<(Vec<Noted>, u32)> {
        let fresh = std::mem::take(&mut self.fresh);
        let level = self.seen.level;
        let raised = std::mem::replace(&mut self.told_level, level) < level;
        let known = |hash: u64| Some((hash, *self.seen.units.get(&hash)?));
        let fresh: Vec<_> = fresh.into_iter().filter_map(known).collect();
        (raised || !fresh.is_empty()).then_some((fresh, level))
    }

    /// Units whose window is not closed.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.open.len()
    }

    fn counts(&mut self, stratum: GateStratum) -> &mut GateCounts {
        self.changed.insert(stratum);
        let latency = || ArmHistogram::empty(self.buckets);
        let counts = || Arc::new(GateCounts { latency: latency(), ..GateCounts::default() });
        Arc::make_mut(self.strata.entry(stratum).or_insert_with(counts))
    }

    fn begin(&mut self, hash: u64, open: Open) {
        let counts = self.counts(open.stratum);
        counts.open.add(open.arm);
        counts.wait(&open.labels, |_, waiting| waiting.add(open.arm));
        self.open.begin(hash, open);
    }

    /// One more request of an open unit, if it began in time.
    fn join(&mut self, gate: GateIndex, hash: u64, at: Duration) -> Option<GateStratum> {
        let open = self.open.get(gate, hash).filter(|open| at < open.ends)?;
        open.under_way += 1;
        let stratum = open.stratum;
        if open.under_way == 1 {
            let (arm, labels) = (open.arm, open.labels.clone());
            self.counts(stratum).wait(&labels, |_, waiting| waiting.add(arm));
        }
        Some(stratum)
    }

    /// One of a unit's requests has ended. The unit is gone where sampling has left it out.
    fn answer_one(&mut self, ticket: Ticket, hash: u64, answer: Answer) {
        let Ticket { stratum, arm, .. } = ticket;
        let Some(open) = self.open.get(stratum.gate, hash) else { return };
        open.take(answer);
        if open.under_way > 0 {
            return;
        }
        let (over, outcome, labels) = (open.is_over(), open.outcome, open.labels.clone());
        if over || outcome.is_none() {
            self.open.end(stratum.gate, hash);
        }
        let counts = self.counts(stratum);
        counts.wait(
            &labels,
            |unanswered, waiting| {
                if over { unanswered.take_back(arm) } else { waiting.take_back(arm) }
            },
        );
        match outcome {
            Some(outcome) if over => counts.count(arm, &labels, outcome),
            Some(_) => {}
            None => {
                if !over {
                    counts.open.take_back(arm);
                }
                self.forget(ticket);
            }
        }
    }

    /// All of the unit's requests were void, so it is still to come. What was flushed meanwhile stays
    /// stored: after a restart it is not counted at this share, which costs evidence, never validity.
    fn forget(&mut self, ticket: Ticket) {
        if let Unit::Keyed(hash) = ticket.unit {
            self.seen.forget(hash, (ticket.share, ticket.arm), ticket.stratum.seen);
        }
    }

    /// Open units that fell out of the sample are let go, whatever their arm and outcome.
    fn drop_outside(&mut self) {
        for open in self.open.retain(|hash| self.seen.samples(hash)) {
            let over = open.is_over();
            let counts = self.counts(open.stratum);
            if !over {
                counts.open.take_back(open.arm);
            }
            if open.under_way > 0 {
                counts.wait(&open.labels, |unanswered, waiting| {
                    if over { unanswered.take_back(open.arm) } else { waiting.take_back(open.arm) }
                });
            }
        }
    }
}
