//! How often users come who come at least once.

use super::arrivals::float;
use crate::distribution::{binomial, poisson};
use crate::rng::Rng;

/// Of users of whom so many requests are expected each, none makes none but with probability 1e-14.
const MANY: f64 = 32.0;

/// The requests after the first of so many users, each of whom makes a Poisson number of them with this
/// mean, and at least one: of those who make n, those who make one more are binomial.
pub(super) fn further(rng: &mut Rng, users: u64, mean: f64) -> u64 {
    if mean > MANY {
        return poisson(rng, float(users) * mean).saturating_sub(users);
    }
    let (mut further, mut users) = (0, users);
    let (mut number, mut exactly, mut at_least) = (1.0, mean * (-mean).exp(), -(-mean).exp_m1());
    while users > 0 && at_least > 0.0 {
        users = binomial(rng, users, (1.0 - exactly / at_least).max(0.0));
        further += users;
        at_least -= exactly;
        number += 1.0;
        exactly *= mean / number;
    }
    further
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of three users, over 40,000 draws, against as many of single Poisson numbers that are not zero.
    #[test]
    fn further_requests_are_spread_as_those_of_users_drawn_one_by_one() {
        let (draws, mut rng) = (40_000, Rng::new(2));
        for mean in [0.01, 0.7, 4.0, 31.9, 32.1] {
            let single = |rng: &mut Rng| loop {
                let requests = poisson(rng, mean);
                if requests > 0 {
                    return requests - 1;
                }
            };
            let mut found = [[0.0_f64; 160]; 2];
            for _ in 0..draws {
                found[0][usize::try_from(further(&mut rng, 3, mean)).unwrap().min(159)] += 1.0;
                let singles = (0..3).map(|_| single(&mut rng)).sum::<u64>();
                found[1][usize::try_from(singles).unwrap().min(159)] += 1.0;
            }
            for (at_once, single) in found[0].iter().zip(found[1]) {
                let error = 4.5 * (at_once + single).sqrt() + 5.0;
                assert!((at_once - single).abs() < error, "{mean}: {at_once} {single}");
            }
        }
    }

    #[test]
    fn nobody_makes_none_and_few_requests_are_nearly_none() {
        let mut rng = Rng::new(3);
        assert_eq!(further(&mut rng, 0, 5.0), 0);
        assert_eq!(further(&mut rng, 1_000_000, 0.0), 0);
        // Half of 1e-9 each.
        assert!(further(&mut rng, 1_000_000, 1e-9) <= 1);
        let many = further(&mut rng, 1_000, 100.0);
        // Of 99,000 the standard deviation is 316.
        assert!(many.abs_diff(99_000) < 1_600, "{many}");
    }
}
