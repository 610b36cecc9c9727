//! Who sends the requests: strangers, each a unit of its own, or a fixed number of users who return.
//!
//! Owns what each user has shown of their arm. Requests are a Poisson process, so those of each user
//! are one of their own: of the users who have not been seen since the gate began, each comes by
//! within a time in which n requests are expected with probability 1 − exp(−n / users), independently.
//! So the users counted in a step are binomial, by what they had shown before, and no user is drawn by
//! themselves. What the candidate answers is the requests of those users whose arm it is, whoever they
//! turned out to be: of few users they are not the share of all requests.

use super::arrivals::float;
use super::groups::Group;
use super::returning;
use crate::distribution::{binomial, poisson};
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

/// What a step brought.
#[derive(Debug, Clone, Default)]
pub(super) struct Step {
    pub(super) came: Vec<Came>,
    /// By part of the traffic, what the candidate answered besides the first requests of these units.
    pub(super) again: Vec<u64>,
}

impl Crowd {
    /// Users are in a part of the traffic for good; each comes as often as any other.
    pub(super) fn new(users: u64, groups: &[Group]) -> Self {
        let (mut parts, mut before) = (0.0, 0);
        let of = |group: &Group| {
            parts += group.part;
            #[expect(clippy::cast_possible_truncation, reason = "a part of a count")]
            #[expect(clippy::cast_sign_loss, reason = "parts are positive")]
            let up_to = ((parts * float(users)).round() as u64).clamp(before, users);
            let here = up_to - before;
            before = up_to;
            Population::new(here)
        };
        let mut of: Vec<_> = groups.iter().map(of).collect();
        // What rounding leaves is the last one's.
        if let Some(last) = of.last_mut() {
            *last = Population::new(last.users + users - before);
        }
        Self { users, of }
    }

    /// How many of the users are counted for the first time at this share, where so many requests are
    /// expected of all of them.
    pub(super) fn expected_first(&self, share: Share, requests: f64) -> f64 {
        let open = float(self.of.iter().map(|users| users.open(share)).sum());
        -open * (-requests / float(self.users)).exp_m1()
    }

    /// The part of the users who are on the candidate at this share, on average.
    pub(super) fn on_candidate(&self, share: Share) -> f64 {
        let (known, open) = self.of_candidate(share);
        (known + open) / float(self.users)
    }

    /// The same at least, and at most, but for six standard deviations of those who have not been seen.
    pub(super) fn on_candidate_between(&self, share: Share) -> (f64, f64) {
        let (known, open) = self.of_candidate(share);
        let users = float(self.users);
        let (least, most) = (open - 6.0 * open.sqrt(), open + 6.0 * open.sqrt() + 6.0);
        ((known + least.max(0.0)) / users, ((known + most) / users).min(1.0))
    }

    /// Those whose arm is known to be the candidate, and how many of the others are expected to be.
    fn of_candidate(&self, share: Share) -> (f64, f64) {
        let known = float(self.of.iter().map(|users| users.known(share)).sum());
        (known, self.of.iter().map(|users| users.open_to(share)).sum())
    }

    /// Counts the users who come by for the first time at this share while so many requests are
    /// expected of all of them.
    pub(super) fn step(&mut self, rng: &mut Rng, share: Share, expected: f64) -> Step {
        let each = expected / float(self.users);
        let mut step = Step::default();
        for (index, users) in self.of.iter_mut().enumerate() {
            let known = users.known(share);
            let counted = users.step(rng, share, -(-each).exp_m1());
            let first = counted.iter().map(|(_, units)| units.candidate).sum();
            let of_known = poisson(rng, float(known) * each);
            step.again.push(of_known + returning::further(rng, first, each));
            step.came.extend(counted.into_iter().map(|(seen, units)| (index, seen, units)));
        }
        step
    }

    /// By part of the traffic, what the candidate answers while nobody is counted and so many requests
    /// are expected of all users.
    pub(super) fn answered(&self, rng: &mut Rng, share: Share, expected: f64) -> Vec<u64> {
        let each = expected / float(self.users);
        let of = |users: &Population| {
            poisson(rng, each * (float(users.known(share)) + users.open_to(share)))
        };
        self.of.iter().map(of).collect()
    }

    /// One request by any of the users, and the part of the traffic it is in.
    pub(super) fn request(
        &mut self,
        rng: &mut Rng,
        (share, counting): (Share, Counting),
    ) -> (usize, Assigned) {
        let mut at = rng.unit() * float(self.users);
        let hit = |users: &Population| {
            at -= float(users.users);
            at < 0.0
        };
        let index = self.of.iter().position(hit).unwrap_or(self.of.len().saturating_sub(1));
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

    /// Users who are known to be on the candidate at this share.
    fn known(&self, share: Share) -> u64 {
        if share == Share::FULL {
            return self.users;
        }
        self.shown.get(&Exposure::KNOWN).copied().unwrap_or(0)
    }

    /// Of those whose arm is open, the expected number on the candidate.
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

    fn crowd(users: &[u64]) -> Crowd {
        let of = users.iter().map(|users| Population::new(*users)).collect();
        Crowd { users: users.iter().sum(), of }
    }

    #[test]
    fn those_who_come_first_are_expected_as_they_come() {
        let mut crowd = crowd(&[400, 600]);
        let found = crowd.expected_first(share(5), 693.147);
        assert!((found - 500.0).abs() < 0.001, "{found}");
        crowd.step(&mut Rng::new(1), share(5), 1e6);
        assert!(crowd.expected_first(share(5), 693.147) < 1e-9);
    }

    /// What the candidate answers, of twenty users and over two shares: its mean and its variance are
    /// those of single requests, and the variance is no Poisson one.
    #[test]
    fn the_candidate_answers_as_much_in_steps_as_request_by_request() {
        let (runs, mut rng) = (20_000, Rng::new(6));
        let mut found = [(0.0, 0.0); 2];
        for _ in 0..runs {
            let (mut steps, mut singles) = (crowd(&[5, 15]), crowd(&[5, 15]));
            let mut answered = [0, 0];
            for percent in [20, 50] {
                for _ in 0..2 {
                    let step = steps.step(&mut rng, share(percent), 15.0);
                    answered[0] += step.again.iter().sum::<u64>();
                    answered[0] += step.came.iter().map(|(_, _, it)| it.candidate).sum::<u64>();
                }
                for _ in 0..poisson(&mut rng, 30.0) {
                    let at = (share(percent), Counting::Counts);
                    answered[1] += u64::from(singles.request(&mut rng, at).1.arm == Arm::Candidate);
                }
            }
            for (found, answered) in found.iter_mut().zip(answered) {
                found.0 += float(answered);
                found.1 += float(answered).powi(2);
            }
        }
        let [(steps, of_steps), (singles, of_singles)] = found.map(|(sum, squares)| {
            let mean = sum / f64::from(runs);
            (mean, squares / f64::from(runs) - mean * mean)
        });
        // Four and a half standard errors of two means, and some of two variances.
        assert!((steps - singles).abs() < 4.5 * (2.0 * of_singles / f64::from(runs)).sqrt());
        assert!((of_steps / of_singles - 1.0).abs() < 0.07, "{of_steps} {of_singles}");
        assert!(of_singles > 1.5 * singles, "{of_singles} {singles}");
    }
}
