//! Who sends the requests: strangers, each a unit of its own, or a fixed number of users who return.
//!
//! Owns what each user has shown of their arm. Requests are a Poisson process, so those of each user
//! are one of their own: of the users who have not been seen since the gate began, each comes by
//! within a time in which n requests are expected with probability 1 − exp(−n / users), independently.
//! So the users counted in a step are binomial, by what they had shown before, and no user is drawn by
//! themselves.

use super::arrivals::float;
use super::groups::{self, Group};
use crate::distribution::binomial;
use crate::rng::Rng;
use seatrial_domain::Share;
use seatrial_domain::evidence::ArmCount;
use seatrial_domain::exposure::Exposure;
use seatrial_domain::split::Arm;
use std::collections::BTreeMap;

/// The users of each part of the traffic, in the order of the parts.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    users: u64,
    of: Vec<Population>,
}

/// Units that came in a step: the part of the traffic they are in, what they had shown, and their arms.
pub(super) type Came = (usize, Exposure, ArmCount);

impl Crowd {
    /// Users are in a part of the traffic for good; each comes as often as any other.
    pub(super) fn new(users: u64, groups: &[Group]) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a part of a count")]
        #[expect(clippy::cast_sign_loss, reason = "parts are positive")]
        let of = |group: &Group| Population::new((group.part * float(users)).round() as u64);
        Self { users, of: groups.iter().map(of).collect() }
    }

    /// In how many expected requests about so many users are counted; none: never.
    pub(super) fn expected_requests(&self, share: Share, units: f64) -> Option<f64> {
        let open = float(self.of.iter().map(|users| users.open(share)).sum());
        (units < open).then(|| -float(self.users) * (-units / open).ln_1p())
    }

    /// Counts the users who come by for the first time at this share while so many requests are
    /// expected of all of them, and how many of them were expected on the candidate.
    pub(super) fn step(&mut self, rng: &mut Rng, share: Share, expected: f64) -> (Vec<Came>, f64) {
        let comes = -(-expected / float(self.users)).exp_m1();
        let candidates = comes * self.of.iter().map(|users| users.open_to(share)).sum::<f64>();
        let parts = self.of.iter_mut().enumerate();
        let came = |(index, users): (usize, &mut Population)| {
            let counted = users.step(rng, share, comes);
            counted.into_iter().map(|(seen, units)| (index, seen, units)).collect::<Vec<_>>()
        };
        (parts.flat_map(came).collect(), candidates)
    }

    /// One request by any of the users, and the part of the traffic it is in.
    pub(super) fn request(
        &mut self,
        rng: &mut Rng,
        (share, counting): (Share, Counting),
        groups: &[Group],
    ) -> (usize, Assigned) {
        let index = groups::one(rng, groups);
        let none = Assigned { arm: Arm::Incumbent, counts: None };
        let users = self.of.get_mut(index);
        (index, users.map_or(none, |users| users.request(rng, share, counting)))
    }
}

/// Whether a request that is a unit's first at its share counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    Counts,
    /// The warm-up: it leaves no trace.
    Discarded,
}

/// A fixed number of users, by what they have shown.
#[derive(Debug, Clone)]
struct Population {
    users: u64,
    shown: BTreeMap<Exposure, u64>,
}

/// One request's arm, and what its user had shown before where it counts as a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Assigned {
    pub(super) arm: Arm,
    pub(super) counts: Option<Exposure>,
}

impl Population {
    fn new(users: u64) -> Self {
        Self { users, shown: [(Exposure::NONE, users)].into() }
    }

    /// Users whose arm is open at this share: they have not been counted at it.
    fn open(&self, share: Share) -> u64 {
        self.shown.iter().filter(|(seen, _)| seen.leaves_open(share)).map(|(_, users)| users).sum()
    }

    /// Of those, the expected number on the candidate.
    fn open_to(&self, share: Share) -> f64 {
        let open = self.shown.iter().filter(|(seen, _)| seen.leaves_open(share));
        open.filter_map(|(seen, users)| Some(float(*users) * seen.pi(share)?.get())).sum()
    }

