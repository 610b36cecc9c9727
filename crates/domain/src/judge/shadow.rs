//! Disagreement of mirrored pairs against the plan's limits.
//!
//! Owns the shadow's verdict: disagreement less the noise floor, once there are enough pairs. It is
//! a limit on what was seen, not a test. A copy the candidate failed is a pair that disagrees.
//! Slices warn; one gates only with a limit of its own, and then a value of it must have been seen.

mod comparison;
mod rule;

use super::decide::{Passes, decision};
use super::reading::Reading;
use crate::evidence::{ArmCount, CompareCount, PairCount, ShadowCounts};
use crate::plan::{KeySource, NoiseFloor, Plan, ShadowSlice};
use crate::verdict::{Coverage, Enforced, SampleRatio, Verdict};
use comparison::{Comparison, failures};
use rule::Rule;

/// A slice's value with fewer pairs is reported, but decides nothing.
const SLICE_PAIRS_MIN: u64 = 50;

#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    slices: Vec<Slice>,
    noise: NoiseFloor,
    min_pairs: u64,
}

#[derive(Debug)]
struct Slice {
    column: String,
    limit: Option<f64>,
}

impl Rules {
    pub(super) fn new(plan: &Plan) -> Self {
        let slice = |slice: &ShadowSlice| Slice {
            column: column(&slice.key).to_owned(),
            limit: slice.max_disagreement,
        };
        Self {
            rules: rule::rules(plan),
            slices: plan.shadow.slices.iter().map(slice).collect(),
            noise: plan.shadow.noise_floor,
            min_pairs: plan.shadow.min_requests.max(1),
        }
    }

    pub(super) fn judge(&self, counts: &ShadowCounts) -> Verdict {
        let overall: Vec<CompareCount> = (0..self.rules.len())
            .map(|index| with_failures(of_rule(&counts.compare, index), counts.candidate_errors))
            .collect();
        let pairs = overall.iter().map(|count| count.candidate.pairs).min().unwrap_or(0);
        let whole = self.rules.iter().zip(&overall).map(|(rule, count)| Comparison {
            name: rule.name.clone(),
            limit: rule.limit,
            enforced: rule.enforced,
            count: *count,
            least: self.min_pairs,
        });
        let slices = self.slices.iter().flat_map(|slice| self.slice(slice, counts));
        let readings: Vec<Reading> = whole
            .chain(slices)
            .map(|comparison| comparison.report(self.noise))
            .chain([failures(counts, pairs)])
            .map(|report| Reading { report, why: None })
            .collect();
        let passes = if pairs < self.min_pairs { Passes::Voided } else { Passes::Valid };
        Verdict {
            decision: decision(&readings, passes),
            units: ArmCount { candidate: pairs, incumbent: 0 },
            sample_ratio: SampleRatio::Plausible,
            coverage: Coverage::Enough,
            checks: readings.into_iter().map(|reading| reading.report).collect(),
        }
    }

    /// One comparison for each rule and value. A column that gates and has no value with enough
    /// pairs adds one that is undecided: no data is never a pass.
    fn slice(&self, slice: &Slice, counts: &ShadowCounts) -> Vec<Comparison> {
        let values = counts.slices.get(&slice.column);
        let comparison = |index: usize, rule: &Rule, value: &str, count: CompareCount| Comparison {
            name: format!("{}[{}={value}]", rule.name, slice.column),
            limit: slice.limit.unwrap_or(rule.limit),
            enforced: slice.enforced(count, of_rule(&counts.compare, index), self.min_pairs),
            count,
            least: SLICE_PAIRS_MIN,
        };
        let mut found: Vec<Comparison> = values
            .into_iter()
            .flatten()
            .flat_map(|(value, rules)| {
                self.rules
                    .iter()
                    .enumerate()
                    .map(move |(index, rule)| comparison(index, rule, value, of_rule(rules, index)))
            })
            .collect();
        let seen = found.iter().any(|found| found.count.candidate.pairs >= SLICE_PAIRS_MIN);
        if let (Some(limit), false) = (slice.limit, seen) {
            let name = format!("disagreement[{}]", slice.column);
            let count = CompareCount::default();
            let least = SLICE_PAIRS_MIN;
            found.push(Comparison { name, limit, enforced: Enforced::Yes, count, least });
        }
        found
    }
}

impl Slice {
    /// A value decides only with a limit of its column's, enough pairs of its own and of all.
    fn enforced(&self, of_value: CompareCount, of_all: CompareCount, min_pairs: u64) -> Enforced {
        let enough =
            of_value.candidate.pairs >= SLICE_PAIRS_MIN && of_all.candidate.pairs >= min_pairs;
        if self.limit.is_some() && enough { Enforced::Yes } else { Enforced::DryRun }
    }
}

fn column(key: &KeySource) -> &str {
    match key {
        KeySource::Header(name) | KeySource::Parameter(name) => name,
    }
}

fn of_rule(rules: &[CompareCount], index: usize) -> CompareCount {
    rules.get(index).copied().unwrap_or_default()
}

fn with_failures(mut count: CompareCount, failures: u64) -> CompareCount {
    count.candidate.merge(PairCount { pairs: failures, disagree: failures });
    count
}
