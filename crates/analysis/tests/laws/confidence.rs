//! Mixtures and confidence sequences: coverage at every look, and agreement with the tests they invert.

use seatrial_analysis::confidence::{Difference, Interval, Quantile, TUNED_UNITS, rate};
use seatrial_analysis::latency::Edges;
use seatrial_analysis::mixture::{GammaExponential, GammaPoisson, TwoSidedNormal};
use seatrial_analysis::two_outcome::Centres;
use seatrial_analysis::{Alpha, Cells, Stratum};

use crate::stratum;
use crate::traffic::Rng;

#[test]
fn the_two_sided_bound_is_where_the_evidence_reaches_its_threshold() {
    let mixture = TwoSidedNormal::new(100.0, Alpha::USUAL);
    for v in [1.0, 100.0, 1e6] {
        let bound = mixture.bound(v, Alpha::USUAL);
        assert!((mixture.log_e(bound, v) - Alpha::USUAL.log_threshold()).abs() < 1e-9);
    }
}

#[test]
fn sums_beyond_what_variance_allows_are_no_evidence() {
    let exponential = GammaExponential::new(100.0, 1.0, Alpha::USUAL);
    assert!(exponential.log_e(-1_000.0, 1.0).is_infinite());
    let poisson = GammaPoisson::new(100.0, 1.0, Alpha::USUAL);
    assert!(poisson.log_e(-1_000.0, 1.0).is_infinite());
    assert!(poisson.log_e(60.0, 100.0) > 5.0 && poisson.log_e(0.0, 100.0) < 0.0);
}

/// Units by cell at share `pi`, candidate rate `p1`, incumbent rate `p0`.
fn observe(stratum: &mut Stratum<Cells>, rng: &mut Rng, units: u32, (p1, p0): (f64, f64)) {
    for _ in 0..units {
        let counts = &mut stratum.counts;
        let cell = match (rng.happens(stratum.pi.get()), rng.uniform()) {
            (true, y) if y < p1 => &mut counts.candidate_bad,
            (true, _) => &mut counts.candidate_good,
            (false, y) if y < p0 => &mut counts.incumbent_bad,
            (false, _) => &mut counts.incumbent_good,
        };
        *cell += 1;
    }
}

fn outside(found: Interval, truth: f64) -> bool {
    truth < found.lower || truth > found.upper
}

#[test]
fn differences_are_covered_at_every_look() {
    let [of_labels, of_errors] =
        [Centres::Feedback, Centres::Errors].map(|centres| Difference::new(&centres).unwrap());
    let runs = 200;
    let (mut missed, mut narrow) = ([0, 0], [0, 0]);
    for seed in 0..runs {
        let mut rng = Rng::new(seed);
        let [mut labels, mut errors] = [0.2, 0.5].map(|pi| stratum(pi, [0; 4]));
        let (mut left_out, mut widths) = ([false, false], [0.0, 0.0]);
        for _ in 0..12 {
            observe(&mut labels, &mut rng, 500, (0.25, 0.2));
            observe(&mut errors, &mut rng, 500, (0.03, 0.02));
            let found = of_labels.of_one(&labels, Alpha::USUAL);
            left_out[0] |= outside(found, 0.05);
            widths[0] = found.upper - found.lower;
            let found = of_errors.of_one(&errors, Alpha::USUAL);
            left_out[1] |= outside(found, 0.01);
            widths[1] = found.upper - found.lower;
        }
        for (i, width) in [0.15, 0.04].into_iter().enumerate() {
            missed[i] += u32::from(left_out[i]);
            narrow[i] += u32::from(widths[i] < width);
        }
    }
    assert!(missed.iter().all(|missed| *missed <= 10), "{missed:?} of {runs}");
    assert!(narrow.iter().all(|narrow| *narrow > 190), "{narrow:?} of {runs} are narrow");
}

/// Both margins of a check, put to its own test: what the interval leaves out is rejected.
#[test]
fn intervals_end_where_the_tests_reject() {
    use seatrial_analysis::Mixture;
    use seatrial_analysis::two_outcome::{Contrast, Family};
    let better = stratum(0.05, [10, 340, 600, 6_300]);
    let found = Difference::new(&Centres::Feedback).unwrap().of_one(&better, Alpha::USUAL);
    let rejects = |contrast: Contrast| {
        let family = Family::new(contrast, &Centres::Feedback, Mixture::Uniform).unwrap();
        Alpha::USUAL.halved().rejects(family.log_e(std::slice::from_ref(&better)))
    };
    assert!(found.lower < 0.0 && found.upper < 0.0, "{found:?}");
    // The candidate is better by more than −upper: seen from the other side, with the arms' roles
    // as they are, p₁ ≥ p₀ is rejected, and p₁ ≤ p₀ is not.
    assert!(rejects(Contrast::within_absolute(0.0).unwrap()));
    assert!(!rejects(Contrast::no_worse()));
    let worse = [stratum(0.05, [60, 290, 300, 6_600])];
    let found = Difference::new(&Centres::Feedback).unwrap().of_one(&worse[0], Alpha::USUAL);
    let rejects = |t: f64| {
        let contrast = Contrast::no_worse_than(1.0, t).unwrap();
        let family = Family::new(contrast, &Centres::Feedback, Mixture::Uniform).unwrap();
        Alpha::USUAL.halved().rejects(family.log_e(&worse))
    };
    assert!(found.lower > 0.02, "{found:?}");
    assert!(rejects(found.lower - 1e-6) && !rejects(found.lower + 1e-6));
}

