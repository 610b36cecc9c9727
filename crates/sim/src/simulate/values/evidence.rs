//! What is drawn at once has the distribution of single values, and so has the evidence made of it.

use super::tests::{heavy, singles};
use super::*;
use seatrial_analysis::counts::Stratum;
use seatrial_analysis::kpi::{Better, Check};
use seatrial_analysis::two_outcome::Margin;

/// Kolmogorov and Smirnov's bound on two equal samples of `draws`: beyond it with probability 1e-4.
fn bound(draws: usize) -> f64 {
    2.23 * (2.0 / draws as f64).sqrt()
}

/// The largest difference of two samples' distributions.
fn apart(one: &mut [f64], other: &mut [f64]) -> f64 {
    one.sort_unstable_by(f64::total_cmp);
    other.sort_unstable_by(f64::total_cmp);
    let part = |of: &[f64], at: f64| of.partition_point(|it| *it <= at) as f64 / of.len() as f64;
    let all = one.iter().chain(other.iter());
    all.map(|at| (part(one, *at) - part(other, *at)).abs()).fold(0.0, f64::max)
}

fn numbers(law: &Law) -> Numbers {
    let (incumbent, candidate) = (law.clone(), law.clone());
    Numbers::new(&load::Values { metric: "revenue".to_owned(), incumbent, candidate }, 3).unwrap()
}

/// The fewest values that are drawn at once: there a normal law is farthest from theirs.
const UNITS: u64 = FEW + 1;

#[test]
fn the_sum_of_the_fewest_values_drawn_at_once_is_spread_as_that_of_single_ones() {
    let draws = 3_000;
    for law in heavy() {
        let (numbers, mut rng) = (numbers(&law), Rng::new(7));
        let count = ArmCount { candidate: UNITS, incumbent: 0 };
        for of in [|it: &kpi::Values| float(it.sum), |it: &kpi::Values| float(it.squares)] {
            let mut at_once: Vec<f64> =
                (0..draws).map(|_| of(&numbers.draw(&mut rng, 0, count).candidate)).collect();
            let mut single: Vec<f64> =
                (0..draws).map(|_| of(&singles(&numbers, &mut rng, count).candidate)).collect();
            let apart = apart(&mut at_once, &mut single);
            assert!(apart < bound(draws), "{law:?}: {apart}");
        }
    }
}

/// A gate of half the traffic, in the smallest steps that are drawn at once.
#[test]
fn the_evidence_of_values_drawn_at_once_is_spread_as_that_of_single_ones() {
    let (draws, steps) = (400, 24);
    for law in heavy() {
        let (numbers, mut rng) = (numbers(&law), Rng::new(11));
        let reference = numbers.reference(0).unwrap().clone();
        let check = Check::new(&reference, Better::Higher, Margin::Ratio(0.9)).unwrap();
        let count = ArmCount { candidate: UNITS, incumbent: UNITS };
        let evidence = |draw: &mut dyn FnMut() -> kpi::Counts| {
            let mut counts = kpi::Counts::default();
            (0..steps).for_each(|_| counts.merge(&draw()).unwrap());
            let strata = [Stratum::new(0.5, counts).unwrap()];
            (check.rollback_log_e(&strata).unwrap(), check.healthy_log_e(&strata).unwrap())
        };
        let (mut at_once, mut single) = (Vec::new(), Vec::new());
        for _ in 0..draws {
            at_once.push(evidence(&mut || numbers.draw(&mut rng, 0, count)));
            single.push(evidence(&mut || singles(&numbers, &mut rng, count)));
        }
        assert!(at_once.iter().any(|(_, healthy)| *healthy != 0.0), "past the burn-in");
        for of in [|it: &(f64, f64)| it.0, |it: &(f64, f64)| it.1] {
            let mut at_once: Vec<f64> = at_once.iter().map(of).collect();
            let mut single: Vec<f64> = single.iter().map(of).collect();
            let apart = apart(&mut at_once, &mut single);
            assert!(apart < bound(draws), "{law:?}: {apart}");
        }
    }
}
