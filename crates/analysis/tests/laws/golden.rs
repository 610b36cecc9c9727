//! Golden values: the errors row against scipy, the betting family against its prototype.

use seatrial_analysis::errors_row::{ErrorsRow, Weights};
use seatrial_analysis::two_outcome::{Centres, Contrast, Family};
use seatrial_analysis::{Cells, Mixture, Stratum};

use crate::{close, stratum};

#[derive(serde::Deserialize)]
struct Randomisation {
    rows: Vec<(f64, u64, u64, f64)>,
}

#[test]
fn errors_row_matches_the_reference_implementation() {
    let golden: Randomisation =
        serde_json::from_str(include_str!("../golden/randomisation.json")).unwrap();
    assert_eq!(golden.rows.len(), 32);
    let row = ErrorsRow::weighing(Weights::Equal);
    for (pi, candidate_bad, errors, wanted) in golden.rows {
        let found = row.log_e(&[stratum(pi, [candidate_bad, 7, errors - candidate_bad, 11])]);
        let near_zero = (found - wanted).abs() < 1e-12;
        assert!(near_zero || (found / wanted - 1.0).abs() < 1e-9, "{pi}: {found} for {wanted}");
    }
}

/// The contrast, its centres, the counts at π = .05, and log M under uniform weights.
fn family_values() -> [(Contrast, Centres, [u64; 4], f64); 4] {
    [
        (Contrast::no_worse(), Centres::Feedback, [20, 80, 150, 1750], 3.669_624_847),
        (
            Contrast::within_absolute(0.02).unwrap(),
            Centres::Feedback,
            [10, 340, 600, 6300],
            11.683_305_266,
        ),
        (Contrast::within_ratio(2.0).unwrap(), Centres::Errors, [0, 500, 50, 9450], 3.243_223_951),
        (
            Contrast::within_absolute(0.01).unwrap(),
            Centres::Errors,
            [0, 400, 0, 7600],
            2.374_953_092,
        ),
    ]
}

fn log_e(contrast: Contrast, centres: Centres, strata: &[Stratum<Cells>]) -> f64 {
    Family::new(contrast, &centres, Mixture::Uniform).unwrap().log_e(strata)
}

#[test]
fn betting_family_matches_its_four_golden_values() {
    for (contrast, centres, counts, wanted) in family_values() {
        let found = log_e(contrast, centres, &[stratum(0.05, counts)]);
        assert!(close(found, wanted, 1e-9), "{contrast:?}: {found} for {wanted}");
    }
}

#[test]
fn a_wrong_share_changes_the_golden_values() {
    for (contrast, centres, counts, wanted) in family_values() {
        let found = log_e(contrast, centres, &[stratum(0.051, counts)]);
        assert!(!close(found, wanted, 1e-4), "{contrast:?}: {found}");
    }
}

#[test]
fn swapped_arms_change_the_golden_values() {
    // The last value has no bad outcome at all: a good one says the same in either arm there.
    for (contrast, centres, [bad, good, incumbent_bad, incumbent_good], wanted) in
        family_values().into_iter().take(3)
    {
        let swapped = [incumbent_bad, incumbent_good, bad, good];
        let found = log_e(contrast, centres, &[stratum(0.05, swapped)]);
        assert!(!close(found, wanted, 1e-2), "{contrast:?}: {found}");
    }
}

#[test]
fn a_dropped_gate_changes_the_evidence() {
    for (contrast, centres, counts, wanted) in family_values() {
        let gates = [stratum(0.05, counts), stratum(0.25, [8, 60, 20, 400])];
        assert!(!close(log_e(contrast, centres, &gates), wanted, 1e-3));
        assert!(close(log_e(contrast, centres, &gates[..1]), wanted, 1e-9));
    }
}
