//! Evidence depends on counts alone: not on how a gate's units were divided among replicas.

use proptest::prelude::*;
use seatrial_analysis::errors_row::ErrorsRow;
use seatrial_analysis::latency::{Check as Latency, Edges, Limit, QuantileRatio, Slower};
use seatrial_analysis::two_outcome::{Check, Margin};
use seatrial_analysis::{ArmHistogram, Cells, Pi, Stratum};

fn any_cells() -> impl Strategy<Value = Cells> {
    (0..50_u64, 0..2_000_u64, 0..500_u64, 0..20_000_u64).prop_map(
        |(candidate_bad, candidate_good, incumbent_bad, incumbent_good)| Cells {
            candidate_bad,
            candidate_good,
            incumbent_bad,
            incumbent_good,
        },
    )
}

fn edges() -> Edges {
    Edges::try_from(vec![10, 20, 40, 80, 160]).unwrap()
}

fn any_histogram() -> impl Strategy<Value = ArmHistogram> {
    let arm = || prop::collection::vec(0..200_u64, 6);
    (arm(), arm()).prop_map(|(candidate, incumbent)| ArmHistogram { candidate, incumbent })
}

fn near(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a - b).abs() <= 1e-9 * a.abs().max(1.0)
}

proptest! {
    #[test]
    fn splitting_a_gate_changes_nothing(pi in 0.005..0.6_f64, a in any_cells(), b in any_cells()) {
        let whole = [Stratum::new(pi, a + b).unwrap()];
        let split = [Stratum::new(pi, a).unwrap(), Stratum::new(pi, b).unwrap()];
        let margin = Margin::Both { ratio: 2.0, absolute: 0.005 };
        for check in [Check::errors(margin).unwrap(), Check::feedback(margin).unwrap()] {
            prop_assert!(near(check.rollback_log_e(&whole), check.rollback_log_e(&split)));
            prop_assert!(near(check.healthy_log_e(&whole), check.healthy_log_e(&split)));
        }
        let row = ErrorsRow::default();
        prop_assert!(near(row.log_e(&whole), row.log_e(&split)));
    }

    #[test]
    fn splitting_a_gate_changes_no_latency_evidence(
        pi in 0.005..0.6_f64, a in any_histogram(), b in any_histogram(),
    ) {
        let mut both = a.clone();
        both.merge(&b).unwrap();
        let whole = [Stratum::new(pi, both).unwrap()];
        let split = [Stratum::new(pi, a).unwrap(), Stratum::new(pi, b).unwrap()];
        let limit = Limit::new(&edges(), 40, 0.99).unwrap();
        let ratio = QuantileRatio::new(&edges(), 0.99, 1.5).unwrap();
        let slower = Slower::new(&edges(), &[5, 50, 30, 10, 4, 1]).unwrap();
        let within = |strata: &[_]| limit.healthy_log_e(strata).unwrap();
        let longer = |strata: &[_]| ratio.log_e(strata).unwrap();
        prop_assert!(near(within(&whole), within(&split)));
        prop_assert!(near(longer(&whole), longer(&split)));
        for check in [Latency::LimitedRatio(limit, ratio.clone()), Latency::Ratio(slower, ratio)] {
            let rollback = |strata: &[_]| check.rollback_log_e(strata).unwrap();
            let healthy = |strata: &[_]| check.healthy_log_e(strata).unwrap();
            prop_assert!(near(rollback(&whole), rollback(&split)));
            prop_assert!(near(healthy(&whole), healthy(&split)));
        }
    }

    #[test]
    fn preparing_for_a_share_changes_nothing(
        pi in 0.005..0.6_f64, counts in any_cells(), histogram in any_histogram(),
    ) {
        let shares = [Pi::new(pi).unwrap()];
        let strata = [Stratum::new(pi, counts).unwrap()];
        let check = Check::feedback(Margin::Absolute(0.02)).unwrap();
        let prepared = check.clone().prepared_for(&shares);
        prop_assert!(near(check.rollback_log_e(&strata), prepared.rollback_log_e(&strata)));
        prop_assert!(near(check.healthy_log_e(&strata), prepared.healthy_log_e(&strata)));
        let strata = [Stratum::new(pi, histogram).unwrap()];
        let slower = Slower::new(&edges(), &[5, 50, 30, 10, 4, 1]).unwrap();
        let prepared = slower.clone().prepared_for(&shares);
        prop_assert!(near(slower.log_e(&strata).unwrap(), prepared.log_e(&strata).unwrap()));
    }

    #[test]
    fn no_units_are_no_evidence(pi in 0.005..0.6_f64) {
        let none = [Stratum::new(pi, Cells::default()).unwrap()];
        let check = Check::errors(Margin::Both { ratio: 2.0, absolute: 0.005 }).unwrap();
        prop_assert!(check.rollback_log_e(&none).abs() < 1e-12);
        prop_assert!(check.healthy_log_e(&none).abs() < 1e-12);
    }
}

#[test]
fn histograms_with_other_buckets_are_refused_and_change_nothing() {
    let mut kept = ArmHistogram { candidate: vec![1, 2], incumbent: vec![3, 4] };
    let before = kept.clone();
    assert!(kept.merge(&ArmHistogram::empty(3)).is_err());
    assert!(kept.merge(&ArmHistogram { candidate: vec![1, 1], incumbent: vec![1] }).is_err());
    assert_eq!(kept, before);
}

#[test]
fn shares_without_a_control_are_refused_also_when_stored() {
    for pi in [0.0, 1.0, -0.1, f64::NAN] {
        assert!(Stratum::new(pi, Cells::default()).is_err());
    }
    let stored = serde_json::to_string(&Stratum::new(0.05, Cells::default()).unwrap()).unwrap();
    assert!(serde_json::from_str::<Stratum<Cells>>(&stored).is_ok());
    assert!(serde_json::from_str::<Stratum<Cells>>(&stored.replace("0.05", "1.0")).is_err());
}
