//! What registry clients may upload by path, whole or in parts.

use super::MIB;
use crate::config::span;
use seatrial_store::progress::Pace;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Files uploaded by path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Artifacts {
    /// Bytes of one file, whole or in parts.
    pub max_file: u64,
    /// Files of all runs and models.
    pub max_files: u64,
    /// Names right below one directory that are listed.
    pub max_listed: u64,
    /// Files and parts received at once; one more waits.
    pub max_transfers: u32,
    /// So long a file waits for its turn before its client is told to come again.
    #[serde(with = "span")]
    pub queue_timeout: Duration,
    /// A file of which too little comes for so long is given up.
    #[serde(with = "span")]
    pub idle_timeout: Duration,
    /// Bytes a second that must come, on average of that time.
    pub min_rate: u64,
}

impl Artifacts {
    /// What a file must come with.
    pub(crate) const fn pace(&self) -> Pace {
        Pace { rate: self.min_rate, within: self.idle_timeout }
    }
}

impl Default for Artifacts {
    fn default() -> Self {
        Self {
            max_file: 8 * 1024 * MIB,
            max_files: 1_000_000,
            max_listed: 100_000,
            max_transfers: 32,
            queue_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            min_rate: 16 * 1024,
        }
    }
}

/// Files that arrive in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Multipart {
    /// Begun and not completed.
    pub max_open: u32,
    /// Parts of one file.
    pub max_parts: u32,
    /// Bytes of one part.
    pub max_part: u64,
    /// Bytes of all parts that wait for their file to be completed.
    pub max_waiting: u64,
    /// Parts of which nothing was heard for so long are forgotten.
    #[serde(with = "span")]
    pub expire_after: Duration,
}

impl Default for Multipart {
    fn default() -> Self {
        Self {
            max_open: 64,
            max_parts: 2_000,
            max_part: 1024 * MIB,
            max_waiting: 32 * 1024 * MIB,
            expire_after: Duration::from_secs(24 * 3600),
        }
    }
}
