//! Garbage: blobs that nothing refers to. Marked by what the database says, swept in turns.
//!
//! A turn claims a few blobs that nobody uses, reads the marks again, and removes what is still
//! unmarked; only then does the next one begin. The database is the truth and the removal is last,
//! so that a process killed at any instant leaves at most garbage. Refuses blobs younger than the
//! caller's grace.

mod marks;
mod meter;
mod sweep;

pub(crate) use meter::Meter;
pub use meter::Metrics;
pub use sweep::{Collected, Order};

use crate::blobs::{self, Listed};
use crate::{Store, storage};
use seatrial_domain::Timestamp;

/// Why garbage could not be listed or removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);

/// So many blobs, of so many bytes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    pub blobs: u64,
    pub bytes: u64,
}

impl Total {
    const fn add(&mut self, bytes: u64) {
        self.blobs += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

impl<'a> FromIterator<&'a Listed> for Total {
    fn from_iter<I: IntoIterator<Item = &'a Listed>>(blobs: I) -> Self {
        let mut total = Self::default();
        for blob in blobs {
            total.add(blob.size);
        }
        total
    }
}

/// What there is, by what a sweep would make of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// What would go, by digest.
    pub garbage: Vec<Listed>,
    /// Unmarked as well, but within the grace.
    pub young: Total,
    /// What something refers to.
    pub kept: Total,
}

impl Store {
    /// What a sweep of blobs stored before `before` would remove now. Removes nothing.
    pub async fn garbage(&self, before: Timestamp) -> Result<Survey, Error> {
        let blobs = self.blobs().list().await?;
        // Read after the list: what was registered between the two is marked.
        let marked = self.marked().await?;
        let mut survey = Survey::default();
        for blob in blobs {
            if marked.contains(&blob.digest) {
                survey.kept.add(blob.size);
            } else if blob.stored_at >= before {
                survey.young.add(blob.size);
            } else {
                survey.garbage.push(blob);
            }
        }
        survey.garbage.sort_by(|a, b| a.digest.cmp(&b.digest));
        Ok(survey)
    }
}
