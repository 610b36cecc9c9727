//! What a unit's value is made of where all its labels count: how many it has, and whether any says yes.
//!
//! Owns the law of one unit's labels. Its first request has one with some probability; of later ones,
//! which are Poisson, each has one with the same. So the labels of later requests that say yes are
//! Poisson as well, and units without any, or without a yes, are binomial: no request is drawn by
//! itself. The mean of several numbers has no such short cut: their number is drawn for each unit, and
//! then each number.

use super::values::Numbers;
use crate::distribution::{binomial, poisson};
use crate::rng::Rng;
use seatrial_analysis::kpi;
use seatrial_domain::split::Arm;

/// The requests of a unit that may have a label: its first, and so many more that are expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Requests {
    /// Probability of a label.
    pub(super) labelled: f64,
    pub(super) more: f64,
}

impl Requests {
    /// Probability that no label of one kind comes, which a part `of` the labels is.
    fn none(self, of: f64) -> f64 {
        let each = self.labelled * of;
        (1.0 - each) * (-self.more * each).exp()
    }

    /// Of so many units, those with labels none of which is yes, and those with a yes, which a label is
    /// with this probability.
    pub(super) fn any(self, rng: &mut Rng, units: u64, yes: f64) -> (u64, u64) {
        let (no_yes, no_label) = (self.none(yes), self.none(1.0));
        let good = binomial(rng, units, 1.0 - no_yes);
        let without = if no_yes > 0.0 { (no_label / no_yes).clamp(0.0, 1.0) } else { 0.0 };
        let unlabelled = binomial(rng, units - good, without);
        (units - good - unlabelled, good)
    }

    /// Of so many units, those with one label, and of each other with some, how many.
    fn labels(self, rng: &mut Rng, units: u64) -> (u64, Vec<u64>) {
        let first = binomial(rng, units, self.labelled);
        let more = self.more * self.labelled;
        let again = -(-more).exp_m1();
        let (mut one, mut several) = (0, Vec::new());
        for (units, before) in [(first, 1), (units - first, 0)] {
            let come_again = binomial(rng, units, again);
            one += before * (units - come_again);
            for _ in 0..come_again {
                match before + at_least_one(rng, more) {
                    1 => one += 1,
                    labels => several.push(labels),
                }
            }
        }
        (one, several)
    }

    /// The means of so many units' numbers, counted by the reference of this number; and how many units
    /// have one.
    pub(super) fn means(
        self,
        rng: &mut Rng,
        (numbers, drawn): (&Numbers, Option<u64>),
        (arm, units): (Arm, u64),
        into: &mut kpi::Counts,
    ) -> u64 {
        let (one, several) = self.labels(rng, units);
        if let Some(drawn) = drawn {
            numbers.add(rng, drawn, (arm, one), into);
            several.iter().for_each(|labels| numbers.mean(rng, drawn, (arm, *labels), into));
        }
        one + u64::try_from(several.len()).unwrap_or(u64::MAX)
    }
}

/// How many events happen where `mean` are expected and one does: the first at its time, given that it
/// comes, and the rest after it.
fn at_least_one(rng: &mut Rng, mean: f64) -> u64 {
    let first = -(rng.unit() * (-mean).exp_m1()).ln_1p();
    1 + poisson(rng, (mean - first).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The probability of so many Poisson events.
    fn events(mean: f64, count: i32) -> f64 {
        let log: f64 = (1..=count).map(|factor| (mean / f64::from(factor)).ln()).sum();
        (log - mean).exp()
    }

    /// The probability that `requests` have no label that is yes, and that they have none at all, by
    /// every number of later requests, each request by itself.
    fn one_by_one(requests: Requests, yes: f64) -> (f64, f64) {
        let Requests { labelled, more } = requests;
        let all = |one: f64| -> f64 {
            let after = |count: i32| events(more, count) * one.powi(count);
            one * (0..200).map(after).sum::<f64>()
        };
        (all(1.0 - labelled * yes), all(1.0 - labelled))
    }

    const CASES: [(f64, f64, f64); 6] = [
        (1.0, 0.0, 0.3),
        (0.6, 0.0, 0.3),
        (0.6, 1.7, 0.3),
        (0.2, 9.0, 0.05),
        (1.0, 3.0, 1.0),
        (0.5, 2.0, 0.0),
    ];

    #[test]
    fn no_yes_is_as_probable_as_over_every_number_of_requests() {
        for (labelled, more, yes) in CASES {
            let requests = Requests { labelled, more };
            let (no_yes, no_label) = one_by_one(requests, yes);
            assert!((requests.none(yes) - no_yes).abs() < 1e-12, "{requests:?} {yes}");
            assert!((requests.none(1.0) - no_label).abs() < 1e-12, "{requests:?}");
        }
    }

    /// Each of five units' outcomes, over 40,000 draws at once, and as many of single requests.
    #[test]
    fn units_drawn_at_once_are_spread_as_those_of_single_requests() {
        let (draws, mut rng) = (40_000, Rng::new(9));
        for (labelled, more, yes) in CASES {
            let requests = Requests { labelled, more };
            let single = |rng: &mut Rng| {
                let (mut bad, mut good) = (0, 0);
                for _ in 0..5 {
                    let (mut any, mut some) = (false, false);
                    for _ in 0..=poisson(rng, more) {
                        let label = rng.chance(labelled);
                        some |= label;
                        any |= label && rng.chance(yes);
                    }
                    good += u64::from(any);
                    bad += u64::from(some && !any);
                }
                (bad, good)
            };
            let mut found = [[0.0_f64; 36]; 2];
            let place = |(bad, good): (u64, u64)| usize::try_from(6 * bad + good).unwrap();
            for _ in 0..draws {
                found[0][place(requests.any(&mut rng, 5, yes))] += 1.0;
                found[1][place(single(&mut rng))] += 1.0;
            }
            for (at_once, single) in found[0].iter().zip(found[1]) {
                let error = 4.5 * (at_once + single).sqrt() + 5.0;
                assert!((at_once - single).abs() < error, "{requests:?} {at_once} {single}");
            }
        }
    }

    /// How many labels units have, against single requests: none, one, two, … up to nine and more.
    #[test]
    fn numbers_of_labels_are_spread_as_those_of_single_requests() {
        let (units, mut rng) = (200_000, Rng::new(4));
        for (labelled, more, _) in CASES {
            let mut found = [[0.0_f64; 10]; 2];
            let (one, several) = Requests { labelled, more }.labels(&mut rng, units);
            found[0][1] = one as f64;
            found[0][0] = (units - one - several.len() as u64) as f64;
            several.iter().for_each(|labels| found[0][(*labels).min(9) as usize] += 1.0);
            for _ in 0..units {
                let requests = 1 + poisson(&mut rng, more);
                let labels = (0..requests).filter(|_| rng.chance(labelled)).count();
                found[1][labels.min(9)] += 1.0;
            }
            for (at_once, single) in found[0].iter().zip(found[1]) {
                let error = 4.5 * (at_once + single).sqrt() + 5.0;
                assert!((at_once - single).abs() < error, "{labelled} {more}: {found:?}");
            }
        }
    }
}
