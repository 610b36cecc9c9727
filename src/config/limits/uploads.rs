//! What is pushed, and how many models are tried at once.

use super::MIB;
use crate::config::span;
use seatrial_store::progress::Pace;
use serde::{Deserialize, Serialize};
use std::time::Duration;

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
    /// Of models that registry clients uploaded and have not registered yet: tried at once besides.
    pub ahead: u32,
    /// Of those, tried or waiting for their turn; others are tried when they are registered.
    pub max_ahead: u32,
    /// Bytes of one signature bundle; each open upload may hold one in memory.
    pub max_signature: u64,
    /// Signatures of one version by keys that are not in this configuration.
    pub max_signatures: u32,
    /// An upload that is not sealed by then is forgotten.
    #[serde(with = "span")]
    pub expire_after: Duration,
    /// A file of which too little comes for so long is given up.
    #[serde(with = "span")]
    pub idle_timeout: Duration,
    /// Bytes a second that must come, on average of that time.
    pub min_rate: u64,
}

impl Uploads {
    /// What a file must come with.
    pub(crate) const fn pace(&self) -> Pace {
        Pace { rate: self.min_rate, within: self.idle_timeout }
    }
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            max_file: 8 * 1024 * MIB,
            max_total: 16 * 1024 * MIB,
            max_files: 10_000,
            max_open: 16,
            max_checks: 4,
            ahead: 1,
            max_ahead: 16,
            max_signature: 4 * MIB,
            max_signatures: 16,
            expire_after: Duration::from_secs(3600),
            idle_timeout: Duration::from_secs(30),
            min_rate: 16 * 1024,
        }
    }
}
