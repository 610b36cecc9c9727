//! One gate's units by slice: the same outcomes as the whole's.
//!
//! Owns the bounds: [`Slices::COLUMNS`] columns of [`Slices::VALUES`] values each and what stands for
//! the others and for none, latencies by the buckets that were met. 72 values of 921 buckets an arm are
//! 132,624 counters at the very most; a value usually meets about a hundred.

use super::{ArmCount, Buckets, Matured, MaturedValues, Predictions, ShadowCounts};
use seatrial_analysis::counts::{self, Cells};
use seatrial_analysis::kpi;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The slices a unit is in: column → the value it is counted under.
pub type Labels = BTreeMap<String, String>;

/// Column → value → what was counted of its units.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slices(pub BTreeMap<String, BTreeMap<String, SliceCounts>>);

/// What was counted of one value's units, each once on the arm it was assigned to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SliceCounts {
    /// Units that were assigned and have no answer yet.
    #[serde(default)]
    pub unanswered: ArmCount,
    /// Those whose window is open, with a request under way.
    #[serde(default)]
    pub waiting: ArmCount,
    pub errors: Cells,
    pub latency: Buckets,
    /// Labelled units by metric; bad = value false (0).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub feedback: BTreeMap<String, Cells>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub matured: BTreeMap<String, Matured>,
    /// By metric of kind KPI, as in [`GateCounts`](super::GateCounts).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, kpi::Counts>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub matured_values: BTreeMap<String, MaturedValues>,
    /// By check of kind drift, at most [`Predictions::OUTCOMES`] outcomes a gateway and value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub predictions: BTreeMap<String, Predictions>,
}

impl Slices {
    /// Columns of a plan.
    pub const COLUMNS: usize = 4;
    /// Values of one column that are told apart; the rest are [`Slices::OTHER`].
    pub const VALUES: usize = 16;
    /// How much of a value is kept.
    pub const VALUE_CHARS: usize = 64;
    /// What stands for the values beyond those told apart.
    pub const OTHER: &'static str = ShadowCounts::OTHER;
    /// What stands for a unit without a value.
    pub const NO_VALUE: &'static str = ShadowCounts::NO_VALUE;

    /// Whether nothing is told apart.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The counts of one value, made if there are none.
    pub fn of(&mut self, column: &str, value: &str) -> &mut SliceCounts {
        let values = self.0.entry(column.to_owned()).or_default();
        values.entry(value.to_owned()).or_default()
    }

    /// The counts of one value, if any were made.
    pub fn get(&self, column: &str, value: &str) -> Option<&SliceCounts> {
        self.0.get(column).and_then(|values| values.get(value))
    }

    /// Adds another's counts. Errors: values by other references; what was added before stays.
    pub fn merge(&mut self, other: &Self) -> Result<(), counts::Error> {
        for (column, values) in &other.0 {
            for (value, counts) in values {
                self.of(column, value).merge(counts)?;
            }
        }
        Ok(())
    }

    /// The sum with at most [`Slices::VALUES`] values a column: those of most units, the first by
    /// name among equals. Every start of a gateway tells the values it meets first apart, so a sum
    /// over many starts may hold more. A function of the sum alone: the order of adding up does not
    /// matter, nor does any arm's outcome. Errors: values of one metric by several references.
    pub fn bounded(self) -> Result<Self, counts::Error> {
        let fold = |(column, values)| Ok((column, fold(values)?));
        Ok(Self(self.0.into_iter().map(fold).collect::<Result<_, _>>()?))
    }
}

fn fold(
    values: BTreeMap<String, SliceCounts>,
) -> Result<BTreeMap<String, SliceCounts>, counts::Error> {
    let stands_in = |value: &str| value == Slices::OTHER || value == Slices::NO_VALUE;
    let mut ranked: Vec<(u64, String)> = values
        .iter()
        .filter(|(value, _)| !stands_in(value))
        .map(|(value, counts)| (counts.units().total(), value.clone()))
        .collect();
    ranked.sort_by(|(more, one), (less, other)| less.cmp(more).then_with(|| one.cmp(other)));
    let beyond: Vec<String> = ranked.into_iter().skip(Slices::VALUES).map(|(_, it)| it).collect();
    let mut kept = values;
    for value in beyond {
        if let Some(counts) = kept.remove(&value) {
            kept.entry(Slices::OTHER.to_owned()).or_default().merge(&counts)?;
        }
    }
    Ok(kept)
}

impl SliceCounts {
    /// Units that were answered.
    pub fn units(&self) -> ArmCount {
        ArmCount { candidate: self.errors.candidate(), incumbent: self.errors.incumbent() }
    }

    /// As [`GateCounts::cut`](super::GateCounts::cut).
    pub fn cut(&mut self) {
        self.unanswered.merge(std::mem::take(&mut self.waiting));
    }

    /// Adds another's counts. Errors: values by another reference; the rest is added.
    pub fn merge(&mut self, other: &Self) -> Result<(), counts::Error> {
        self.unanswered.merge(other.unanswered);
        self.waiting.merge(other.waiting);
        self.errors.merge(&other.errors);
        self.latency.merge(&other.latency);
        for (metric, cells) in &other.feedback {
            self.feedback.entry(metric.clone()).or_default().merge(cells);
        }
        for (metric, matured) in &other.matured {
            self.matured.entry(metric.clone()).or_default().merge(matured);
        }
        for (check, predictions) in &other.predictions {
            self.predictions.entry(check.clone()).or_default().merge(predictions);
        }
        for (metric, values) in &other.values {
            self.values.entry(metric.clone()).or_default().merge(values)?;
        }
        for (metric, matured) in &other.matured_values {
            self.matured_values.entry(metric.clone()).or_default().merge(matured)?;
        }
        Ok(())
    }
}
