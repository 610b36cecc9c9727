//! Takes a file in as it streams: hashed and counted on the way, never held in memory.

use super::upload::Received;
use super::{Error, Registry, UploadId};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use seatrial_domain::Digest;
use seatrial_domain::manifest::FilePath;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
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
        let written = write(&at, body, self.limits.max_file).await;
        let (digest, size) = match written {
            Ok(written) => written,
            Err(error) => return Err(self.forget(&at, error).await),
        };
        let file = Received { path, digest, size, at };
        let added = match self.lock().get_mut(id) {
            Some(upload) => upload.add(file.clone(), self.limits.max_total),
            None => Err(Error::UnknownUpload(id.clone())),
        };
        match added {
            Ok(()) => Ok(file),
            Err(error) => Err(self.forget(&file.at, error).await),
        }
    }

    fn place(&self, id: &UploadId) -> Result<PathBuf, Error> {
        let limit = usize::try_from(self.limits.max_files).unwrap_or(usize::MAX);
        let mut open = self.lock();
        let upload = open.get_mut(id).ok_or_else(|| Error::UnknownUpload(id.clone()))?;
        upload.place(limit)
    }

    /// Removes what was received for nothing, and hands the error on.
    async fn forget(&self, at: &Path, error: Error) -> Error {
        // Where it cannot be removed, it goes with its upload.
        let _gone = tokio::fs::remove_file(at).await;
        error
    }
}

async fn write(
    at: &Path,
    body: impl Stream<Item = Result<Bytes, axum::Error>> + Send,
    limit: u64,
) -> Result<(Digest, u64), Error> {
    let mut body = std::pin::pin!(body);
    let mut file = File::options().write(true).create_new(true).open(at).await?;
    let mut hasher = Sha256::new();
    let mut size = 0_u64;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(Error::BrokenOff)?;
        size = size.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if size > limit {
            return Err(Error::TooLarge { limit, of: "one file" });
        }
        hasher.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok((Digest::from_sha256(&hasher.finalize().into()), size))
}
