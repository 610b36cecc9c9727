//! From another server into the blob store: each file streamed, hashed and kept, then sealed.

use super::{Bounds, Client, Credentials, Error, Found, Reach, Reference, Resolved, Target};
use crate::config::Config;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_store::blobs::{self, Blobs};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Why nothing was taken in. Files that arrived whole stay until what nobody refers to is removed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Upstream(#[from] Error),
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
}

/// The configured server.
#[derive(Debug)]
pub struct Upstream {
    target: Target,
    reach: Reach,
    credentials: Credentials,
    bounds: Bounds,
    /// One permit for each version on its way.
    turns: Semaphore,
}

impl Upstream {
    /// None: no server is configured.
    pub fn of(config: &Config) -> Result<Option<Self>, Error> {
        let Some(tracking) = &config.upstream.tracking else { return Ok(None) };
        let answers = config.limits.upstream.clone();
        let turns = usize::try_from(answers.max_transfers).unwrap_or(usize::MAX);
        let reach = if config.upstream.allow_private { Reach::Anywhere } else { Reach::Public };
        Ok(Some(Self {
            target: Target::parse(tracking)?,
            reach,
            credentials: config.upstream.credentials.clone(),
            bounds: Bounds { answers, files: config.limits.uploads.clone() },
            turns: Semaphore::new(turns.min(Semaphore::MAX_PERMITS)),
        }))
    }

    /// Fetches the files of `source` into `blobs`. Who calls holds the blobs until the version is
    /// registered.
    pub async fn ingest(
        &self,
        source: &str,
        blobs: &Blobs,
    ) -> Result<(Manifest, Resolved), Failure> {
        let reference = Reference::parse(source)?;
        let limits = &self.bounds.answers;
        let busy = |_none_left| Error::Busy { limit: limits.max_transfers };
        let _turn = self.turns.try_acquire().map_err(busy)?;
        let after = limits.transfer_timeout;
        let fetched = timeout(after, Box::pin(self.fetch(&reference, blobs))).await;
        fetched.map_err(|_elapsed| Error::Late { after })?
    }

    async fn fetch(
        &self,
        reference: &Reference,
        blobs: &Blobs,
    ) -> Result<(Manifest, Resolved), Failure> {
        let (credentials, bounds) = (self.credentials.clone(), self.bounds.clone());
        let client = Client::connect(self.target.clone(), self.reach, credentials, bounds).await?;
        let resolved = client.resolve(reference).await?;
        let mut files = Vec::new();
        let mut left = self.bounds.files.max_total;
        for found in client.files(&resolved.root).await? {
            let file = self.store(&client, &resolved, found, blobs).await?;
            let limit = self.bounds.files.max_total;
            let what = "bytes in one model";
            left = left.checked_sub(file.size).ok_or(Error::TooMany { what, limit })?;
            files.push(file);
        }
        let manifest = Manifest::new(ArtifactType::Model, files).map_err(Error::Path)?;
        Ok((manifest, resolved))
    }

    async fn store(
        &self,
        client: &Client,
        resolved: &Resolved,
        found: Found,
        blobs: &Blobs,
    ) -> Result<File, Failure> {
        let mut body = client.open(&resolved.root, &found).await?;
        let mut writer = blobs.writer(self.bounds.files.max_file).await?;
        while let Some(chunk) = body.chunk().await? {
            writer.write(&chunk).await?;
        }
        let blob = writer.finish().await?;
        Ok(File { path: found.path, digest: blob.digest, size: blob.size })
    }
}
