//! When a gate is looked at, and how many units count then.

use seatrial_domain::evidence::ArmCount;
use seatrial_domain::plan::{Analysis, Gate, GateMode, Labels};
use std::time::Duration;

/// By how much the counted time grows from look to look.
const GROWTH: f64 = 1.2;
/// Looks before the gate may pass, each at half of the next one's time: what is much worse is found
/// there.
const BEFORE: i32 = 4;

/// One look at a gate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    /// From the gate's begin.
    pub(super) at: Duration,
    /// Units that count by then.
    pub(super) units: u64,
    /// The candidate's units by which it may pass; none: it may not yet, or never by itself.
    least: Option<u64>,
}

impl Look {
    /// Whether a verdict that says so passes the gate.
    pub(super) fn passes(&self, units: &ArmCount) -> bool {
        self.least.is_some_and(|least| units.candidate >= least)
    }
}

/// Of a gate with a check that waits for these labels, at so many units a second.
pub(super) fn of(
    gate: &Gate,
    (analysis, labels): (&Analysis, Option<Labels<'_>>),
    rate: f64,
) -> Vec<Look> {
    // Units whose window is not over, or whose label is waited for, do not count, nor does the warm-up.
    let late_by = labels.map_or(Duration::ZERO, |labels| labels.late_by);
    let uncounted = analysis.discard.saturating_add(analysis.unit_window.max(late_by));
    let counted = |until: Duration| until.saturating_sub(uncounted).as_secs_f64();
    let (first, last) = (counted(gate.min_duration).max(1.0), counted(gate.max_duration));
    let growing = std::iter::successors(Some(first), |time| Some(time * GROWTH));
    let before = (1..=BEFORE).rev().map(|halvings| first * 0.5_f64.powi(halvings));
    let times = before.chain(growing).take_while(|time| *time < last).chain([last]);
    let least = analysis.min_units.max(1);
    times
        .map(|time| {
            let may_pass = gate.mode != GateMode::Approval && time >= first;
            #[expect(clippy::cast_possible_truncation, reason = "saturates")]
            #[expect(clippy::cast_sign_loss, reason = "rates and times are positive")]
            let units = (rate * time) as u64;
            let at = uncounted.saturating_add(Duration::from_secs_f64(time));
            Look { at, units, least: may_pass.then_some(least) }
        })
        .collect()
}
