//! What validation is asked.

use crate::config::UserCommand;
use crate::dataset::{self, File};
use seatrial_domain::plan::Plan;
use seatrial_domain::tensor::Signature;
use seatrial_domain::{EndpointName, VersionRef};
use seatrial_store::blobs::LocalFile;
use std::time::Duration;

/// One validation of one candidate.
#[derive(Debug, Clone)]
pub struct Request {
    pub plan: Plan,
    pub candidate: Subject,
    /// None for an endpoint's first version.
    pub incumbent: Option<Subject>,
    pub holdout: Option<File>,
    /// Predictions made where the model was trained.
    pub expected: Option<File>,
    /// `request` and `response` objects, one pair a row.
    pub golden: Option<File>,
    /// Keeps those three where they are.
    pub held: Vec<LocalFile>,
    /// The configured command that the plan names.
    pub command: Option<UserCommand>,
    /// Bytes by which loading the candidate made the process larger, where it was measured.
    pub memory_bytes: Option<u64>,
    pub limits: Limits,
    /// What is left of the plan's `validation_timeout`.
    pub time_left: Duration,
}

/// A version that answers on a listener of its own.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Such as `http://127.0.0.1:40123`.
    pub url: String,
    /// The endpoint: the `{m}` of the inference paths there.
    pub model: EndpointName,
    pub version: VersionRef,
    pub signature: Signature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub dataset: dataset::Limits,
    /// Rows of one request, at most: fewer where the endpoint's limits want it.
    pub batch_rows: usize,
    /// The candidate's requests of the holdout evaluation in flight at once.
    pub in_flight: usize,
    pub request_timeout: Duration,
    /// Bytes of an answer.
    pub answer_bytes: usize,
    /// The largest body the listener takes; one byte more must be refused.
    pub body_bytes: u64,
    /// Requests that the endpoint lets in at once.
    pub concurrency: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            dataset: dataset::Limits::default(),
            batch_rows: 64,
            in_flight: 2,
            request_timeout: Duration::from_secs(30),
            answer_bytes: 64 * 1024 * 1024,
            body_bytes: 8 * 1024 * 1024,
            concurrency: 64,
        }
    }
}
