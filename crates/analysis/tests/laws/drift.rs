//! Prediction drift: expectation by enumeration, what finds it and what does not, distances.

use std::collections::BTreeMap;

use seatrial_analysis::drift::{Counts, distance, log_e, merge};
use seatrial_analysis::sample_ratio::Assigned;
use seatrial_analysis::{Alpha, Stratum, Weight};

use crate::traffic::Rng;

const CLASSES: [&str; 3] = ["cat", "dog", "other"];

/// E[exp(log_e)] over all sequences of four units; `told` is the share the test is told.
fn expectation((pi, told): (f64, f64), candidate: [f64; 3], incumbent: [f64; 3]) -> f64 {
    let arms = candidate.iter().map(|p| pi * p).chain(incumbent.iter().map(|p| (1.0 - pi) * p));
    let outcomes: Vec<f64> = arms.collect();
    (0..6_usize.pow(4))
        .map(|code| {
            let (mut counts, mut probability) = (Counts::new(), 1.0);
            for unit in 0..4 {
                let outcome = code / 6_usize.pow(unit) % 6;
                probability *= outcomes[outcome];
                let arm = if outcome < 3 { CANDIDATE } else { INCUMBENT };
                count(&mut counts, CLASSES[outcome % 3], arm);
            }
            probability * log_e(&[Stratum::new(told, counts).unwrap()]).exp()
        })
        .sum()
}

const CANDIDATE: Assigned = Assigned { candidate: 1, incumbent: 0 };
const INCUMBENT: Assigned = Assigned { candidate: 0, incumbent: 1 };

fn count(counts: &mut Counts<&'static str>, class: &'static str, arm: Assigned) {
    counts.entry(class).or_default().merge(arm);
}

#[test]
fn drift_expects_one_for_equal_predictions_whatever_the_classes() {
    for pi in [0.01, 0.05, 0.5] {
        for classes in [[0.5, 0.3, 0.2], [0.98, 0.01, 0.01], [0.0, 0.0, 1.0]] {
            let e = expectation((pi, pi), classes, classes);
            assert!((e - 1.0).abs() < 1e-9, "{pi}: {e}");
        }
    }
    let wrong = expectation((0.5, 0.1), [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]);
    assert!((wrong - 1.0).abs() > 1e-3, "a wrong share is seen: {wrong}");
}

/// Units of two gates whose classes differ; the candidate's second class is `lift` as frequent.
fn observed(seed: u64, lift: f64) -> [Stratum<Counts<&'static str>>; 2] {
    let mut rng = Rng::new(seed);
    [(0.05, 0.2), (0.5, 0.4)].map(|(pi, dogs)| {
        let mut counts = Counts::new();
        for _ in 0..20_000 {
            let candidate = rng.happens(pi);
            let dog = rng.happens(if candidate { dogs * lift } else { dogs });
            let class = if dog { "dog" } else { "cat" };
            count(&mut counts, class, if candidate { CANDIDATE } else { INCUMBENT });
        }
        Stratum::new(pi, counts).unwrap()
    })
}

#[test]
fn a_class_that_became_frequent_is_found_and_a_copy_rarely_is() {
    let fires = |lift| {
        let fired =
            (0..200).filter(|seed| Alpha::USUAL.fires(Weight::ALL, log_e(&observed(*seed, lift))));
        fired.count()
    };
    assert!(fires(1.0) <= 10, "{}", fires(1.0));
    assert_eq!(fires(1.3), 200);
}

#[test]
fn a_dropped_stratum_or_pooled_gates_change_the_evidence() {
    let strata = observed(7, 1.0);
    let [first, second] = &strata;
    let mut pooled = first.clone();
    merge(&mut pooled.counts, &second.counts);
    assert!(log_e(&[pooled]) > 100.0, "pooled, traffic that changed looks like drift");
    assert!(log_e(&strata) < 0.0);
    let parts = log_e(&strata[..1]) + log_e(&strata[1..]);
    assert!((log_e(&strata) - parts).abs() < 1e-9);
    let drifted = observed(7, 1.3);
    assert!(log_e(&drifted) > log_e(&drifted[..1]) + 10.0);
}

#[test]
fn swapped_arms_change_the_evidence() {
    let [first, _] = observed(8, 1.3);
    let swap = |(class, found): (&&'static str, &Assigned)| {
        (*class, Assigned { candidate: found.incumbent, incumbent: found.candidate })
    };
    let swapped: BTreeMap<_, _> = first.counts.iter().map(swap).collect();
    let swapped = Stratum { pi: first.pi, counts: swapped };
    assert!(log_e(&[swapped]) > log_e(&[first]) + 100.0);
}

#[test]
fn replicas_add_up_in_any_order() {
    let [a, b] = observed(9, 1.1).map(|stratum| stratum.counts);
    let (mut ab, mut ba) = (a.clone(), b.clone());
    merge(&mut ab, &b);
    merge(&mut ba, &a);
    assert_eq!(ab, ba);
}

#[test]
fn distances_are_nothing_for_equal_classes_and_whole_for_disjoint_ones() {
    let arms = |pairs: &[(&'static str, u64, u64)]| {
        let counts = pairs.iter().map(|(class, candidate, incumbent)| {
            (*class, Assigned { candidate: *candidate, incumbent: *incumbent })
        });
        Stratum::new(0.1, counts.collect::<Counts<_>>()).unwrap()
    };
    let equal = distance(&[arms(&[("a", 100, 900), ("b", 200, 1_800)])]).unwrap();
    assert!(equal.psi.abs() < 1e-4 && equal.jensen_shannon.abs() < 1e-12, "{equal:?}");
    let disjoint = distance(&[arms(&[("a", 100, 0), ("b", 0, 900)])]).unwrap();
    assert!(disjoint.psi > 5.0 && (disjoint.jensen_shannon - 1.0).abs() < 1e-12, "{disjoint:?}");
    // (.6 − .4)·ln(.6/.4) + (.4 − .6)·ln(.4/.6), and the divergence from one half.
    let apart = distance(&[arms(&[("a", 600_000, 400_000), ("b", 400_000, 600_000)])]).unwrap();
    assert!((apart.psi - 0.4 * 1.5_f64.ln()).abs() < 1e-5, "{apart:?}");
    let bits = 0.6 * 1.2_f64.log2() + 0.4 * 0.8_f64.log2();
    assert!((apart.jensen_shannon - bits).abs() < 1e-9, "{apart:?} {bits}");
    let halves = [(600_000, 400_000), (400_000, 600_000)];
    let halves = halves.map(|(a, b)| arms(&[("a", a, b), ("b", 1_000_000 - a, 1_000_000 - b)]));
    assert!(
        distance(&halves).unwrap().psi < 1e-9,
        "what one gate has more of the other has less of"
    );
    let simpson = observed(10, 1.0);
    assert!(distance(&simpson).unwrap().psi < 0.01, "gates with other traffic are no distance");
    assert_eq!(distance(&[arms(&[("a", 1, 0)])]), None);
}
