//! Sticky users: many requests of few units, whose outcomes are alike.
//!
//! The arm belongs to the user and the shares rise, so a user that a gate before has counted is not
//! assigned anew: it is counted in the stratum, and with the probability, of its exposure.

use super::cell::Mistake;
use super::engine::{Ending, Run};
use super::outcomes::{Block, Outcomes};
use super::prepared::Setting;
use super::timeline::{Timeline, next_look};
use crate::rng::Rng;
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

/// As many users as the run may count units, in the order of their requests.
pub(super) fn play<O: Outcomes>(setting: &Setting<O>, run: u64) -> Ending {
    let mut rng = Rng::of_run(setting.cell.seed, run);
    let mut user = || User {
        place: rng.unit(),
        level: Timeline::of_user(&mut rng),
        seen: Exposure::NONE,
        counted: None,
    };
    let mut users: Vec<User> = (0..setting.cell.max_units).map(|_| user()).collect();
    let mut run = Run::new(setting);
    let mut strata = BTreeMap::new();
    let mut look_at = setting.cell.first_look.max(1);
    let gates = setting.cell.shares.len();
    let in_gate = setting.cell.max_units * REQUESTS / gates as u64;
    for (gate, share) in setting.shares().into_iter().enumerate() {
        for _ in 0..in_gate {
            let at = usize::try_from(rng.bits() % setting.cell.max_units).unwrap_or_default();
            let Some(user) = users.get_mut(at) else { continue };
            let Some(seen) = user.count(gate, share, setting.cell.mistake) else { continue };
            let Some(pi) = seen.pi(share) else { continue };
            let stratum = *strata.entry((gate, seen)).or_insert_with(|| run.open_at(pi));
            let Some(stratum) = run.strata.get_mut(stratum) else { continue };
            let arm = user.arm(share);
            let one = Block { level: user.level, units: 1 };
            setting.outcomes.draw(&mut rng, arm, one, &mut stratum.counts);
            run.at.units += 1;
            run.at.candidate_units += u64::from(arm == Arm::Candidate);
            if run.at.units >= look_at {
                look_at = next_look(look_at, setting.cell.growth);
                run.look();
                if run.is_over() {
                    return run.finish();
                }
            }
        }
    }
    run.finish()
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
