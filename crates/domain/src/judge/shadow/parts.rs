//! The shadow's error budget: what each of its tests has of alpha.
//!
//! Owns that all tests that can fail the shadow have alpha between them: equal parts of it for every
//! comparison and paired test that is enforced, and of each part so much for the values of slices as the
//! live gates' budget says. What only warns takes nothing of it, and has alpha beside it. Plans of earlier
//! versions gave the whole to each.

use crate::judge::slices::budget::Budget;
use crate::plan::{Effect, Plan, Sharing};
use seatrial_analysis::Alpha;

#[derive(Debug)]
pub(super) struct Parts {
    pub(super) alpha: Alpha,
    /// Of each test that is enforced.
    enforced: f64,
    /// Of each test's part.
    budget: Budget,
}

impl Parts {
    pub(super) fn of(plan: &Plan, alpha: Alpha) -> Self {
        let shadow = &plan.shadow;
        let each = || Budget { whole: 1.0, each: vec![1.0; shadow.slices.len()] };
        match shadow.sharing {
            Sharing::None => Self { alpha, enforced: 1.0, budget: each() },
            Sharing::Parts => {
                let effects = shadow.labels.iter().map(|labels| labels.effect);
                let paired = effects.chain([shadow.latency]);
                let paired = paired.filter(|effect| *effect == Effect::Enforces).count();
                let tests = u32::try_from(shadow.compare.len() + paired).unwrap_or(u32::MAX);
                let budget = Budget::of_shadow(&shadow.slices).unwrap_or_else(each);
                Self { alpha, enforced: 1.0 / f64::from(tests.max(1)), budget }
            }
        }
    }

    /// Of one test on all pairs.
    pub(super) fn whole(&self, effect: Effect) -> Alpha {
        self.part(effect, self.budget.whole)
    }

    /// Of one test on one value of the plan's slice of this number.
    pub(super) fn value(&self, effect: Effect, slice: usize) -> Alpha {
        self.part(effect, self.budget.each.get(slice).copied().unwrap_or(1.0))
    }

    /// This level's part of alpha.
    pub(super) fn weight(&self, level: Alpha) -> f64 {
        level.get() / self.alpha.get()
    }

    fn part(&self, effect: Effect, part: f64) -> Alpha {
        let of_test = match effect {
            Effect::Warns => 1.0,
            Effect::Enforces => self.enforced,
        };
        // Within alpha, since neither is above one.
        Alpha::new(self.alpha.get() * of_test * part).unwrap_or(self.alpha)
    }
}
