//! Takes a file in as it streams: hashed and counted on the way, never held in memory.

use super::upload::Received;
use super::{Error, Registry, UploadId};
use bytes::Bytes;
use futures_util::Stream;
use seatrial_domain::Digest;
use seatrial_domain::manifest::FilePath;
use seatrial_store::progress;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

impl Registry {
    /// Receives one file of an upload under `path`.
    pub async fn receive(
        &self,
        id: &UploadId,
        path: FilePath,
        body: impl Stream<Item = Result<Bytes, axum::Error>> + Send,
    ) -> Result<Received, Error> {
        let at = self.place(id)?;
        let mut arriving = Arriving { registry: self, id, at: Some(at.clone()), size: 0 };
        let mut file = File::options().write(true).create_new(true).open(&at).await?;
        let digest = arriving.write(&mut file, body).await?;
        let received = Received { path, digest, size: arriving.size, at };
        arriving.keep(received)
    }

    fn place(&self, id: &UploadId) -> Result<PathBuf, Error> {
        let limit = usize::try_from(self.limits.max_files).unwrap_or(usize::MAX);
        let mut open = self.lock();
        let upload = open.get_mut(id).ok_or_else(|| Error::UnknownUpload(id.clone()))?;
        upload.place(limit)
    }
}

/// A file on its way in. Dropped, it leaves neither bytes nor what was set aside for them.
struct Arriving<'a> {
    registry: &'a Registry,
    id: &'a UploadId,
    /// None once the file is kept.
    at: Option<PathBuf>,
    size: u64,
}

impl Arriving<'_> {
    async fn write(
        &mut self,
        file: &mut File,
        body: impl Stream<Item = Result<Bytes, axum::Error>> + Send,
    ) -> Result<Digest, Error> {
        let pace = self.registry.limits.pace();
        let body = std::pin::pin!(body);
        let mut body = progress::Arriving::new(body, pace);
        let mut hasher = Sha256::new();
        while let Some(chunk) = body.next().await? {
            let chunk = chunk.map_err(Error::BrokenOff)?;
            self.reserve(u64::try_from(chunk.len()).unwrap_or(u64::MAX))?;
            hasher.update(&chunk);
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        Ok(Digest::from_sha256(&hasher.finalize().into()))
    }

    /// Sets bytes aside: files that arrive at once share the limit of their upload.
    fn reserve(&mut self, bytes: u64) -> Result<(), Error> {
        let limits = &self.registry.limits;
        let size = self.size.saturating_add(bytes);
        if size > limits.max_file {
            return Err(Error::TooLarge { limit: limits.max_file, of: "one file" });
        }
        let mut open = self.registry.lock();
        let upload = open.get_mut(self.id).ok_or_else(|| Error::UnknownUpload(self.id.clone()))?;
        upload.reserve(bytes, limits.max_total)?;
        self.size = size;
        Ok(())
    }

    fn keep(mut self, received: Received) -> Result<Received, Error> {
        let mut open = self.registry.lock();
        let upload = open.get_mut(self.id).ok_or_else(|| Error::UnknownUpload(self.id.clone()))?;
        let held = upload.add(received)?.clone();
        drop(open);
        // The same bytes sent again are not needed twice.
        self.at = self.at.take().filter(|at| *at != held.at);
        Ok(held)
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        let Some(at) = self.at.take() else { return };
        // Where it cannot be removed, it goes with its upload.
        let _gone = std::fs::remove_file(at);
        if let Some(upload) = self.registry.lock().get_mut(self.id) {
            upload.release(self.size);
        }
    }
}
