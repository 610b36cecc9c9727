//! The artifacts' bytes, each at `sha256/<hex>`: written once, verified whenever they are read.
//!
//! Owns the `blobs` directory. A blob appears whole or not at all; what a crash left half written
//! is swept when the directory is opened. Refuses to hand out bytes that differ from their name.

mod directory;
mod gates;
mod hold;
mod inventory;
mod reader;
pub mod s3;
pub mod scrub;
mod seen;
mod spool;
mod verified;
mod writer;

pub use hold::Hold;
pub use inventory::Listed;
pub use reader::LocalFile;
pub use writer::{Blob, Writer};

use directory::Directory;
use gates::Gates;
use s3::S3;
use seatrial_domain::{Digest, Timestamp};
use seen::Seen;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Why a blob could not be stored or handed out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk or the quota is full; nothing is left behind.
    #[error("no room is left for the artifact: free some disk space and push again")]
    Full(#[source] io::Error),
    /// More bytes than allowed; nothing is left behind, nothing is handed out.
    #[error("the artifact has more than the allowed {limit} bytes")]
    TooLarge { limit: u64 },
    /// What arrived is not what was announced; nothing is left behind.
    #[error("the bytes received have digest {found}, announced was {expected}")]
    Mismatch { expected: Digest, found: Digest },
    /// Never stored, or removed.
    #[error("blob {0} is not in the store")]
    Missing(Digest),
    /// The bytes are not those that were stored, on the disk or as they arrive.
    #[error("blob {expected} was altered: its bytes have digest {found}")]
    Altered { expected: Digest, found: Digest },
    /// The object store does not answer, or not in time, or not as it should. Later it may.
    #[error("the object store is out of reach: {0}")]
    Unreachable(String),
    /// It answers, and refuses: the configuration is wrong.
    #[error("the object store refuses: {0}")]
    Denied(String),
    /// The directory or file cannot be read or written.
    #[error("the blob directory can't be used")]
    Io(#[source] io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            Self::Full(error)
        } else {
            Self::Io(error)
        }
    }
}

/// Where blobs are kept.
#[derive(Debug, Clone, Default)]
pub enum Place {
    /// In the data directory.
    #[default]
    Local,
    /// In an object store; copies of some are in the data directory.
    S3(Box<s3::Settings>),
    /// In memory, as if it were an object store.
    #[cfg(test)]
    Memory(Arc<object_store::memory::InMemory>, s3::Limits),
}

/// Where blobs are kept, and how.
#[derive(Debug, Clone)]
pub struct Options {
    pub place: Place,
    /// Files whose hash is remembered for ranged reads.
    pub seen_limit: usize,
    /// For so long.
    pub seen_for: Duration,
    pub clock: fn() -> Timestamp,
}

impl Default for Options {
    /// A clock that stands still long ago: nothing is remembered.
    fn default() -> Self {
        Self {
            place: Place::Local,
            seen_limit: 4096,
            seen_for: Duration::from_secs(300),
            clock: || Timestamp::from_micros(0),
        }
    }
}

/// The blobs of one data directory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    backend: Backend,
    uses: Arc<hold::Uses>,
    seen: Arc<Seen>,
    hashing: Arc<Gates>,
    clock: fn() -> Timestamp,
}

#[derive(Debug, Clone)]
enum Backend {
    Local(Directory),
    S3(Arc<S3>),
}

impl Blobs {
    /// Opens `dir` and removes what earlier processes left half written. The caller holds the
    /// data directory's lock, so no writer is at work.
    pub(crate) async fn open(dir: &Path, options: &Options) -> Result<Self, Error> {
        let cache = dir.join("cache");
        let backend = match &options.place {
            Place::Local => Backend::Local(Directory::open(dir).await?),
            Place::S3(settings) => {
                let (store, prefix) = (settings.connect()?, &settings.prefix);
                let opened = S3::open(store, prefix, settings.limits, &cache).await?;
                Backend::S3(Arc::new(opened))
            }
            #[cfg(test)]
            Place::Memory(store, limits) => {
                let store = Arc::<object_store::memory::InMemory>::clone(store);
                Backend::S3(Arc::new(S3::open(store, "test", *limits, &cache).await?))
            }
        };
        Ok(Self {
            backend,
            uses: Arc::default(),
            seen: Arc::new(Seen::new(options.seen_limit, options.seen_for)),
            hashing: Arc::default(),
            clock: options.clock,
        })
    }

    /// Deletes what uploads left in the object store `grace` ago or earlier, and tells how many.
    pub async fn sweep_temporary(&self, grace: Duration) -> Result<u64, Error> {
        match &self.backend {
            // It was swept when it was opened.
            Backend::Local(_) => Ok(0),
            Backend::S3(s3) => s3.sweep_temporary((self.clock)(), grace).await,
        }
    }
}
