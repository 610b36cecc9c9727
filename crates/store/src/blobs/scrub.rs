//! Looking at one blob wherever it is kept, and mending a bad copy by a good one.

use super::reader::{Pace, hash_paced};
use super::{Backend, Blobs, Error, Listed};
use seatrial_domain::Digest;

/// What a look at a blob has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    Intact,
    /// A bad copy was replaced by a good one.
    Mended(Mended),
    /// No good copy is left.
    Corrupt {
        found: Digest,
    },
    /// Not there: removed meanwhile, or lost.
    Gone,
}

/// Which copy was bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mended {
    Cached,
    Stored,
}

impl Blobs {
    /// Every blob there is, by digest.
    pub async fn inventory(&self) -> Result<Vec<Listed>, Error> {
        let mut blobs = self.list().await?;
        blobs.sort_by(|a, b| a.digest.cmp(&b.digest));
        Ok(blobs)
    }

    /// Reads every copy of a blob, at most so many bytes in a second.
    pub async fn scrub(&self, digest: &Digest, bytes_per_second: u64) -> Result<Health, Error> {
        let pace = Pace::BytesPerSecond(bytes_per_second.max(1));
        match &self.backend {
            Backend::Local(directory) => match directory.file(digest) {
                Ok(mut file) => health(hash_paced(&mut file, digest, pace).await),
                Err(error) => health(Err(error)),
            },
            Backend::S3(s3) => s3.scrub(digest, pace).await,
        }
    }

    /// As [`Blobs::scrub`], of a blob that something refers to: one that is gone is stored again if
    /// this machine has a good copy.
    pub async fn restore(&self, digest: &Digest, bytes_per_second: u64) -> Result<Health, Error> {
        let health = self.scrub(digest, bytes_per_second).await?;
        match (&self.backend, health) {
            (Backend::S3(s3), Health::Gone) => {
                s3.restore(digest, Pace::BytesPerSecond(bytes_per_second.max(1))).await
            }
            (Backend::Local(_) | Backend::S3(_), health) => Ok(health),
        }
    }
}

/// What reading an only copy came to.
fn health(read: Result<u64, Error>) -> Result<Health, Error> {
    match read {
        Ok(_) => Ok(Health::Intact),
        Err(Error::Altered { found, .. }) => Ok(Health::Corrupt { found }),
        Err(Error::Missing(_)) => Ok(Health::Gone),
        Err(error) => Err(error),
    }
}
