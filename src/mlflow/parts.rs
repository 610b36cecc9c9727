//! Parts of large files, until the last one is there.
//!
//! Owns the directory `parts` below the data directory: one file a part, under random names that
//! only rows of the store know, so that an upload goes on after a restart. What no row names is
//! removed at start. A part's bytes are read against its digest when the file is put together.

mod assemble;
mod waiting;

use super::error::{Error, Result, unsupported};
use super::incoming::Incoming;
use super::turns::Turns;
use crate::clock;
use crate::config::{Limits, Multipart};
use anyhow::Context as _;
use seatrial_domain::{Digest, Timestamp};
use seatrial_store::artifacts::ArtifactPath;
use seatrial_store::blobs::Blob;
use seatrial_store::multipart::{self, Part, State, Upload};
use seatrial_store::{Store, storage};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::AsyncWriteExt as _;
use waiting::Waiting;

/// Uploads forgotten in one sweep; the next goes on.
const SWEPT_MAX: u32 = 1_000;

/// The uploads in parts of one server.
#[derive(Debug)]
pub(super) struct Parts {
    store: Store,
    dir: PathBuf,
    limits: Multipart,
    /// Bytes of one file, and files in all.
    max_file: u64,
    max_files: u64,
    /// Bytes of all parts that are here or on their way.
    bytes: Arc<AtomicU64>,
    turns: Turns,
}

/// A part that is whole, and that no row names yet.
#[derive(Debug)]
pub(super) struct Arrived {
    part: Part,
    waiting: Waiting,
}

impl Arrived {
    pub(super) const fn digest(&self) -> &Digest {
        &self.part.bytes.digest
    }
}

impl Parts {
    pub(super) async fn open(store: Store, limits: &Limits, dir: &Path) -> anyhow::Result<Self> {
        tokio::fs::create_dir_all(dir).await.context("parts of uploads")?;
        let bytes = take_up(&store, dir).await?;
        let limits_of_all = &limits.artifacts;
        Ok(Self {
            store,
            dir: dir.to_owned(),
            limits: limits.multipart.clone(),
            max_file: limits_of_all.max_file,
            max_files: limits_of_all.max_files,
            bytes: Arc::new(AtomicU64::new(bytes)),
            turns: Turns::default(),
        })
    }

    /// Bytes of one part.
    pub(super) const fn max_part(&self) -> u64 {
        self.limits.max_part
    }

    /// Begins an upload of so many parts, under a name that nobody can guess.
    pub(super) async fn begin(&self, path: &ArtifactPath, parts: u64) -> Result<String> {
        let limit = self.limits.max_parts;
        if parts == 0 {
            return Err(Error::invalid("an upload has at least one part"));
        }
        if parts > limit.into() {
            return Err(Error::invalid(unsupported(&format!("a file has at most {limit} parts"))));
        }
        let id = format!("{:032x}", rand::random::<u128>());
        let open_max = self.limits.max_open.into();
        self.store.begin_multipart(&id, (path, parts), open_max, clock::now()).await?;
        Ok(id)
    }

    /// What has arrived of an upload.
    pub(super) async fn upload(&self, id: &str) -> Result<Upload> {
        Ok(self.store.multipart(id).await?)
    }

    /// Receives one part of an open upload.
    pub(super) async fn receive(
        &self,
        id: &str,
        number: u64,
        incoming: &mut Incoming,
    ) -> Result<Arrived> {
        let upload = self.upload(id).await?;
        if upload.state == State::Completed {
            return Err(multipart::Error::Unknown.into());
        }
        if number == 0 || number > upload.parts {
            let parts = upload.parts;
            return Err(Error::invalid(format!("part {number} of a file of {parts} parts")));
        }
        let (mut waiting, mut file) = Waiting::create(&self.dir, &self.bytes).await?;
        let (mut hasher, mut size) = (Sha256::new(), 0_u64);
        while let Some(bytes) = incoming.next().await? {
            size = size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            if size > self.limits.max_part {
                let limit = self.limits.max_part;
                return Err(Error::invalid(format!("a part has at most {limit} bytes")));
            }
            waiting.reserve(bytes.len(), self.limits.max_waiting)?;
            hasher.update(&bytes);
            file.write_all(&bytes).await.map_err(refused)?;
        }
        file.flush().await.map_err(refused)?;
        let bytes = Blob { digest: Digest::from_sha256(&hasher.finalize().into()), size };
        Ok(Arrived { part: Part { number, file: waiting.name().to_owned(), bytes }, waiting })
    }

