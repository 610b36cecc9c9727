//! Keeping artifacts: how much of them is on the way, in the cache, and read by the scrub.

use super::{MIB, span};
use seatrial_store::blobs::s3;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The blob store. What is said of the object store holds where `blobs.store` is `s3`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blobs {
    /// Bytes of one part of an upload to the object store.
    pub part: u32,
    /// Parts of one upload on their way at once.
    pub parts: u32,
    /// Bytes of the object store's blobs that are kept in the data directory.
    pub cache: u64,
    /// Blobs fetched from the object store at once.
    pub fetches: u32,
    #[serde(with = "span")]
    pub connect_timeout: Duration,
    /// Silence of the object store.
    #[serde(with = "span")]
    pub timeout: Duration,
    /// A request is tried again at most so often.
    pub retries: u32,
    /// And only within this time.
    #[serde(with = "span")]
    pub retry_for: Duration,
    /// Bytes of a blob that must come in a second, on average of each `timeout`.
    pub min_rate: u64,
    /// How often a blob is sent or fetched whose bytes do not arrive as they were.
    pub attempts: u32,
    /// What an upload left in the object store is deleted then.
    #[serde(with = "span")]
    pub temporary_grace: Duration,
    /// Files whose hash is remembered, so that many ranges of one cost one hash.
    pub verified: u32,
    /// For so long: what goes bad on the disk by itself changes no time of its file.
    #[serde(with = "span")]
    pub verified_for: Duration,
    /// From the end of one scrub to the beginning of the next.
    #[serde(with = "span")]
    pub scrub_every: Duration,
    /// Bytes that the scrub reads in a second.
    pub scrub_rate: u64,
}

impl Default for Blobs {
    fn default() -> Self {
        Self {
            part: 8 * 1024 * 1024,
            parts: 2,
            cache: 32 * 1024 * MIB,
            fetches: 4,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            retries: 4,
            retry_for: Duration::from_secs(60),
            min_rate: 16 * 1024,
            attempts: 3,
            temporary_grace: Duration::from_secs(24 * 3600),
            verified: 4096,
            verified_for: Duration::from_secs(300),
            scrub_every: Duration::from_secs(24 * 3600),
            scrub_rate: 16 * MIB,
        }
    }
}

impl Blobs {
    pub(super) fn zero_count(&self) -> Option<(&'static str, u64)> {
        let counts = [
            ("limits.blobs.part", self.part.into()),
            ("limits.blobs.parts", self.parts.into()),
            ("limits.blobs.cache", self.cache),
            ("limits.blobs.fetches", self.fetches.into()),
            ("limits.blobs.retries", self.retries.into()),
            ("limits.blobs.min_rate", self.min_rate),
            ("limits.blobs.attempts", self.attempts.into()),
            ("limits.blobs.verified", self.verified.into()),
            ("limits.blobs.scrub_rate", self.scrub_rate),
        ];
        counts.into_iter().find(|(_, value)| *value == 0)
    }

    pub(super) fn zero_span(&self) -> Option<(&'static str, Duration)> {
        let spans = [
            ("limits.blobs.connect_timeout", self.connect_timeout),
            ("limits.blobs.timeout", self.timeout),
            ("limits.blobs.retry_for", self.retry_for),
            ("limits.blobs.temporary_grace", self.temporary_grace),
            ("limits.blobs.verified_for", self.verified_for),
            ("limits.blobs.scrub_every", self.scrub_every),
        ];
        spans.into_iter().find(|(_, value)| value.is_zero())
    }

    /// Those of the object store, as the store takes them.
    pub(crate) fn s3(&self) -> s3::Limits {
        let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        s3::Limits {
            part_bytes: size(self.part),
            parts: size(self.parts),
            cache_bytes: self.cache,
            fetches: size(self.fetches),
            connect_timeout: self.connect_timeout,
            timeout: self.timeout,
            retries: size(self.retries),
            retry_for: self.retry_for,
            min_rate: self.min_rate,
            attempts: self.attempts,
        }
    }
}