    /// Counts the users who come by for the first time at this share, each with this probability, by
    /// what they had shown.
    fn step(&mut self, rng: &mut Rng, share: Share, comes: f64) -> Vec<(Exposure, ArmCount)> {
        let mut counted = Vec::new();
        for (seen, users) in &self.shown {
            let Some(pi) = seen.pi(share).filter(|_| seen.leaves_open(share)) else { continue };
            let come = binomial(rng, *users, comes);
            let candidate = binomial(rng, come, pi.get());
            counted.push((*seen, ArmCount { candidate, incumbent: come - candidate }));
        }
        for (seen, units) in &counted {
            self.learn((*seen, Arm::Candidate), share, units.candidate);
            self.learn((*seen, Arm::Incumbent), share, units.incumbent);
        }
        counted
    }

    /// One request by any of the users.
    fn request(&mut self, rng: &mut Rng, share: Share, counting: Counting) -> Assigned {
        let mut at = rng.unit() * float(self.users);
        let hit = |(_, users): &(&Exposure, &u64)| {
            at -= float(**users);
            at < 0.0
        };
        let seen = self.shown.iter().find(hit).map_or(Exposure::KNOWN, |(seen, _)| *seen);
        match seen.pi(share).filter(|_| seen.leaves_open(share)) {
            Some(pi) => {
                let arm = if rng.chance(pi.get()) { Arm::Candidate } else { Arm::Incumbent };
                match counting {
                    Counting::Discarded => return Assigned { arm, counts: None },
                    Counting::Counts => self.learn((seen, arm), share, 1),
                }
                Assigned { arm, counts: Some(seen) }
            }
            None if seen == Exposure::KNOWN || share == Share::FULL => {
                Assigned { arm: Arm::Candidate, counts: None }
            }
            None => Assigned { arm: Arm::Incumbent, counts: None },
        }
    }

    fn learn(&mut self, (seen, arm): (Exposure, Arm), share: Share, users: u64) {
        let before = self.shown.entry(seen).or_default();
        *before = before.saturating_sub(users);
        *self.shown.entry(seen.after(share, arm)).or_default() += users;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(percent: u16) -> Share {
        Share::new(percent * 100).unwrap()
    }

    #[test]
    fn a_user_counts_once_at_a_share_and_nobody_is_lost() {
        let (mut population, mut rng) = (Population::new(10_000), Rng::new(3));
        for percent in [5, 10, 25, 50] {
            let open = population.open(share(percent));
            // Of 5,000 requests each.
            let comes = 1.0 - (-0.5_f64).exp();
            let steps = (0..40).flat_map(|_| population.step(&mut rng, share(percent), comes));
            let counted: u64 = steps.map(|(_, units)| units.total()).sum();
            // After 200,000 requests of 10,000 users everybody has come by.
            assert_eq!((counted, population.open(share(percent))), (open, 0), "{percent}");
        }
        assert_eq!(population.shown.values().sum::<u64>(), 10_000);
        // Half of them are on the candidate, with a standard deviation of 50.
        assert!(population.shown[&Exposure::KNOWN].abs_diff(5_000) < 250);
    }

    /// Steps and single requests count as many users, of each history and on each arm.
    #[test]
    fn a_step_is_its_requests() {
        let (mut steps, mut singles) = (Population::new(2_000), Population::new(2_000));
        let mut rng = Rng::new(5);
        let mut of_singles: BTreeMap<(Exposure, Arm), f64> = BTreeMap::new();
        let mut of_steps = of_singles.clone();
        for percent in [10, 40] {
            for (seen, units) in steps.step(&mut rng, share(percent), 1.0 - (-0.75_f64).exp()) {
                *of_steps.entry((seen, Arm::Candidate)).or_default() += float(units.candidate);
                *of_steps.entry((seen, Arm::Incumbent)).or_default() += float(units.incumbent);
            }
            for _ in 0..1_500 {
                let Assigned { arm, counts } =
                    singles.request(&mut rng, share(percent), Counting::Counts);
                if let Some(seen) = counts {
                    *of_singles.entry((seen, arm)).or_default() += 1.0;
                }
            }
        }
        assert_eq!(of_singles.len(), 4 + 2 - 2);
        for (of, single) in of_singles {
            // Five standard deviations of the difference, at most.
            let step = of_steps[&of];
            assert!((step - single).abs() < 5.0 * (step + single).sqrt(), "{of:?} {step} {single}");
        }
    }

    #[test]
    fn the_requests_that_are_needed_are_told() {
        let crowd = Crowd { users: 1_000, of: vec![Population::new(400), Population::new(600)] };
        assert_eq!(crowd.expected_requests(share(5), 1_000.0), None);
        let needed = crowd.expected_requests(share(5), 500.0).unwrap();
        assert!((needed - 693.147).abs() < 0.001, "{needed}");
    }
}
