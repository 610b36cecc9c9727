//! What of one stratum is frozen when a window begins: what the tests that can roll back count.

use crate::evidence::{Buckets, GateCounts, Predictions, SliceCounts, Slices};
use crate::plan::Analysis;
use seatrial_analysis::{Cells, kpi};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Units of one stratum as they had been counted, as in [`GateCounts`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcomes {
    pub errors: Cells,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub feedback: BTreeMap<String, Cells>,
    /// None in starts of earlier versions, which kept nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
}

/// What is frozen beside errors and labels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Frozen {
    pub latency: Buckets,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, kpi::Counts>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub predictions: BTreeMap<String, Predictions>,
    /// The values that the plan enforces.
    #[serde(default, skip_serializing_if = "Slices::is_empty")]
    pub slices: Slices,
}

impl Outcomes {
    pub(super) fn of(counts: &GateCounts, analysis: &Analysis) -> Self {
        Self {
            errors: counts.errors,
            feedback: counts.feedback.clone(),
            frozen: Some(Frozen {
                latency: Buckets::of(&counts.latency),
                values: counts.values.clone(),
                predictions: counts.predictions.clone(),
                slices: enforced(&counts.slices, analysis),
            }),
        }
    }

    /// None where slices were not kept.
    pub(super) fn of_slice(&self, column: &str, value: &str) -> Option<Self> {
        let slices = &self.frozen.as_ref()?.slices;
        let SliceCounts { errors, latency, feedback, values, predictions, .. } =
            slices.get(column, value).cloned().unwrap_or_default();
        let frozen = Frozen { latency, values, predictions, slices: Slices::default() };
        Some(Self { errors, feedback, frozen: Some(frozen) })
    }
}

/// What is counted of the values that may roll back, without what only a pass asks for.
fn enforced(slices: &Slices, analysis: &Analysis) -> Slices {
    let mut kept = Slices::default();
    for slice in analysis.slices.iter().filter(|slice| slice.weight.is_some()) {
        let column = analysis.column(&slice.key);
        for value in &slice.values {
            let Some(counts) = slices.get(&column, value) else { continue };
            let SliceCounts { errors, latency, feedback, values, predictions, .. } = counts.clone();
            let none = SliceCounts::default();
            *kept.of(&column, value) =
                SliceCounts { errors, latency, feedback, values, predictions, ..none };
        }
    }
    kept
}