    /// Lets a part take its place, and that of an earlier one of its number.
    pub(super) async fn keep(&self, id: &str, arrived: Arrived) -> Result<()> {
        let _only = self.turns.of(id).await;
        let before = self.store.keep_part(id, &arrived.part, clock::now()).await?;
        arrived.waiting.keep();
        self.remove(before.as_slice()).await;
        Ok(())
    }

    /// Forgets an upload; one that is unknown is forgotten already.
    pub(super) async fn abort(&self, id: &str) -> Result<()> {
        let _only = self.turns.of(id).await;
        match self.store.multipart(id).await {
            Err(multipart::Error::Unknown) => Ok(()),
            Err(error) => Err(error.into()),
            // A client that was not told of the end may take back what is done: it stays.
            Ok(Upload { state: State::Completed, .. }) => Ok(()),
            Ok(upload) => Ok(self.forget(id, &upload).await?),
        }
    }

    /// Forgets the uploads of which nothing was heard for long.
    pub(super) async fn sweep(&self, now: Timestamp) {
        if let Err(error) = self.sweep_idle(now).await {
            tracing::warn!(%error, "parts of uploads that are over stay until the next sweep");
        }
    }

    async fn sweep_idle(&self, now: Timestamp) -> std::result::Result<(), multipart::Error> {
        let span = i64::try_from(self.limits.expire_after.as_micros()).unwrap_or(i64::MAX);
        let before = Timestamp::from_micros(now.as_micros().saturating_sub(span));
        for id in self.store.idle_multiparts(before, SWEPT_MAX).await? {
            let _only = self.turns.of(&id).await;
            match self.store.multipart(&id).await {
                Ok(upload) if upload.touched_at < before => self.forget(&id, &upload).await?,
                // Somebody went on, or took it back, meanwhile.
                Ok(_) | Err(multipart::Error::Unknown) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn forget(&self, id: &str, upload: &Upload) -> std::result::Result<(), storage::Error> {
        self.store.forget_multipart(id).await?;
        self.remove(&upload.arrived).await;
        Ok(())
    }

    /// Removes the bytes of parts that no row names any more.
    async fn remove(&self, parts: &[Part]) {
        for part in parts {
            self.bytes.fetch_sub(part.bytes.size, Ordering::Relaxed);
            if let Err(error) = tokio::fs::remove_file(self.dir.join(&part.file)).await {
                tracing::warn!(%error, "a part of an upload stays until the next start");
            }
        }
    }
}

/// Sorts out what an earlier process left: files without a row go, and rows without their file.
/// Gives the bytes of what stays.
async fn take_up(store: &Store, dir: &Path) -> anyhow::Result<u64> {
    let parts = store.multipart_parts().await?;
    let mut wanted: BTreeMap<String, u64> =
        parts.into_iter().map(|part| (part.file, part.bytes.size)).collect();
    let mut bytes = 0_u64;
    let mut files = tokio::fs::read_dir(dir).await?;
    while let Some(entry) = files.next_entry().await? {
        let length = entry.metadata().await?.len();
        let name = entry.file_name().to_string_lossy().into_owned();
        match wanted.remove(&name) {
            Some(size) if size == length => bytes = bytes.saturating_add(size),
            Some(_) => {
                wanted.insert(name, length);
                tokio::fs::remove_file(entry.path()).await?;
            }
            None => tokio::fs::remove_file(entry.path()).await?,
        }
    }
    if !wanted.is_empty() {
        store.forget_parts(&wanted.into_keys().collect::<Vec<_>>()).await?;
    }
    Ok(bytes)
}

/// What the disk refused.
fn refused(error: std::io::Error) -> Error {
    seatrial_store::blobs::Error::from(error).into()
}