#[test]
fn nothing_is_left_out_without_units() {
    let none = [stratum(0.05, [0; 4])];
    let found = Difference::new(&Centres::Feedback).unwrap().of_one(&none[0], Alpha::USUAL);
    assert_eq!(found, Interval { lower: -1.0, upper: 1.0 });
    assert_eq!(rate(0, 0, TUNED_UNITS, Alpha::USUAL), Interval { lower: 0.0, upper: 1.0 });
    let edges = Edges::default();
    let found =
        Quantile::new(0.99).unwrap().interval(&edges, &vec![0; edges.buckets()], Alpha::USUAL);
    assert_eq!(found, Some(Interval { lower: 0.0, upper: f64::INFINITY }));
    assert_eq!(Quantile::new(0.5).unwrap().interval(&edges, &[1, 2], Alpha::USUAL), None);
}

#[test]
fn a_quantile_is_covered_at_every_look_and_found_in_the_end() {
    let edges = Edges::default();
    let quantile = Quantile::new(0.9).unwrap();
    let mut rng = Rng::new(5);
    let mut sample: Vec<u64> = (0..200_000).map(|_| rng.latency_micros(1.0)).collect();
    sample.sort_unstable();
    let truth = sample[180_000] as f64;
    let (mut missed, mut wide) = (0, 0);
    for seed in 0..300 {
        let mut rng = Rng::new(100 + seed);
        let mut arm = vec![0; edges.buckets()];
        let mut left_out = false;
        let mut last = None;
        for _ in 0..20 {
            (0..200).for_each(|_| arm[edges.bucket_of(rng.latency_micros(1.0))] += 1);
            let found = quantile.interval(&edges, &arm, Alpha::USUAL).unwrap();
            left_out |= truth <= found.lower || truth > found.upper;
            last = Some(found);
        }
        missed += u32::from(left_out);
        wide += u32::from(last.is_none_or(|found| found.upper > 1.2 * found.lower));
    }
    assert!(missed <= 15, "{missed} of 300");
    assert!(wide <= 15, "{wide} of 300 are wide");
}

#[test]
fn swapped_arms_turn_a_difference_round_and_a_dropped_stratum_changes_it() {
    let difference = Difference::new(&Centres::Feedback).unwrap();
    let of = |strata: &[Stratum<Cells>]| {
        let part = 1.0 / strata.len() as f64;
        difference.interval(strata.iter().map(|stratum| (stratum, part)), Alpha::USUAL)
    };
    let [bad, good, incumbent_bad, incumbent_good] = [90, 410, 60, 440];
    let found = of(&[stratum(0.5, [bad, good, incumbent_bad, incumbent_good])]);
    let swapped = of(&[stratum(0.5, [incumbent_bad, incumbent_good, bad, good])]);
    assert!((found.lower + swapped.upper).abs() < 1e-6, "{found:?} {swapped:?}");
    assert!((found.upper + swapped.lower).abs() < 1e-6, "{found:?} {swapped:?}");
    let strata = [stratum(0.05, [10, 340, 600, 6_300]), stratum(0.5, [90, 410, 60, 440])];
    let (both, first) = (of(&strata), of(&strata[..1]));
    assert!((both.upper - first.upper).abs() > 1e-3, "{both:?} {first:?}");
    let wrong = of(&[stratum(0.4, [bad, good, incumbent_bad, incumbent_good])]);
    assert!((wrong.lower - found.lower).abs() > 1e-3, "a wrong share moves it: {wrong:?}");
}

/// By the incumbent's units.
fn of_mix(test: &Difference, strata: &[Stratum<Cells>], each: Alpha) -> (Interval, f64) {
    let units = |it: &Stratum<Cells>| it.counts.incumbent() as f64;
    let all: f64 = strata.iter().map(units).sum();
    let rate = |bad: u64, units: u64| bad as f64 / units as f64;
    let apart = |it: &Stratum<Cells>| {
        rate(it.counts.candidate_bad, it.counts.candidate())
            - rate(it.counts.incumbent_bad, it.counts.incumbent())
    };
    let shown = strata.iter().map(|it| units(it) / all * apart(it)).sum();
    (test.interval(strata.iter().map(|it| (it, units(it) / all)), each), shown)
}

/// No worse for new units, and a fifth worse for those seen before: each bound of a product over both would be
/// beyond the other.
#[test]
fn what_is_told_of_two_histories_that_differ_holds_their_average() {
    let test = Difference::new(&Centres::Errors).unwrap();
    let strata = [
        stratum(0.5, [1_000, 9_000, 1_000, 9_000]),
        stratum(1.0 / 3.0, [2_000, 4_666, 1_333, 12_001]),
    ];
    let (found, shown) = of_mix(&test, &strata, Alpha::USUAL.halved());
    assert!(found.lower < shown && shown < found.upper, "{shown} in {found:?}");
    assert!(found.upper - found.lower < 0.06, "{found:?}");
}

#[test]
fn the_average_of_two_histories_is_covered_at_every_look() {
    let test = Difference::new(&Centres::Feedback).unwrap();
    let runs = 150;
    let missed = (0..runs).filter(|seed| {
        let mut rng = Rng::new(4_000 + seed);
        let mut strata = [0.5, 1.0 / 3.0].map(|pi| stratum(pi, [0; 4]));
        (0..10).any(|_| {
            observe(&mut strata[0], &mut rng, 300, (0.2, 0.2));
            observe(&mut strata[1], &mut rng, 500, (0.4, 0.2));
            let (found, shown) = of_mix(&test, &strata, Alpha::USUAL.halved());
            assert!(found.lower < shown && shown < found.upper, "{shown} in {found:?}");
            let [new, seen] = [0, 1].map(|it: usize| strata[it].counts.incumbent() as f64);
            outside(found, 0.2 * seen / (new + seen))
        })
    });
    let missed = missed.count();
    assert!(missed <= 7, "{missed} of {runs}");
}
