//! The laws of the decision mathematics, tested through the public interface: golden numbers,
//! expectations by exact enumeration, invariances, planning figures, and calibration by seeded
//! simulation.

#![cfg(test)]

mod calibration;
mod confidence;
mod drift;
mod enumeration;
mod gate;
mod golden;
mod invariance;
mod kpi;
mod kpi_counts;
mod kpi_histories;
mod late;
mod latency;
mod pairs;
mod planning;
mod reference;
mod traffic;

use seatrial_analysis::{Cells, Stratum};

/// Candidate bad and good, incumbent bad and good, as the golden values give them.
fn cells([candidate_bad, candidate_good, incumbent_bad, incumbent_good]: [u64; 4]) -> Cells {
    Cells { candidate_bad, candidate_good, incumbent_bad, incumbent_good }
}

fn stratum(pi: f64, counts: [u64; 4]) -> Stratum<Cells> {
    Stratum::new(pi, cells(counts)).unwrap()
}

fn close(found: f64, wanted: f64, tolerance: f64) -> bool {
    (found - wanted).abs() <= tolerance * wanted.abs().max(1e-3)
}
