//! Storing a blob that waits in the cache's directory: create-if-absent, and read back before it
//! counts. A large one goes to a temporary key first, so that no wrong bytes are ever at its own.

use super::remote::Standing;
use super::{S3, fault};
use crate::blobs::Error;
use crate::blobs::reader::Pace;
use crate::blobs::spool::Spooled;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use object_store::path::Path;
use object_store::{Error as Fault, MultipartUpload, ObjectStoreExt as _, PutMode, PutPayload};
use seatrial_domain::Digest;
use std::io;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// What becomes of bytes that are at the blob's key already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Existing {
    Stay,
    /// They are not the blob's.
    GiveWay,
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Stored,
    /// Whether it is stored shows when the key is read.
    Unknown,
}

impl S3 {
    /// Durable when it returns. The copy in the cache is kept if there is room.
    pub(in crate::blobs) async fn publish(&self, mut spooled: Spooled) -> Result<(), Error> {
        let digest = spooled.digest.clone();
        self.replicate(&mut spooled.file, &digest, spooled.size).await?;
        match self.keep_copy(&spooled).await {
            // It can be fetched.
            Err(Error::Full(_)) => Ok(()),
            kept => kept,
        }
    }

    async fn keep_copy(&self, spooled: &Spooled) -> Result<(), Error> {
        let room = self.cache.room(spooled.size)?;
        self.cache.keep(spooled.path(), &spooled.digest, room).await
    }

    /// Sends a verified file of `size` bytes, unless the blob is there and intact.
    pub(in crate::blobs) async fn replicate(
        &self,
        file: &mut File,
        digest: &Digest,
        size: u64,
    ) -> Result<(), Error> {
        let key = self.key(digest);
        let fits_a_part = size <= u64::try_from(self.limits.part_bytes).unwrap_or(u64::MAX);
        // One more look than tries: the last try is looked at, too.
        for _ in 0..=self.limits.attempts {
            let tried = match self.standing(&key, digest, Pace::Full).await? {
                Standing::Intact(_) => Tried::Stored,
                Standing::Absent if fits_a_part => self.put(file, &key).await?,
                Standing::Absent => self.put_by_way(file, digest, Existing::Stay).await?,
                Standing::Altered(_) => self.put_by_way(file, digest, Existing::GiveWay).await?,
            };
            if tried == Tried::Stored {
                return Ok(());
            }
        }
        Err(Error::Unreachable(format!("blob {digest} does not arrive there as it was sent")))
    }

    /// Sends a small blob at once, if nothing is at its key.
    async fn put(&self, file: &mut File, key: &Path) -> Result<Tried, Error> {
        file.seek(io::SeekFrom::Start(0)).await?;
        let payload = PutPayload::from(self.part(file).await?);
        match self.store.put_opts(key, payload, PutMode::Create.into()).await {
            Ok(_) | Err(Fault::AlreadyExists { .. }) => Ok(Tried::Unknown),
            Err(error) => Err(fault::of(&error)),
        }
    }

    /// Sends a blob to a temporary key, looks at what arrived, and has it copied to its own.
    async fn put_by_way(
        &self,
        file: &mut File,
        digest: &Digest,
        existing: Existing,
    ) -> Result<Tried, Error> {
        let temporary = self.temporary_key();
        let put = self.put_at(file, digest, (&temporary, existing)).await;
        if let Err(error) = self.delete(&temporary).await {
            tracing::debug!(%error, "a temporary key stays until it is swept");
        }
        put
    }

    async fn put_at(
        &self,
        file: &mut File,
        digest: &Digest,
        (temporary, existing): (&Path, Existing),
    ) -> Result<Tried, Error> {
        file.seek(io::SeekFrom::Start(0)).await?;
        let upload = self.store.put_multipart(temporary).await;
        let mut upload = upload.map_err(|error| fault::of(&error))?;
        if let Err(error) = self.send(upload.as_mut(), file).await {
            // What cannot be taken back is the bucket's lifecycle rule's.
            if let Err(error) = upload.abort().await {
                tracing::debug!(error = %fault::of(&error), "an upload could not be taken back");
            }
            return Err(error);
        }
        if !matches!(self.standing(temporary, digest, Pace::Full).await?, Standing::Intact(_)) {
            tracing::warn!(blob = %digest, "a blob did not arrive as it was sent");
            return Ok(Tried::Unknown);
        }
        let key = self.key(digest);
        let copied = match existing {
            Existing::Stay => self.store.copy_if_not_exists(temporary, &key).await,
            Existing::GiveWay => self.store.copy(temporary, &key).await,
        };
        match copied {
            Ok(()) => Ok(Tried::Stored),
            Err(Fault::AlreadyExists { .. }) => Ok(Tried::Unknown),
            Err(error) => Err(fault::of(&error)),
        }
    }

    /// Sends the file part by part; as many are in memory as are on their way, and one more.
    async fn send(&self, upload: &mut dyn MultipartUpload, file: &mut File) -> Result<(), Error> {
        let mut on_their_way = FuturesUnordered::new();
        loop {
            let part = self.part(file).await?;
            if part.is_empty() {
                break;
            }
            if on_their_way.len() >= self.limits.parts {
                let arrived: Option<Result<(), Fault>> = on_their_way.next().await;
                arrived.transpose().map_err(|error| fault::of(&error))?;
            }
            on_their_way.push(upload.put_part(part.into()));
        }
        while let Some(arrived) = on_their_way.next().await {
            arrived.map_err(|error| fault::of(&error))?;
        }
        upload.complete().await.map_err(|error| fault::of(&error))?;
        Ok(())
    }

    /// The next part of the file; empty at its end.
    async fn part(&self, file: &mut File) -> Result<Vec<u8>, Error> {
        let size = self.limits.part_bytes;
        let mut part = Vec::with_capacity(size);
        file.take(u64::try_from(size).unwrap_or(u64::MAX)).read_to_end(&mut part).await?;
        Ok(part)
    }
}
