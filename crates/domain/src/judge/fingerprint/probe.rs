//! The evidence a judge's hash is of.
//!
//! Owns that every test of a plan has something to say about it: some outcomes of each kind on each arm
//! and in each slice, a candidate that is a little worse, and two windows begun, so that late faults are
//! bet on. A test that it leaves without evidence answers nothing, and could change unseen.

use crate::evidence::{
    ArmCount, Buckets, CompareCount, Evidence, GateCounts, GateIndex, GateStratum, LabelledPairs,
    LatencyPairs, Matured, MaturedValues, PairCount, PairedCounts, Predictions, ShadowCounts,
    SliceCounts, Slices,
};
use crate::exposure::Exposure;
use crate::plan::{Check, LiveSlice, Plan, Rule, Scale, ShadowSlice, Sharing};
use crate::{Share, Timestamp};
use seatrial_analysis::kpi::{self, Reference};
use seatrial_analysis::latency::Edges;
use seatrial_analysis::{ArmHistogram, Cells};
use std::collections::BTreeMap;
use std::time::Duration;

/// The value in slices that name none.
const CAME: &str = "came";

/// A quarter of all came before the first window, and half before the second.
pub(in crate::judge) fn evidence(plan: &Plan) -> Evidence {
    let lists = plan.gates.iter().map(|gate| &gate.checks).chain([&plan.stability.checks]);
    let counting = Counting { plan, checks: lists.flatten().collect(), numbers: numbers() };
    let mut evidence =
        Evidence { shadow: shadow(plan), references: counting.references(), ..Evidence::default() };
    for (times, begun) in [(1, Some(0)), (2, Some(1)), (4, None)] {
        let counted = strata(plan).into_iter().map(|(of, part)| (of, counting.under(times * part)));
        let few = few(plan).into_iter().map(|of| (of, counting.with_few_numbers(times)));
        evidence.gates = counted.chain(few).collect();
        if let Some(hours) = begun {
            let hour = Duration::from_secs(3_600 * hours);
            let _started = evidence.begin_window(Timestamp::default().plus(hour), &plan.analysis);
        }
    }
    evidence
}

/// Those of new units in every gate and, where units may come again, of those that the gate before has
/// shown on the incumbent; each with its number of units, in parts of those of the first gate.
fn strata(plan: &Plan) -> Vec<(GateStratum, u64)> {
    let mut strata = Vec::new();
    let mut before: Option<Share> = None;
    let shares = plan.gates.iter().map(|gate| Some(gate.share)).chain([None]);
    for (gate, share) in (0..=u8::MAX).zip(shares) {
        let (of, part) = (GateIndex(gate), u64::from(gate) + 1);
        strata.push((of.unseen(), part));
        if let Some(before) = before.filter(|_| !plan.routing.key.is_empty()) {
            strata.push((of.after(Exposure::up_to(before)), part + 1));
        }
        before = share;
    }
    strata
}

/// Of units that may come again, those that an earlier gate has shown on the incumbent, and the one before
/// the present one has not met. Of them few have a number.
fn few(plan: &Plan) -> Vec<GateStratum> {
    if plan.routing.key.is_empty() {
        return Vec::new();
    }
    let gates = (2..=u8::MAX).map(GateIndex);
    let seen = plan.gates.iter().map(|gate| Exposure::up_to(gate.share));
    let all = gates.zip(seen).map(|(gate, seen)| gate.after(seen));
    all.take(plan.gates.len().saturating_sub(1)).collect()
}

/// What is counted for a plan.
struct Counting<'a> {
    plan: &'a Plan,
    checks: Vec<&'a Check>,
    /// None only if the numbers made no reference.
    numbers: Option<Numbers>,
}

/// Numbers by one reference.
struct Numbers {
    reference: Reference,
    /// Beyond the burn-in.
    once: kpi::Counts,
    /// Too few to tell a mean.
    few: kpi::Counts,
}

