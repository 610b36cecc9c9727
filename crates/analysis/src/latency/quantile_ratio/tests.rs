//! The search finds what trying every bucket would.

use super::*;
use crate::latency::LogLinear;
use crate::logspace::log_sum_exp;
use proptest::prelude::*;

/// The formula as the page has it, bucket by bucket.
fn plainly(test: &QuantileRatio, counts: &ArmHistogram, scale: f64) -> f64 {
    let exceeding = |arm: &[u64], edge: usize| {
        let above: u64 = arm.iter().skip(edge + 1).sum();
        let total: u64 = arm.iter().sum();
        (scale * float(above), scale * float(total) - scale * float(above))
    };
    let log_e = |bets: &Bernoulli, (above, within): (f64, f64)| bets.log_e(above, within);
    let of_bucket = |bucket: usize| {
        let below = bucket.checked_sub(1);
        let candidate = below.map_or(0.0, |edge| {
            log_e(
                &test.candidate_at_least,
                exceeding(&counts.candidate, test.candidate_edges[edge]),
            )
        });
        let lower =
            below.map_or(0.0, |edge| log_e(&test.at_least, exceeding(&counts.incumbent, edge)));
        let upper = if bucket + 1 == test.buckets {
            0.0
        } else {
            log_e(&test.at_most, exceeding(&counts.incumbent, bucket))
        };
        let [plain, up, low] = test.log_weights;
        candidate + log_sum_exp(&[plain, up + upper, low + lower])
    };
    (0..test.buckets).map(of_bucket).fold(f64::INFINITY, f64::min)
}

fn arm() -> impl Strategy<Value = Vec<u64>> {
    let count = prop_oneof![3 => Just(0_u64), 2 => 0..40_u64, 1 => 0..3_000_u64];
    prop::collection::vec(count, 9..10)
}

/// Many buckets: nothing, a hill of answers with gaps in it, and a few beyond.
fn hill() -> impl Strategy<Value = Vec<u64>> {
    let gap = prop_oneof![1 => Just(0_u64), 2 => 0..30_u64];
    (prop::collection::vec(gap, 80..81), 1..60_u64, 0..4_u64).prop_map(|(hill, times, slowest)| {
        let mut all = vec![0; 281];
        all.iter_mut().skip(100).zip(hill).for_each(|(count, of)| *count = times * of);
        all[280] = slowest;
        all
    })
}

proptest! {
    #[test]
    fn of_several_strata_too_no_bucket_is_refuted_less(
        one in (arm(), arm()), other in (arm(), arm()), pis in (0.02..0.9_f64, 0.02..0.9_f64),
        quantile in 0.3..0.995_f64, scale in 0.2..50.0_f64,
    ) {
        let edges = Edges::try_from(vec![5, 6, 8, 10, 20, 21, 40, 80]).unwrap();
        let test = QuantileRatio::new(&edges, quantile, 1.5).unwrap();
        let stratum = |(candidate, incumbent), pi| {
            Stratum::new(pi, ArmHistogram { candidate, incumbent }).unwrap()
        };
        let strata = [stratum(one, pis.0), stratum(other, pis.1)];
        let exceeding = test.exceeding(&strata).unwrap();
        let each = (0..test.buckets).map(|bucket| exceeding.log_e(bucket, scale));
        let least = each.fold(f64::INFINITY, f64::min);
        prop_assert_eq!(exceeding.least(scale).log_e.to_bits(), least.to_bits());
    }

    #[test]
    fn among_many_buckets_none_is_refuted_less(
        one in (hill(), hill()), other in (hill(), hill()), pis in (0.02..0.9_f64, 0.02..0.9_f64),
        quantile in 0.3..0.995_f64, strata in 1..=2_usize, scale in 0.2..50.0_f64,
    ) {
        let edges = Edges::log_linear(LogLinear { steps_per_octave: 40, octaves: 6 }).unwrap();
        let test = QuantileRatio::new(&edges, quantile, 1.5).unwrap();
        let stratum = |(candidate, incumbent), pi| {
            Stratum::new(pi, ArmHistogram { candidate, incumbent }).unwrap()
        };
        let both = [stratum(one, pis.0), stratum(other, pis.1)];
        let exceeding = test.exceeding(&both[..strata]).unwrap();
        let each = (0..test.buckets).map(|bucket| exceeding.log_e(bucket, scale));
        let least = each.fold(f64::INFINITY, f64::min);
        let found = exceeding.least(scale);
        prop_assert_eq!(found.log_e.to_bits(), least.to_bits());
        prop_assert_eq!(exceeding.log_e(found.bucket, scale).to_bits(), least.to_bits());
    }

    #[test]
    fn what_is_found_is_the_least_of_all_buckets_to_the_bit(
        candidate in arm(), incumbent in arm(), quantile in 0.3..0.995_f64,
        ratio in 1.01..3.0_f64, scale in 0.2..50.0_f64,
    ) {
        let edges = Edges::try_from(vec![5, 6, 8, 10, 20, 21, 40, 80]).unwrap();
        let test = QuantileRatio::new(&edges, quantile, ratio).unwrap();
        let counts = ArmHistogram { candidate, incumbent };
        let wanted = plainly(&test, &counts, scale);
        let strata = [Stratum::new(0.05, counts).unwrap()];
        let exceeding = test.exceeding(&strata).unwrap();
        let found = exceeding.least(scale);
        prop_assert_eq!(found.log_e.to_bits(), wanted.to_bits());
        prop_assert_eq!(exceeding.log_e(found.bucket, scale).to_bits(), wanted.to_bits());
    }
}

#[test]
fn the_candidates_edge_is_the_last_at_or_below_the_multiple() {
    let edges = Edges::try_from(vec![10, 12, 20, 40]).unwrap();
    let test = QuantileRatio::new(&edges, 0.9, 2.0).unwrap();
    assert_eq!(test.candidate_edges, [2, 2, 3, 3]);
}

#[test]
fn stakes_and_parts_have_all_of_the_weight_and_no_more() {
    let weights: [&[f64]; 4] = [&CANDIDATE_WEIGHTS, &TOO_FEW_WEIGHTS, &TOO_MANY_WEIGHTS, &PARTS];
    for weights in weights {
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{weights:?}");
    }
}
