//! The mixture for late faults, and faults that begin late.

use super::*;
use crate::rng::Rng;
use seatrial_analysis::late;
use seatrial_analysis::two_outcome::{Check, Margin};
use seatrial_analysis::{Cells, Stratum};
use std::time::Duration;

fn errors() -> Cell {
    Cell { base: 0.05, shares: vec![0.5], max_units: 6_000, ..Cell::default() }
}

#[test]
fn a_copy_is_rolled_back_at_most_at_the_level_with_windows_too() {
    let gates = Cell { shares: vec![0.1, 0.5], ..errors() };
    for cell in [errors(), gates] {
        let found = summary(&Cell { late: Some(500), ..cell }, 2_000);
        assert!(found.rate > 0.005 && found.rate <= 0.05, "{found:?}");
    }
}

#[test]
fn a_late_fault_is_found_sooner_with_windows_and_one_from_the_start_little_later() {
    let cell = Cell { effect: 2.0, max_units: 40_000, ..errors() };
    let units = |late, onset| {
        let found = summary(&Cell { late, onset, ..cell.clone() }, 500);
        assert!(found.rate > 0.98, "{found:?}");
        found.mean_units
    };
    let cost = units(Some(1_000_000), 0) / units(None, 0);
    assert!(cost > 1.02 && cost < 1.15, "{cost}");
    let gain = (units(Some(1_000), 8_000) - 8_000.0) / (units(None, 8_000) - 8_000.0);
    assert!(gain < 0.8, "{gain}");
}

/// Information before the fault is none.
#[test]
fn the_limit_of_a_late_fault_is_counted_from_its_onset() {
    let limit = |onset| {
        let cell = Cell { effect: 2.0, onset, ..errors() };
        Prepared::new(&cell).unwrap().kl_units().unwrap()
    };
    assert!((limit(4_000) - limit(0) - 4_000.0).abs() < 1e-6);
    assert!((limit(5_999) - limit(0) - 5_999.0).abs() < 1e-6);
}

/// By the product's own mixture of each window's counts, unit by unit.
fn unit_by_unit(cell: &Cell, hour: u64, run: u64) -> Option<u64> {
    let mut rng = Rng::of_run(7, run);
    let check = Check::errors(Margin::Ratio(2.0)).unwrap();
    let nothing = || vec![Stratum::new(0.5, Cells::default()).unwrap()];
    let (mut now, mut starts) = (nothing(), vec![nothing()]);
    let mut since = check.since(&starts);
    for unit in 0..cell.max_units {
        let seconds = 3_600.0 * unit as f64 / hour as f64;
        if late::window_at(Duration::from_secs_f64(seconds)) >= starts.len() {
            starts.push(now.clone());
            since = check.since(&starts);
        }
        let is_candidate = rng.chance(0.5);
        let worse = is_candidate && unit >= cell.onset;
        if !rng.chance(if worse { cell.base * cell.effect } else { cell.base }) {
            continue;
        }
        let counts = &mut now[0].counts;
        let bad = if is_candidate { &mut counts.candidate_bad } else { &mut counts.incumbent_bad };
        *bad += 1;
        if check.rollback_log_e_since(&now, &since) >= 20.0_f64.ln() {
            return Some(unit + 1);
        }
    }
    None
}

#[test]
fn looks_left_out_between_windows_change_nothing() {
    let cell = Cell { effect: 2.0, late: Some(500), onset: 2_000, ..errors() };
    let (found, runs) = (summary(&cell, 2_000), 2_000);
    let units: Vec<Option<u64>> = (0..runs).map(|run| unit_by_unit(&cell, 500, run)).collect();
    let rate = units.iter().flatten().count() as f64 / runs as f64;
    let sum: u64 = units.iter().map(|found| found.unwrap_or(cell.max_units)).sum();
    let mean = sum as f64 / runs as f64;
    assert!((found.rate - rate).abs() < 0.04, "{} {rate}", found.rate);
    assert!((found.mean_units / mean - 1.0).abs() < 0.03, "{} {mean}", found.mean_units);
}

#[test]
fn windows_are_refused_where_nothing_is_played_unit_by_unit() {
    let late = Cell { late: Some(500), ..errors() };
    for (cell, flag) in [
        (Cell { late: Some(500), ..alike(Metric::Feedback, 0.1) }, "--late"),
        (Cell { onset: 10, ..alike(Metric::Latency, 20.0) }, "--onset"),
        (Cell { question: Question::Healthy { margin: 2.0 }, ..late.clone() }, "--late"),
        (Cell { traffic: Traffic::Users, ..late.clone() }, "--late"),
        (Cell { methods: vec![Method::ZTest], ..late.clone() }, "--late"),
        (Cell { late: Some(u64::MAX), ..late.clone() }, "late"),
        (Cell { onset: 6_000, ..late }, "onset"),
    ] {
        let why = Prepared::new(&cell).unwrap_err().to_string();
        assert!(why.contains(flag), "{flag}: {why}");
    }
}
