//! What must hold before any live request reaches the candidate, and while it is a shadow.

use crate::Share;
use crate::plan::{Effect, KeySource, PairedLabels, Sharing, slice};
use crate::time::millis;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Evaluation on a pushed dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holdout {
    /// `name@version`. A dataset's version is never changed or removed, so its number stands for its
    /// digest, against which the bytes are checked when they are read.
    pub dataset: Option<String>,
    pub metrics: Vec<Metric>,
    pub slices: Vec<Slice>,
    /// `name@version` of a dataset of expected predictions.
    pub expected: Option<String>,
    pub rtol: f64,
    pub atol: f64,
}

/// A column whose values are reported apart; it gates only with a limit of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    pub column: String,
    pub max_drop: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    pub name: MetricName,
    /// The least acceptable value (greatest, where lower is better).
    pub min: Option<f64>,
    /// The most it may be worse than the incumbent, by the paired one-sided 95 % bound.
    pub max_drop: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricName {
    Accuracy,
    F1,
    RocAuc,
    LogLoss,
    Rmse,
    Mae,
}

/// Behaviour every served model owes its clients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// `name@version` of a dataset of golden requests.
    pub golden: Option<String>,
    pub batch_invariance: Switch,
    pub determinism: Switch,
    pub malformed: Switch,
    /// Requests in flight at once in the concurrency test.
    pub concurrency: u32,
    /// Milliseconds.
    pub latency_p99_ms: Option<u64>,
    /// Bytes the loaded model may add to the process.
    pub memory_bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    On,
    Off,
}

/// The name of a command in the server's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Command(pub String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    pub mirror: Share,
    pub max_in_flight: u32,
    pub queue_bytes: u64,
    pub noise_floor: NoiseFloor,
    pub compare: Vec<Compare>,
    pub slices: Vec<ShadowSlice>,
    #[serde(with = "millis")]
    pub min_duration: Duration,
    pub min_requests: u64,
    #[serde(with = "millis")]
    pub max_duration: Duration,
    pub on_fail: OnDivergence,
    /// What it does that the candidate is the slower of most pairs. Absent where it only warns, so that
    /// such plans have the hash they had.
    #[serde(default, skip_serializing_if = "Effect::only_warns")]
    pub latency: Effect,
    /// Absent in plans without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<PairedLabels>,
    /// Absent in plans of earlier versions, which have the hash they had.
    #[serde(default, skip_serializing_if = "Sharing::is_none")]
    pub sharing: Sharing,
}

impl Shadow {
    /// The column a slice's pairs are counted in: the key's name, and its kind before it where the
    /// plan slices by both the header and the parameter of that name.
    #[must_use]
    pub fn column(&self, key: &KeySource) -> String {
        slice::column(self.slices.iter().map(|slice| &slice.key), key)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseFloor {
    /// The incumbent scores the same request twice.
    Incumbent,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDivergence {
    Pause,
    Reject,
}

/// How one output is compared, and how much disagreement above the noise floor is too much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compare {
    /// An output's name, or `*`.
    pub output: String,
    #[serde(flatten)]
    pub by: CompareBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum CompareBy {
    /// Equal labels (integers, strings, booleans), or equal arg-max of scores.
    Class { max_disagreement: f64 },
    /// |a - b| ≤ atol + rtol·|b| elementwise; one excess makes the pair disagree.
    Numeric { rtol: f64, atol: f64, max_exceed: f64 },
}

/// A request parameter or header whose values are reported apart in the shadow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShadowSlice {
    pub key: KeySource,
    pub max_disagreement: Option<f64>,
}
