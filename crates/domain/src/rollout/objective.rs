//! How long a way back took, measured every time against the plan's objective.

use super::state::Rollout;
use crate::Timestamp;

/// From its decision to the last gateway's acknowledgement, in words.
pub(super) fn way_back(next: &Rollout, what: &str, decided: Timestamp, now: Timestamp) -> String {
    let took = now.since(decided).as_millis();
    let objective = next.plan.standby.rollback_objective.as_millis();
    let verdict = if took <= objective { "within" } else { "MISSED" };
    format!("{what} acknowledged after {took} ms ({verdict} the objective of {objective} ms)")
}
