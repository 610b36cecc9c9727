//! What a unit's value is where several of its requests have labels, and how long it is waited for.
//!
//! Owns when such a value is closed. A label that comes later changes what was counted of a unit whose
//! arm is known, which is no fair bet (docs/adr/0012): so a unit with more than its first label counts
//! once, when its window and then the latest label's time are over, the same on both arms.

use super::{Plan, Scale};
use crate::evidence::GateIndex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A unit's value, of the labels of one metric that its requests have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PerUnit {
    /// That of its first request, as it comes; those of later ones are no evidence.
    #[default]
    First,
    /// Yes if any of them is yes; counted once it is closed.
    Any,
    /// Their mean; counted once it is closed.
    Mean,
}

impl PerUnit {
    /// Whether a label counts as it comes.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        matches!(self, Self::First)
    }
}

/// The labels of one metric under one gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited<'a> {
    pub gate: GateIndex,
    pub metric: &'a str,
    pub scale: Scale,
    pub per_unit: PerUnit,
    /// How long after a unit's assignment its labels are waited for.
    pub span: Duration,
}

impl Plan {
    /// What each gate and `stabilizing` waits for, by gate and metric; of several checks of one metric
    /// the latest.
    #[must_use]
    pub fn awaited(&self) -> Vec<Awaited<'_>> {
        let lists = self.gates.iter().map(|gate| &gate.checks).chain([&self.stability.checks]);
        let mut awaited: BTreeMap<(GateIndex, &str), Awaited<'_>> = BTreeMap::new();
        for (gate, checks) in (0..=u8::MAX).map(GateIndex).zip(lists) {
            for labels in checks.iter().filter_map(|check| check.rule.labels()) {
                let span = self.analysis.awaits(&labels);
                let of = Awaited {
                    gate,
                    metric: labels.metric,
                    scale: labels.scale,
                    per_unit: labels.per_unit,
                    span,
                };
                let known = awaited.entry((gate, labels.metric)).or_insert(of);
                known.span = known.span.max(span);
            }
        }
        awaited.into_values().collect()
    }

    /// How a unit's value is made of its labels of a metric; of the first where no check asks for it.
    #[must_use]
    pub fn per_unit_of(&self, metric: &str) -> PerUnit {
        let mut labels = self.checks().filter_map(|check| check.rule.labels());
        labels.find(|labels| labels.metric == metric).map_or(PerUnit::First, |it| it.per_unit)
    }

    /// Whether the labels of a unit's later requests are evidence too.
    #[must_use]
    pub fn joins_later_labels(&self) -> bool {
        self.awaited().iter().any(|awaited| !awaited.per_unit.is_first())
    }
}
