//! A limit on everything that comes from outside.

mod artifacts;
mod blobs;
mod database;
mod gc;
mod models;
mod uploads;
mod zero;

pub use artifacts::{Artifacts, Multipart};
pub use blobs::Blobs;
pub use database::Database;
pub use gc::Gc;
pub use models::Models;
pub use uploads::Uploads;

use super::{Error, span};
use seatrial_gateway::MARKS_MAX;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const MIB: u64 = 1 << 20;

/// The limits, by what they protect.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub inference: Inference,
    pub control: Control,
    pub uploads: Uploads,
    pub artifacts: Artifacts,
    pub multipart: Multipart,
    pub tracking: Tracking,
    pub models: Models,
    pub probe: Probe,
    pub dataset: Dataset,
    pub upstream: Upstream,
    pub database: Database,
    pub gc: Gc,
    pub blobs: Blobs,
}

/// The inference listener and its recorder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Inference {
    /// Bytes of a request's body, whatever an endpoint's own setting says.
    pub max_body: u64,
    /// Bytes of all bodies at once, and of the tensors in them: of those that arrive or wait for
    /// their answer.
    pub max_bodies: u64,
    pub max_connections: u32,
    pub max_header_bytes: u32,
    #[serde(with = "span")]
    pub header_timeout: Duration,
    /// A client must take some of its answer within this time.
    #[serde(with = "span")]
    pub write_timeout: Duration,
    /// Routing keys remembered of one rollout; beyond it they are sampled.
    pub units: u32,
    /// Assignments kept for feedback until they are flushed.
    pub assignments: u32,
    /// Assignments kept in the store until no label can come for them (`lateBy` and an hour), about
    /// 100 bytes each; those of no evidence take a tenth. The default is an hour and a half of 900
    /// requests a second.
    pub assignment_rows: u32,
    /// Requests that are evidence and have no answer, told as lost if the process is killed: 40 bytes
    /// each in a file. More are not told.
    pub marks: u32,
    /// Copies of one endpoint that its shadow scores at once; one pair, where the incumbent is asked too.
    pub mirror_workers: u32,
    /// How long a server that is told to stop reports itself not ready and still takes requests.
    #[serde(with = "span")]
    pub notice: Duration,
    /// How long requests in flight may take once the server stops.
    #[serde(with = "span")]
    pub drain: Duration,
}

impl Default for Inference {
    fn default() -> Self {
        Self {
            max_body: 64 * MIB,
            max_bodies: 512 * MIB,
            max_connections: 1024,
            max_header_bytes: 64 * 1024,
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            units: 1_000_000,
            assignments: 65_536,
            assignment_rows: 5_000_000,
            marks: 4_096,
            mirror_workers: 2,
            notice: Duration::from_millis(200),
            drain: Duration::from_secs(20),
        }
    }
}

impl Inference {
    fn check(&self) -> Result<(), Error> {
        if self.marks <= MARKS_MAX {
            return Ok(());
        }
        let (field, value) = ("limits.inference.marks".to_owned(), self.marks.to_string());
        Err(Error::Range { field, value, range: "1 to 65536" })
    }
}

/// The control listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Control {
    /// Bytes of a JSON body.
    pub max_body: u64,
    /// Of one of MLflow's clients, which write twelve bytes for a character of four: of a tag alone
    /// they may be more than a million.
    pub max_mlflow_body: u64,
    pub max_connections: u32,
    pub max_header_bytes: u32,
    #[serde(with = "span")]
    pub header_timeout: Duration,
    /// A client must take some of its answer within this time.
    #[serde(with = "span")]
    pub write_timeout: Duration,
    /// Readers of `/events` at once.
    pub max_subscribers: u32,
    /// Silence on `/events` before a comment is sent.
    #[serde(with = "span")]
    pub heartbeat: Duration,
    /// A reader of `/events` who takes nothing for so long is sent away.
    #[serde(with = "span")]
    pub event_timeout: Duration,
    /// So long one reader of `/events` stays; it comes back where it left.
    #[serde(with = "span")]
    pub max_subscription: Duration,
    /// Rollouts that wait for one endpoint.
    pub max_queued: u32,
    /// One request, uploads and events excepted.
    #[serde(with = "span")]
    pub request_timeout: Duration,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            max_body: MIB,
            max_mlflow_body: 8 * MIB,
            max_connections: 256,
            max_header_bytes: 64 * 1024,
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            max_subscribers: 64,
            heartbeat: Duration::from_secs(15),
            event_timeout: Duration::from_secs(30),
            max_subscription: Duration::from_secs(3600),
            max_queued: 16,
            request_timeout: Duration::from_secs(120),
        }
    }
}

/// What clients may log while they train.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tracking {
    /// Bytes of one run's or logged model's tags, parameters, inputs and newest metrics, which one
    /// answer holds.
    pub max_each: u64,
    /// Points of one run's metrics.
    pub max_points: u64,
    /// Bytes of everything that was ever logged.
    pub max_total: u64,
}

impl Default for Tracking {
    fn default() -> Self {
        Self { max_each: 16 * MIB, max_points: 1_000_000, max_total: 4096 * MIB }
    }
}

/// The process that tries a model at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Probe {
    /// Bytes of address space.
    pub memory: u64,
    #[serde(with = "span")]
    pub timeout: Duration,
    /// Processes that wait for the next models, 20 MiB each, for a while after one was tried.
    pub ready: u32,
}

impl Default for Probe {
    fn default() -> Self {
        Self { memory: 4096 * MIB, timeout: Duration::from_secs(60), ready: 4 }
    }
}

/// The process that reads a dataset at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dataset {
    /// Bytes of address space: what validation may take when it reads the dataset again.
    pub memory: u64,
    #[serde(with = "span")]
    pub timeout: Duration,
}

impl Default for Dataset {
    fn default() -> Self {
        Self { memory: 2048 * MIB, timeout: Duration::from_secs(60) }
    }
}

/// What another registry may take of time and room when it is asked. Bytes and files of what it
/// gives are bounded as those of a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    #[serde(with = "span")]
    pub connect_timeout: Duration,
    /// Silence before an answer and within a file.
    #[serde(with = "span")]
    pub idle_timeout: Duration,
    /// All files of one version. Registry clients wait for 120 s for all that is done with them,
    /// then ask again.
    #[serde(with = "span")]
    pub transfer_timeout: Duration,
    /// Bytes of one JSON answer.
    pub max_answer: u64,
    /// Directories within each other.
    pub max_depth: u32,
    /// Versions fetched at once.
    pub max_transfers: u32,
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(30),
            transfer_timeout: Duration::from_secs(50),
            max_answer: 8 * MIB,
            max_depth: 32,
            max_transfers: 2,
        }
    }
}

impl Limits {
    /// A limit of zero would refuse everything, and is never meant.
    pub(super) fn check(&self) -> Result<(), Error> {
        match zero::field(self) {
            Some(field) => {
                let (field, value) = (field.to_owned(), "0".to_owned());
                Err(Error::Range { field, value, range: "above zero" })
            }
            None => {
                self.inference.check()?;
                self.database.check()?;
                self.gc.check(&self.uploads)
            }
        }
    }
}
