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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::arrivals::float;
    use seatrial_domain::Share;
    use seatrial_domain::plan::{Kind, PerUnit, Scale};
    use seatrial_domain::policy;

    const fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    /// A gate of at least 60 minutes, of which ten are warm-up and twenty are waited for labels.
    fn looks(mode: GateMode) -> Vec<Look> {
        let text = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\n\
                    spec:\n  endpoint: e\n  canary: {share: 5}\n";
        let policy = policy::parse(text).unwrap();
        let mut plan = policy.plan(Kind::Promote, policy.endpoint()).unwrap();
        plan.analysis.discard = minutes(10);
        plan.analysis.unit_window = minutes(5);
        plan.analysis.min_units = 700;
        let labels = Labels {
            metric: "bought",
            late_by: minutes(20),
            min_coverage: 0.0,
            scale: Scale::YesNo,
            per_unit: PerUnit::First,
        };
        let (min_duration, max_duration) = (minutes(60), minutes(80));
        let share = Share::new(500).unwrap();
        let gate = Gate { share, min_duration, max_duration, mode, checks: Vec::new() };
        of(&gate, (&plan.analysis, Some(labels)), 2.0)
    }

    #[test]
    fn a_gate_is_looked_at_before_it_may_pass_then_ever_more_seldom_and_at_its_end() {
        let at = |it: &Look| (it.at - minutes(30)).as_secs_f64() / 60.0;
        let looks = looks(GateMode::Auto);
        let expected = [1.875, 3.75, 7.5, 15.0, 30.0, 36.0, 43.2, 50.0];
        assert_eq!(looks.len(), expected.len(), "{looks:?}");
        for (look, minutes) in looks.iter().zip(expected) {
            assert!((at(look) - minutes).abs() < 1e-6, "{looks:?}");
            assert!((float(look.units) - 120.0 * minutes).abs() < 1.0 + 1e-6, "{look:?}");
            assert_eq!(look.least, (minutes >= 30.0).then_some(700), "{look:?}");
        }
    }

    #[test]
    fn the_candidates_units_have_to_be_enough_and_a_persons_gate_passes_by_no_verdict() {
        let last = *looks(GateMode::Auto).last().unwrap();
        let passes = |candidate| last.passes(&ArmCount { candidate, incumbent: 9_000 });
        assert!(passes(700) && !passes(699));
        assert!(looks(GateMode::AutoAndApproval).iter().any(|look| look.least.is_some()));
        assert!(looks(GateMode::Approval).iter().all(|look| look.least.is_none()));
    }
}
