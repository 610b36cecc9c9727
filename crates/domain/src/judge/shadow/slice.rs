//! A slice's comparisons: one for each value and rule, and what a gating slice lacks.

use super::comparison::Comparison;
use super::{Of, Overall, Rules, SLICE_PAIRS_MIN, Voice, of_rule};
use crate::evidence::{CompareCount, ShadowCounts};
use crate::plan::{Effect, Shadow};
use crate::verdict::Enforced;
use seatrial_analysis::Alpha;

#[derive(Debug)]
pub(super) struct Slice {
    pub(super) column: String,
    limit: Option<f64>,
}

pub(super) fn slices(plan: &Shadow) -> Vec<Slice> {
    let slice = |slice: &crate::plan::ShadowSlice| Slice {
        column: plan.column(&slice.key),
        limit: slice.max_disagreement,
    };
    plan.slices.iter().map(slice).collect()
}

impl Rules {
    /// One comparison for each heard rule and value. A column that gates and has no value with
    /// enough pairs adds one that is undecided: no data is never a pass.
    pub(super) fn slice(
        &self,
        (number, slice): (usize, &Slice),
        overall: &[Overall],
        counts: &ShadowCounts,
    ) -> Vec<Comparison> {
        let mut found = Vec::new();
        for (value, rules) in counts.slices.get(&slice.column).into_iter().flatten() {
            for (index, all) in overall.iter().enumerate() {
                if all.voice == Voice::Heard {
                    let count = of_rule(rules, index);
                    found.extend(self.of_value((number, slice), (index, value), count, all.count));
                }
            }
        }
        let unseen = !found.iter().any(is_seen);
        found.extend(
            slice
                .limit
                .filter(|_| unseen)
                .map(|limit| slice.unseen(limit, self.parts.whole(Effect::Enforces))),
        );
        found
    }

    fn of_value(
        &self,
        (number, slice): (usize, &Slice),
        (index, value): (usize, &str),
        count: CompareCount,
        of_all: CompareCount,
    ) -> Option<Comparison> {
        let rule = self.rules.get(index)?;
        let column = slice.column.clone();
        Some(Comparison {
            name: format!("{}[{column}={value}]", rule.name),
            of: Of::Value { rule: index, column, value: value.to_owned() },
            limit: slice.limit.unwrap_or(rule.limit),
            enforced: slice.enforced(count, of_all, self.min_pairs),
            count,
            least: SLICE_PAIRS_MIN,
            alpha: self.parts.value(slice.effect(), number),
            lacks: None,
        })
    }
}

/// Whether it is of a value that clients sent, with enough pairs: what stands for none and for all
/// others is none.
fn is_seen(comparison: &Comparison) -> bool {
    let sent = match &comparison.of {
        Of::Value { value, .. } => value != ShadowCounts::NO_VALUE && value != ShadowCounts::OTHER,
        Of::All { .. } | Of::Unseen { .. } => false,
    };
    sent && comparison.count.candidate.pairs >= SLICE_PAIRS_MIN
}

impl Slice {
    /// What it does: it gates with a limit of its own.
    pub(super) const fn effect(&self) -> Effect {
        match self.limit {
            Some(_) => Effect::Enforces,
            None => Effect::Warns,
        }
    }

    /// A value decides only with a limit of its column's, enough pairs of its own and of all, the
    /// failed copies among them as they are where the whole is judged.
    fn enforced(&self, of_value: CompareCount, of_all: CompareCount, min_pairs: u64) -> Enforced {
        let enough =
            of_value.candidate.pairs >= SLICE_PAIRS_MIN && of_all.candidate.pairs >= min_pairs;
        if self.limit.is_some() && enough { Enforced::Yes } else { Enforced::DryRun }
    }

    fn unseen(&self, limit: f64, alpha: Alpha) -> Comparison {
        Comparison {
            of: Of::Unseen { column: self.column.clone() },
            name: format!("disagreement[{}]", self.column),
            limit,
            enforced: Enforced::Yes,
            count: CompareCount::default(),
            least: SLICE_PAIRS_MIN,
            alpha,
            lacks: Some("no value was sent often enough"),
        }
    }
}
