//! How much a plan's rows may hold, so that none is accepted whose verdicts could not be kept.
//!
//! Owns how counters are reckoned: gates, what their units have shown before, slices, metrics and the
//! starts of windows, latencies by as many buckets as are usually met. It is an estimate from above of
//! all but the buckets; where counts are as usual, a row has room for twice as many of these
//! ([`super::Grounds::BYTES_MAX`]).

use crate::evidence::{Predictions, Slices};
use crate::plan::{LiveSlice, Plan, Rule};
use seatrial_analysis::{kpi, late};
use std::collections::BTreeSet;

/// The most counters of a plan's largest row.
pub const COUNTERS_MAX: u64 = 4_000_000;

/// Latency buckets that an arm's units meet, of 921: from a hundredth of the median to a hundred times it
/// there are about so many, and most are never met.
const BUCKETS_MET: u64 = 150;

/// Units, and those in error, by arm and by whether they were answered.
const PLAIN: u64 = 12;

/// Labelled units of one metric by arm and label, those that are due, the units, and who was late.
const OF_LABELS: u64 = 12;

/// Counters of a number: its buckets and two sums on both arms, as they come and when they are due.
const OF_NUMBERS: u64 = 2 * (2 * (kpi::BUCKETS_MAX as u64 + 2)) + 6;

/// Outcomes of both arms, and what stands for the others.
const OF_ANSWERS: u64 = 2 * (Predictions::OUTCOMES as u64 + 1);

/// Counters in the largest row that a look at this plan's evidence makes, if each arm meets as many
/// latency buckets as is usual.
#[must_use]
pub fn counters(plan: &Plan) -> u64 {
    let gates = count(plan.gates.len() + 1);
    // A unit with a key has been seen at no gate, or last at one of those before.
    let histories = if plan.routing.key.is_empty() { 1 } else { gates };
    let strata = if plan.routing.key.is_empty() { gates } else { gates * (gates + 1) / 2 };
    let each = counted(plan);
    let values: u64 = plan.analysis.slices.iter().map(told_apart).sum();
    let enforced = plan.analysis.slices.iter().filter(|slice| slice.weight.is_some());
    let enforced: u64 = enforced.map(|slice| count(slice.values.len())).sum();
    let looked_at = strata * (1 + values) * each;
    // A window changes the strata of the gate that is under way.
    let started = count(late::WINDOWS) * histories;
    looked_at + started * (1 + enforced) * each
}

/// The values of one slice, with what stands for the others and for none.
fn told_apart(slice: &LiveSlice) -> u64 {
    let named = if slice.values.is_empty() { Slices::VALUES } else { slice.values.len() };
    count(named + 2)
}

/// Counters of one stratum's units, or of those of one value of a slice there.
fn counted(plan: &Plan) -> u64 {
    let lists = plan.gates.iter().map(|gate| &gate.checks).chain([&plan.stability.checks]);
    let mut each: BTreeSet<(&str, u64)> = BTreeSet::new();
    for check in lists.flatten() {
        match &check.rule {
            Rule::Errors { .. } | Rule::Latency { .. } => {}
            Rule::Feedback { metric, .. } => {
                each.insert((metric, OF_LABELS));
            }
            Rule::Kpi { metric, .. } => {
                each.insert((metric, OF_NUMBERS));
            }
            Rule::Drift { .. } => {
                each.insert((&check.name, OF_ANSWERS));
            }
        }
    }
    PLAIN + 2 * BUCKETS_MET + each.into_iter().map(|(_, counters)| counters).sum::<u64>()
}

fn count(things: usize) -> u64 {
    u64::try_from(things).unwrap_or(u64::MAX)
}
