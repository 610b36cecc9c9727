//! Whether blobs are still what they are named after, without reading again what was read a while ago.
//!
//! The files of one version are asked about together: most are small or known, and each turn on a
//! thread for files would cost more than what is done there.

use super::reader::check;
use super::seen::{Identity, Seen};
use super::{Backend, Blobs, Directory, Error};
use seatrial_domain::{Digest, Timestamp};
use std::io;
use std::sync::Arc;

/// Files of no more bytes are hashed where they are found.
const SMALL_BYTES: u64 = 1 << 20;
/// So many names are looked at where they are asked for. The directory is this machine's own: a
/// database in it could not be shared otherwise.
const AT_ONCE: usize = 32;

impl Blobs {
    /// As [`Blobs::verify`], of each; but a blob in the data directory is not read again that this
    /// process has read a while ago, if its file has not changed since. Errors: those of the first
    /// that is missing or altered, or cannot be read.
    pub async fn verified(&self, digests: &[Digest]) -> Result<(), Error> {
        for digest in digests {
            self.in_use(digest).await;
        }
        match &self.backend {
            Backend::Local(directory) => {
                for digest in self.neither_known_nor_small(directory, digests).await? {
                    self.know(&mut directory.file(&digest)?, &digest).await?;
                }
                Ok(())
            }
            Backend::S3(s3) => {
                for digest in digests {
                    s3.verify(digest).await?;
                }
                Ok(())
            }
        }
    }

    /// The others are verified.
    async fn neither_known_nor_small(
        &self,
        directory: &Directory,
        digests: &[Digest],
    ) -> Result<Vec<Digest>, Error> {
        let (seen, now) = (Arc::clone(&self.seen), (self.clock)());
        let left = if digests.len() > AT_ONCE {
            digests.to_vec()
        } else {
            // To look at a name takes less than to have another thread do it.
            unknown(directory, digests, (&seen, now))?
        };
        if left.is_empty() {
            return Ok(left);
        }
        let directory = directory.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let mut large = Vec::new();
            for digest in left {
                if !is_verified(&directory, &digest, (&seen, now))? {
                    large.push(digest);
                }
            }
            Ok(large)
        });
        looked.await.map_err(io::Error::other)?
    }
}

/// Those whose files were not hashed in their present state.
fn unknown(
    directory: &Directory,
    digests: &[Digest],
    (seen, now): (&Seen, Timestamp),
) -> Result<Vec<Digest>, Error> {
    let mut unknown = Vec::new();
    for digest in digests {
        if !seen.knows(digest, identity(directory, digest)?, now) {
            unknown.push(digest.clone());
        }
    }
    Ok(unknown)
}

/// False: it is too large to be hashed here.
fn is_verified(
    directory: &Directory,
    digest: &Digest,
    (seen, now): (&Seen, Timestamp),
) -> Result<bool, Error> {
    let before = identity(directory, digest)?;
    if seen.knows(digest, before, now) {
        return Ok(true);
    }
    if before.bytes() > SMALL_BYTES {
        return Ok(false);
    }
    let bytes = std::fs::read(directory.path(digest)).map_err(|error| missing(digest, error))?;
    check(digest, Digest::of(&bytes))?;
    seen.remember(digest, (before, identity(directory, digest)?), now);
    Ok(true)
}

fn identity(directory: &Directory, digest: &Digest) -> Result<Identity, Error> {
    let found = std::fs::metadata(directory.path(digest));
    Ok(Identity::of(&found.map_err(|error| missing(digest, error))?))
}

fn missing(digest: &Digest, error: io::Error) -> Error {
    let gone = error.kind() == io::ErrorKind::NotFound;
    if gone { Error::Missing(digest.clone()) } else { error.into() }
}
