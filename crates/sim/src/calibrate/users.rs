//! Sticky users: many requests of few units, whose outcomes are alike.
//!
//! The arm belongs to the user and the shares rise, so a user that a gate before has counted is not
//! assigned anew: it is counted in the stratum, and with the probability, of its exposure. Each gate has
//! a stratum for every history that a user of it may have, from its first unit on.

use super::cell::Mistake;
use super::engine::{Ending, Run};
use super::histories;
use super::outcomes::{Block, Outcomes};
use super::prepared::Setting;
use super::timeline::{Timeline, next_look};
use crate::rng::Rng;
use seatrial_analysis::Pi;
use seatrial_domain::Share;
use seatrial_domain::exposure::Exposure;
use seatrial_domain::split::Arm;
use std::collections::BTreeMap;

/// Requests of a user, on average over all gates.
const REQUESTS: u64 = 10;

#[derive(Debug, Clone, Copy)]
struct User {
    /// On the candidate while this is below the share.
    place: f64,
    level: usize,
    seen: Exposure,
    /// The gate of its latest counted request.
    counted: Option<usize>,
}

/// A run of units that come again.
struct Visits<'a, O: Outcomes> {
    setting: &'a Setting<O>,
    rng: Rng,
    run: Run<'a, O>,
    look_at: u64,
    gate: Gate,
}

/// The gate that requests come under.
#[derive(Debug, Default)]
struct Gate {
    index: usize,
    share: Share,
    /// Where the stratum of each history is.
    strata: BTreeMap<Exposure, usize>,
}

/// As many users as the run may count units, in the order of their requests.
pub(super) fn play<O: Outcomes>(setting: &Setting<O>, run: u64) -> Ending {
    let mut visits = Visits::new(setting, run);
    let many = setting.cell.max_units;
    let mut users: Vec<User> = (0..many).map(|_| visits.user()).collect();
    let shares = setting.cell.routed_shares();
    let in_gate = many * REQUESTS / shares.len() as u64;
    for gate in 0..shares.len() {
        visits.begin(&shares, gate);
        for _ in 0..in_gate {
            let at = usize::try_from(visits.rng.bits() % many).unwrap_or_default();
            users.get_mut(at).into_iter().for_each(|user| visits.visit(user));
            if visits.run.is_over() {
                return visits.run.finish();
            }
        }
    }
    visits.run.look();
    visits.run.finish()
}

/// As many visits under each gate. Each is of a new unit, or of one that was there in every gate before
/// (in the first gate, will be in every later one): whose turn it is no arm has a part in, so that any
/// visit is as likely of one kind as the next.
pub(super) fn play_returning<O: Outcomes>(setting: &Setting<O>, run: u64) -> Ending {
    let mut visits = Visits::new(setting, run);
    let shares = setting.cell.routed_shares();
    let in_gate = setting.cell.max_units / shares.len() as u64;
    let mut known: Vec<User> = Vec::new();
    for gate in 0..shares.len() {
        visits.begin(&shares, gate);
        let mut turn = 0;
        for _ in 0..in_gate {
            let mut user = visits.user();
            if user.level == 0 {
                visits.visit(&mut user);
            } else {
                if known.len() <= turn {
                    known.push(user);
                }
                known.get_mut(turn).into_iter().for_each(|user| visits.visit(user));
                turn += 1;
            }
            if visits.run.is_over() {
                return visits.run.finish();
            }
        }
    }
    visits.run.look();
    visits.run.finish()
}

impl<'a, O: Outcomes> Visits<'a, O> {
    fn new(setting: &'a Setting<O>, run: u64) -> Self {
        let rng = Rng::of_run(setting.cell.seed, run);
        let look_at = setting.cell.first_look.max(1);
        Self { setting, rng, run: Run::new(setting), look_at, gate: Gate::default() }
    }

    fn user(&mut self) -> User {
        User {
            place: self.rng.unit(),
            level: Timeline::of_user(self.setting.cell.traffic, &mut self.rng),
            seen: Exposure::NONE,
            counted: None,
        }
    }

    fn begin(&mut self, shares: &[Share], index: usize) {
        self.run.begin_gate();
        let mut open = |(seen, pi): (Exposure, Pi)| (seen, self.run.open_at(pi));
        let strata = histories::of_gate(shares, index).into_iter().map(&mut open).collect();
        self.gate = Gate { index, share: shares.get(index).copied().unwrap_or_default(), strata };
    }

    /// One request, which counts if it tells of its user's arm what was not known.
    fn visit(&mut self, user: &mut User) {
        let Gate { index, share, strata } = &self.gate;
        let mistake = self.setting.cell.mistake;
        let Some(seen) = user.count(*index, *share, mistake) else { return };
        let stratum = strata.get(&seen).and_then(|at| self.run.strata.get_mut(*at));
        let Some(stratum) = stratum else { return };
        let arm = user.arm(*share);
        let one = Block { level: user.level, units: 1 };
        let outcomes = &self.setting.outcomes;
        outcomes.draw(&mut self.rng, arm, one, &mut stratum.counts);
        self.run.at.units += 1;
        self.run.at.candidate_units += outcomes.candidate_units(arm);
        if self.run.at.units >= self.look_at {
            self.look_at = next_look(self.look_at, self.setting.cell.growth);
            self.run.look();
        }
    }
}

impl User {
    fn arm(&self, share: Share) -> Arm {
        if self.place < share.probability() { Arm::Candidate } else { Arm::Incumbent }
    }

    /// What was known of its arm at this request; none for a request that does not count.
    fn count(&mut self, gate: usize, share: Share, mistake: Mistake) -> Option<Exposure> {
        let again = self.counted.replace(gate) == Some(gate);
        match mistake {
            Mistake::PerRequest => Some(Exposure::NONE),
            Mistake::Redrawn => (!again).then_some(Exposure::NONE),
            Mistake::None | Mistake::Pooled => {
                let seen = self.seen;
                self.seen = seen.after(share, self.arm(share));
                seen.leaves_open(share).then_some(seen)
            }
        }
    }
}
