//! An endpoint's settings and what it serves outside a rollout.

use crate::time::millis;
use crate::{EndpointName, ModelName, VersionRef};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The stable name clients call, and how it is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub name: EndpointName,
    pub settings: Settings,
    /// The version it answers with outside a rollout.
    pub serving: Option<VersionRef>,
}

/// A change applies to the next rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub model: ModelName,
    pub runtime: Runtime,
    #[serde(with = "millis")]
    pub deadline: Duration,
    /// Bytes of a request's body.
    pub max_body: u64,
    /// Requests in flight at once.
    pub max_concurrency: u32,
    /// Sessions at full capacity.
    pub sessions: u32,
}

/// Where a version runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// ONNX Runtime within this process.
    Embedded,
}

impl Settings {
    /// The defaults for an endpoint of `model`.
    pub const fn of(model: ModelName) -> Self {
        Self {
            model,
            runtime: Runtime::Embedded,
            deadline: Duration::from_secs(1),
            max_body: 8 * 1024 * 1024,
            max_concurrency: 64,
            sessions: 2,
        }
    }
}
