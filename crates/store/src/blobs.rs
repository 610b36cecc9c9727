//! The artifacts' bytes, each at `sha256/<hex>`: written once, verified whenever they are read.
//!
//! Owns the `blobs` directory. A blob appears whole or not at all; what a crash left half written
//! is swept when the directory is opened. Refuses to hand out bytes that differ from their name.

mod hold;
mod reader;
mod writer;

pub use hold::Hold;
pub use writer::{Blob, Writer};

use seatrial_domain::Digest;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::RwLock;

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
    /// The bytes on disk are no longer those that were stored.
    #[error("blob {expected} was altered on disk: its bytes have digest {found}")]
    Altered { expected: Digest, found: Digest },
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

/// The blobs of one data directory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    sealed: Arc<Path>,
    partial: Arc<Path>,
    next: Arc<AtomicU64>,
    /// Read: blobs are stored and not referred to yet. Written: blobs are removed.
    holds: Arc<RwLock<()>>,
}

impl Blobs {
    /// Opens `dir` and removes what earlier processes left half written. The caller holds the
    /// data directory's lock, so no writer is at work.
    pub(crate) async fn open(dir: &Path) -> Result<Self, Error> {
        let (sealed, partial) = (dir.join("sha256"), dir.join("partial"));
        tokio::fs::create_dir_all(&sealed).await?;
        tokio::fs::create_dir_all(&partial).await?;
        let mut left = tokio::fs::read_dir(&partial).await?;
        while let Some(entry) = left.next_entry().await? {
            tokio::fs::remove_file(entry.path()).await?;
        }
        sync_dir(dir).await?;
        if let Some(data) = dir.parent() {
            sync_dir(data).await?;
        }
        let (sealed, partial) = (sealed.into(), partial.into());
        Ok(Self { sealed, partial, next: Arc::default(), holds: Arc::default() })
    }

    /// Whether a blob of this digest and size is stored. Cheap: its bytes are not read.
    pub async fn has(&self, digest: &Digest, size: u64) -> Result<bool, Error> {
        match tokio::fs::metadata(self.path(digest)).await {
            Ok(metadata) => Ok(metadata.is_file() && metadata.len() == size),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the blob is, whether or not it is there; its bytes are only as good as a check of them.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.sealed.join(digest.hex())
    }
}

/// Makes the directory's entries durable.
async fn sync_dir(dir: &Path) -> io::Result<()> {
    tokio::fs::File::open(dir).await?.sync_all().await
}
