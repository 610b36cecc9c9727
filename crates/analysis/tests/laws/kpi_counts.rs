//! What is counted of KPIs: merge order, gate split, storage, and what is refused.

use proptest::prelude::*;
use seatrial_analysis::kpi::{Better, Check, Counts, Reference, Worse};
use seatrial_analysis::two_outcome::Margin;
use seatrial_analysis::{Stratum, kpi};

use crate::kpi::{Shape, VALUES, five_values, frozen, worse};

#[test]
fn impossible_margins_and_values_are_refused() {
    let reference = five_values();
    let refused = |better, margin| Check::new(&reference, better, margin).unwrap_err();
    assert_eq!(refused(Better::Higher, Margin::Ratio(1.1)), kpi::Error::Ratio(1.1));
    assert_eq!(refused(Better::Lower, Margin::Ratio(0.9)), kpi::Error::Ratio(0.9));
    assert_eq!(refused(Better::Lower, Margin::Absolute(0.0)), kpi::Error::Absolute(0.0));
    let mut counts = Counts::default();
    assert_eq!(counts.candidate.record(&reference, f64::NAN), Err(kpi::Error::NotFinite));
    assert_eq!(counts, Counts::default());
}

#[test]
fn a_frozen_reference_survives_storage_and_a_damaged_one_does_not() {
    let reference = frozen(Shape::Normal);
    let stored = serde_json::to_string(&reference).unwrap();
    assert_eq!(serde_json::from_str::<Reference>(&stored).unwrap(), reference);
    let damaged = stored.replacen("\"ranks\":[", "\"ranks\":[\"9.5\",", 1);
    assert!(serde_json::from_str::<Reference>(&damaged).is_err());
}

fn any_counts() -> impl Strategy<Value = Counts> {
    let arm = || prop::collection::vec((0..5_usize, 1..20_u32), 0..12);
    (arm(), arm()).prop_map(|(candidate, incumbent)| {
        let reference = five_values();
        let mut counts = Counts::default();
        for (arm, values) in
            [(&mut counts.candidate, candidate), (&mut counts.incumbent, incumbent)]
        {
            for (value, times) in values {
                (0..times).for_each(|_| arm.record(&reference, VALUES[value]).unwrap());
            }
        }
        counts
    })
}

proptest! {
    #[test]
    fn replicas_add_up_in_any_order_and_gates_may_be_split(
        pi in 0.005..0.6_f64, a in any_counts(), b in any_counts(),
    ) {
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b).unwrap();
        ba.merge(&a).unwrap();
        prop_assert_eq!(&ab, &ba);
        let log_e = worse(Better::Higher);
        let whole = log_e(&[Stratum::new(pi, ab).unwrap()]);
        let split = log_e(&[Stratum::new(pi, a).unwrap(), Stratum::new(pi, b).unwrap()]);
        prop_assert!((whole - split).abs() <= 1e-9 * whole.abs().max(1.0));
    }
}

#[test]
fn counts_of_other_buckets_are_refused_and_change_nothing() {
    let mut counts = Counts::default();
    counts.candidate.record(&five_values(), 1.0).unwrap();
    let mut other = Counts::default();
    other.candidate.record(&frozen(Shape::Normal), 1.0).unwrap();
    let before = counts.clone();
    assert!(counts.merge(&other).is_err());
    assert_eq!(counts, before);
    assert!(worse_refuses(&other));
}

fn worse_refuses(counts: &Counts) -> bool {
    let worse = Worse::new(&five_values(), Better::Higher);
    worse.log_e(&[Stratum::new(0.5, counts.clone()).unwrap()]).is_err()
}