impl Counting<'_> {
    fn references(&self) -> BTreeMap<String, Reference> {
        let of = |check: &&Check| {
            let labels = check.rule.labels().filter(|labels| labels.scale == Scale::Number)?;
            let numbers = self.numbers.as_ref()?;
            Some((labels.metric.to_owned(), numbers.reference.clone()))
        };
        self.checks.iter().filter_map(of).collect()
    }

    /// So many times as much as in the first gate.
    fn under(&self, times: u64) -> GateCounts {
        let cells = Cells {
            candidate_bad: 3 * times,
            candidate_good: 197 * times,
            incumbent_bad: 8 * times,
            incumbent_good: 1_192 * times,
        };
        let units = ArmCount { candidate: cells.candidate(), incumbent: cells.incumbent() };
        let latency =
            ArmHistogram { candidate: spread(11, times + 1), incumbent: spread(7, 4 * times + 1) };
        let mut counts = GateCounts { units, errors: cells, latency, ..GateCounts::default() };
        for check in &self.checks {
            self.count(check, (cells, times), &mut counts);
        }
        counts.slices = self.slices(&counts);
        counts
    }

    /// The same, but for the numbers.
    fn with_few_numbers(&self, times: u64) -> GateCounts {
        let mut counts = self.under(times);
        let Some(Numbers { few, .. }) = &self.numbers else { return counts };
        counts.values.values_mut().for_each(|values| *values = few.clone());
        counts.matured_values.values_mut().for_each(|due| due.values = few.clone());
        counts
    }

    fn count(&self, check: &Check, (cells, times): (Cells, u64), counts: &mut GateCounts) {
        let units = counts.units;
        match &check.rule {
            Rule::Errors { .. } | Rule::Latency { .. } => {}
            Rule::Feedback { metric, .. } => {
                counts.feedback.insert(metric.clone(), cells);
                counts.matured.insert(metric.clone(), Matured { units, labels: cells });
            }
            Rule::Kpi { metric, .. } => {
                let Some(Numbers { once, .. }) = &self.numbers else { return };
                let mut values = kpi::Counts::default();
                // Of one reference: they have the same buckets.
                let merged = (0..times).try_for_each(|_| values.merge(once));
                if merged.is_ok() {
                    let due = MaturedValues { units, labelled: units, values: values.clone() };
                    counts.values.insert(metric.clone(), values);
                    counts.matured_values.insert(metric.clone(), due);
                }
            }
            Rule::Drift { .. } => {
                let of = |outcome: &str, candidate, incumbent| {
                    let (candidate, incumbent) = (candidate * times, incumbent * times);
                    (outcome.to_owned(), ArmCount { candidate, incumbent })
                };
                let told = [of("0", 120, 780), of("1", 70, 400), of("2", 10, 20)];
                counts.predictions.insert(check.name.clone(), Predictions(told.into()));
            }
        }
    }

    /// Every value that a slice names, or one that stands for those that come. What only warns is told
    /// where it is worse, so it is much worse.
    fn slices(&self, all: &GateCounts) -> Slices {
        let analysis = &self.plan.analysis;
        let came = vec![CAME.to_owned()];
        let of_slice = |slice: &LiveSlice| {
            let values = if slice.values.is_empty() { &came } else { &slice.values };
            let counts = match slice.weight {
                Some(_) => of_value(all, |cells| cells),
                None => of_value(all, failing),
            };
            let counted = values.iter().map(|value| (value.clone(), counts.clone()));
            (analysis.column(&slice.key), counted.collect())
        };
        Slices(analysis.slices.iter().map(of_slice).collect())
    }
}

/// The candidate's outcomes the other way round.
const fn failing(cells: Cells) -> Cells {
    let Cells { candidate_bad, candidate_good, .. } = cells;
    Cells { candidate_bad: candidate_good, candidate_good: candidate_bad, ..cells }
}

/// A value that has all the units, with these outcomes in place of theirs.
fn of_value(all: &GateCounts, outcomes: impl Fn(Cells) -> Cells) -> SliceCounts {
    let feedback = all.feedback.iter().map(|(metric, cells)| (metric.clone(), outcomes(*cells)));
    let matured = all.matured.iter().map(|(metric, due)| {
        (metric.clone(), Matured { units: due.units, labels: outcomes(due.labels) })
    });
    SliceCounts {
        errors: outcomes(all.errors),
        latency: Buckets::of(&all.latency),
        feedback: feedback.collect(),
        matured: matured.collect(),
        ..SliceCounts::default()
    }
}

/// A candidate at half the incumbent's.
fn numbers() -> Option<Numbers> {
    let value = |unit: u32| f64::from(unit % 101);
    let reference = Reference::freeze(&(0..2_020).map(value).collect::<Vec<_>>()).ok()?;
    let counted = |candidate, incumbent| {
        let mut counts = kpi::Counts::default();
        for unit in 0..candidate {
            counts.candidate.record(&reference, 0.5 * value(unit)).ok()?;
        }
        for unit in 0..incumbent {
            counts.incumbent.record(&reference, value(unit)).ok()?;
        }
        Some(counts)
    };
    let (once, few) = (counted(1_100, 4_400)?, counted(20, 400)?);
    Some(Numbers { reference, once, few })
}

/// Pairs of every comparison, in all and in each slice.
fn shadow(plan: &Plan) -> ShadowCounts {
    let compare = vec![pairs(); plan.shadow.compare.len()];
    let of_slice = |slice: &ShadowSlice| {
        (plan.shadow.column(&slice.key), [(CAME.to_owned(), compare.clone())].into())
    };
    let slices = plan.shadow.slices.iter().map(of_slice).collect();
    ShadowCounts {
        compare,
        slices,
        paired_slices: paired_slices(plan),
        incumbent_latency: spread(7, 5),
        paired_latency: LatencyPairs { slower: 70, faster: 50, alike: 9 },
        labelled: LabelledPairs { both: 90, candidate_only: 8, incumbent_only: 17, neither: 5 },
        ..ShadowCounts::default()
    }
}

/// Plans of earlier versions have none, and the fingerprint they had.
fn paired_slices(plan: &Plan) -> BTreeMap<String, BTreeMap<String, PairedCounts>> {
    let paired = PairedCounts {
        latency: LatencyPairs { slower: 60, faster: 40, alike: 3 },
        labelled: LabelledPairs { both: 70, candidate_only: 3, incumbent_only: 19, neither: 4 },
    };
    let of_slice =
        |slice: &ShadowSlice| (plan.shadow.column(&slice.key), [(CAME.to_owned(), paired)].into());
    match plan.shadow.sharing {
        Sharing::None => BTreeMap::new(),
        Sharing::Parts => plan.shadow.slices.iter().map(of_slice).collect(),
    }
}

const fn pairs() -> CompareCount {
    let candidate = PairCount { pairs: 1_200, disagree: 110 };
    CompareCount { candidate, noise: PairCount { pairs: 600, disagree: 12 } }
}

/// So many in every so many buckets, the fastest the most.
fn spread(every: usize, most: u64) -> Vec<u64> {
    let mut buckets = vec![0; Edges::default().buckets()];
    for (index, bucket) in buckets.iter_mut().enumerate().step_by(every) {
        *bucket = if index < 400 { 10 * most } else { most };
    }
    buckets
}
