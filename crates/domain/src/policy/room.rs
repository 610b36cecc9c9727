//! Whether a journal row can keep what this policy's verdicts will rest on.
//!
//! Owns the refusal of those whose verdicts could not be derived again.

use super::fields::Fields;
use crate::grounds::{COUNTERS_MAX, counters};
use crate::plan::Plan;

pub(super) fn check(plan: &Plan, fields: &Fields<'_>) {
    let counters = counters(plan);
    if counters <= COUNTERS_MAX {
        return;
    }
    let most = if plan.analysis.slices.is_empty() { "ramp" } else { "analysis" };
    let what = format!(
        "gates, slices and checks make about {counters} counters together: more than a row of the journal \
         keeps of a verdict"
    );
    let allowed = format!("at most {COUNTERS_MAX}: fewer gates, slices that enforce, or values");
    fields.report.refuse(&fields.spot_of(most), what, Some(allowed));
}
