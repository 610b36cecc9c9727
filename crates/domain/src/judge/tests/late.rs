//! Faults that began late: what each window's start changes, and what it does not.

use super::*;
use crate::Timestamp;
use seatrial_analysis::Cells;
use std::time::Duration;

/// Candidate units in the first six hours, and in the two in which errors are doubled.
const SOUND: u64 = 20_000;
const FAULTY: u64 = 7_000;

fn hours(hours: u64) -> Timestamp {
    Timestamp::default().plus(Duration::from_secs(3_600 * hours))
}

fn evidence(errors: Cells, units: ArmCount) -> Evidence {
    let mut counts = canary(units.candidate);
    counts.errors = errors;
    only(counts)
}

/// Six hours at 5 errors in a thousand on both arms, then two with 10 on the candidate.
fn faulty_at_last() -> (Evidence, Evidence) {
    let before = per_mille(canary_units(SOUND), 5, 5);
    let after = per_mille(canary_units(FAULTY), 10, 5);
    let of = |errors: Cells, candidate| evidence(errors, canary_units(candidate));
    (of(before, SOUND), of(before + after, SOUND + FAULTY))
}

#[test]
fn a_fault_that_began_late_fails_by_what_came_since() {
    let checks = [errors(0.005)];
    let (sound, mut now) = faulty_at_last();
    assert_ne!(look(&checks, &now).decision, fails("errorRate"));
    let mut early = Evidence::default();
    early.begin_window(hours(0));
    early.gates = sound.gates;
    early.begin_window(hours(6));
    now.starts = early.starts;
    assert_eq!(look(&checks, &now).decision, fails("errorRate"));
}

#[test]
fn the_first_window_costs_little_and_labels_have_their_windows_too() {
    let checks = [labels("correct", Better::Higher)];
    let mut counts = canary(500);
    let bad = per_mille(counts.units, 160, 90);
    label(&mut counts, bad);
    let plain = only(counts);
    let mut begun = Evidence::default();
    begun.begin_window(hours(0));
    let windowed = Evidence { starts: begun.starts, ..plain.clone() };
    let log_e = |evidence: &Evidence| {
        report(&look(&checks, evidence), "correct").fail_log_e.expect("labels have come")
    };
    let cost = log_e(&plain) - log_e(&windowed);
    assert!((0.0..=2.0_f64.ln()).contains(&cost), "{cost}");
    let mut renewed = windowed.clone();
    renewed.begin_window(hours(1));
    assert!(log_e(&renewed) < log_e(&windowed) + 1e-9, "nothing has come since");
    assert!(log_e(&renewed) > log_e(&windowed) - 1e-2);
}
