//! What clients log while they train: experiments, runs, metrics, and the models logged in them.
//!
//! Owns their rows, and a limit on how many bytes they may take. Logging the same again changes
//! nothing, so a request may be tried again; only making an experiment, a run or a logged model
//! makes one each time. Refuses to change a parameter. Artifacts are not here: only where they are.

mod datasets;
mod entries;
mod experiments;
mod ids;
mod log;
pub(crate) mod logged_models;
mod points;
mod runs;
mod size;

pub use datasets::Dataset;
pub use experiments::Experiment;
pub use ids::{ExperimentId, LoggedModelId, RunId};
pub use log::{Batch, Inputs, Output};
pub use logged_models::{LoggedModel, ModelStatus, NewLoggedModel};
pub use points::{History, HistoryMark, Metric, ModelMetric, Of};
pub use runs::{COMMIT_TAG, Edit, NewRun, Run, RunStatus};

use crate::storage;
use std::collections::BTreeMap;

/// Keys with their values: tags or parameters.
pub type Pairs = BTreeMap<String, String>;

/// How much clients may log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one run's or logged model's tags, parameters, inputs and newest metrics: all that
    /// one answer holds.
    pub max_each: u64,
    /// Points of one run's metrics.
    pub max_points: u64,
    /// Bytes of everything logged.
    pub max_total: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_each: 16 << 20, max_points: 1_000_000, max_total: 4 << 30 }
    }
}

/// Why nothing was logged, or found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("No Experiment with id={0} exists")]
    UnknownExperiment(ExperimentId),
    #[error("Run with id={0} not found")]
    UnknownRun(RunId),
    #[error("Logged model with ID '{0}' not found.")]
    UnknownLoggedModel(LoggedModelId),
    #[error("No tag with name: {key} in {owner}")]
    UnknownTag { key: String, owner: String },
    #[error("Experiment(name={0}) already exists.")]
    Exists(String),
    #[error(
        "Changing param values is not allowed. Param with key='{key}' was already logged with \
         value='{old}' for ID='{owner}'. Attempted logging new value '{new}'."
    )]
    Changed { key: String, old: String, new: String, owner: String },
    /// A limit of [`Limits`], by its name in the configuration.
    #[error("no more is logged for {owner}: it has reached limits.tracking.{limit}")]
    Limit { owner: String, limit: &'static str },
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);
