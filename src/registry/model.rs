//! From an upload to a registered version.

use super::place::Place;
use super::upload::Received;
use super::{Error, Registry, UploadId};
use crate::clock;
use seatrial_domain::lineage::Lineage;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_domain::plan::RequiredSignature;
use seatrial_domain::{Actor, ModelName};
use seatrial_store::versions::{New, Registered};
use std::collections::BTreeMap;

/// What a version is registered with.
#[derive(Debug, Clone)]
pub struct NewModel {
    pub model: ModelName,
    pub tags: BTreeMap<String, String>,
    pub alias: Option<String>,
    pub source: Option<String>,
    pub lineage: Lineage,
    pub actor: Actor,
    /// The keys by which it must be signed.
    pub required: Vec<RequiredSignature>,
}

impl Registry {
    /// Tries the uploaded model, seals its files and registers them, unless that is not `allowed`: it is
    /// asked last, since the trial takes its time. The upload is used up, whatever comes of it.
    pub async fn register_model<E: From<Error>>(
        &self,
        upload: &UploadId,
        new: NewModel,
        allowed: impl Future<Output = Result<(), E>>,
    ) -> Result<Registered, E> {
        let _turn = self.turn()?;
        let upload = self.take(upload)?;
        let files = upload.files().map(sealed).collect();
        let manifest = Manifest::new(ArtifactType::Model, files).map_err(Error::from)?;
        let sent = upload.signature.as_ref();
        let signature = self.check_signed(&manifest, sent, &new.required).await?;
        let described = self.describe_at(&manifest, &Place::Upload(&upload)).await?;
        let _until_registered = self.store.blobs().hold();
        for file in upload.files() {
            self.store_file(file).await?;
        }
        let version = New {
            model: new.model,
            manifest,
            signature: described.signature,
            flavors: described.flavors,
            tags: new.tags,
            aliases: new.alias.into_iter().collect(),
            source: new.source,
            lineage: new.lineage,
            actor: new.actor,
            now: clock::now(),
        };
        allowed.await?;
        Ok(self.store.register_signed(&version, signature.as_ref()).await.map_err(Error::from)?)
    }

    /// Moves a file's bytes among the blobs, if they are still those that were received.
    pub(super) async fn store_file(&self, file: &Received) -> Result<(), Error> {
        self.store.blobs().adopt(&file.at, &file.digest, file.size).await?;
        Ok(())
    }
}

fn sealed(file: &Received) -> File {
    File { path: file.path.clone(), digest: file.digest.clone(), size: file.size }
}
