//! A limit on everything that comes from outside.

use super::{Error, span};
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
    pub probe: Probe,
    pub dataset: Dataset,
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
    /// Workers that score copies for the shadow.
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
            mirror_workers: 2,
            notice: Duration::from_millis(200),
            drain: Duration::from_secs(20),
        }
    }
}

/// The control listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Control {
    /// Bytes of a JSON body.
    pub max_body: u64,
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

/// What `push` may send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Uploads {
    /// Bytes of one file.
    pub max_file: u64,
    /// Bytes of one upload.
    pub max_total: u64,
    /// Files of one upload.
    pub max_files: u32,
    /// Uploads begun and not yet sealed.
    pub max_open: u32,
    /// Models tried and datasets read at once, each in a process of its own.
    pub max_checks: u32,
    /// An upload that is not sealed by then is forgotten.
    #[serde(with = "span")]
    pub expire_after: Duration,
    /// Silence within a file before it is given up.
    #[serde(with = "span")]
    pub idle_timeout: Duration,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            max_file: 8 * 1024 * MIB,
            max_total: 16 * 1024 * MIB,
            max_files: 10_000,
            max_open: 16,
            max_checks: 4,
            expire_after: Duration::from_secs(3600),
            idle_timeout: Duration::from_secs(30),
        }
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
}

impl Default for Probe {
    fn default() -> Self {
        Self { memory: 4096 * MIB, timeout: Duration::from_secs(60) }
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

impl Limits {
    /// A limit of zero would refuse everything, and is never meant.
    pub(super) fn check(&self) -> Result<(), Error> {
        let counts = [
            ("limits.inference.max_body", self.inference.max_body),
            ("limits.inference.max_bodies", self.inference.max_bodies),
            ("limits.inference.max_connections", self.inference.max_connections.into()),
            ("limits.inference.max_header_bytes", self.inference.max_header_bytes.into()),
            ("limits.inference.units", self.inference.units.into()),
            ("limits.inference.assignments", self.inference.assignments.into()),
            ("limits.inference.assignment_rows", self.inference.assignment_rows.into()),
            ("limits.inference.mirror_workers", self.inference.mirror_workers.into()),
            ("limits.control.max_body", self.control.max_body),
            ("limits.control.max_connections", self.control.max_connections.into()),
            ("limits.control.max_header_bytes", self.control.max_header_bytes.into()),
            ("limits.control.max_subscribers", self.control.max_subscribers.into()),
            ("limits.control.max_queued", self.control.max_queued.into()),
            ("limits.uploads.max_file", self.uploads.max_file),
            ("limits.uploads.max_total", self.uploads.max_total),
            ("limits.uploads.max_files", self.uploads.max_files.into()),
            ("limits.uploads.max_open", self.uploads.max_open.into()),
            ("limits.uploads.max_checks", self.uploads.max_checks.into()),
            ("limits.probe.memory", self.probe.memory),
            ("limits.dataset.memory", self.dataset.memory),
        ];
        let spans = [
            ("limits.inference.header_timeout", self.inference.header_timeout),
            ("limits.inference.write_timeout", self.inference.write_timeout),
            ("limits.control.header_timeout", self.control.header_timeout),
            ("limits.control.write_timeout", self.control.write_timeout),
            ("limits.control.heartbeat", self.control.heartbeat),
            ("limits.control.event_timeout", self.control.event_timeout),
            ("limits.control.max_subscription", self.control.max_subscription),
            ("limits.control.request_timeout", self.control.request_timeout),
            ("limits.uploads.expire_after", self.uploads.expire_after),
            ("limits.uploads.idle_timeout", self.uploads.idle_timeout),
            ("limits.probe.timeout", self.probe.timeout),
            ("limits.dataset.timeout", self.dataset.timeout),
        ];
        let zero_count = counts.into_iter().find(|(_, value)| *value == 0);
        let zero_span = spans.into_iter().find(|(_, value)| value.is_zero());
        match zero_count.map(|(field, _)| field).or(zero_span.map(|(field, _)| field)) {
            Some(field) => {
                let (field, value) = (field.to_owned(), "0".to_owned());
                Err(Error::Range { field, value, range: "above zero" })
            }
            None => Ok(()),
        }
    }
}
