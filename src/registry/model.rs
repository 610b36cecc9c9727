//! From an upload to a registered version.

use super::upload::{Received, Upload};
use super::{Error, Registry, UploadId};
use crate::clock;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_domain::{Actor, ModelName};
use seatrial_runtime::Files;
use seatrial_runtime::load::Level;
use seatrial_store::versions::{New, Registered};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a version is registered with.
#[derive(Debug, Clone)]
pub struct NewModel {
    pub model: ModelName,
    pub tags: BTreeMap<String, String>,
    pub alias: Option<String>,
    pub source: Option<String>,
    pub actor: Actor,
}

impl Registry {
    /// Tries the uploaded model, seals its files and registers them. The upload is used up,
    /// whatever comes of it.
    pub async fn register_model(
        &self,
        upload: &UploadId,
        new: NewModel,
    ) -> Result<Registered, Error> {
        let _turn = self.turn()?;
        let upload = self.take(upload)?;
        let files = upload.files().map(sealed).collect();
        let manifest = Manifest::new(ArtifactType::Model, files)?;
        let main = main_file(&upload, &manifest)?;
        let report =
            self.children.model.probe(&files_of(&upload, &manifest, main), Level::Door).await;
        let report = report.map_err(|source| Error::Model { path: main.path.clone(), source })?;
        let _until_registered = self.store.blobs().hold().await;
        for file in upload.files() {
            self.store_file(file).await?;
        }
        let version = New {
            model: new.model,
            manifest,
            signature: report.signature,
            tags: new.tags,
            aliases: new.alias.into_iter().collect(),
            source: new.source,
            actor: new.actor,
            now: clock::now(),
        };
        Ok(self.store.register_version(&version).await?)
    }

    /// Moves a file's bytes among the blobs, if they are still those that were received.
    pub(super) async fn store_file(&self, file: &Received) -> Result<(), Error> {
        const CHUNK_BYTES: usize = 256 * 1024;
        use tokio::io::AsyncReadExt as _;
        let mut from = tokio::fs::File::open(&file.at).await?;
        let mut writer = self.store.blobs().writer(file.size).await?;
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let read = from.read(&mut buffer).await?;
            match buffer.get(..read) {
                Some([]) | None => break,
                Some(bytes) => writer.write(bytes).await?,
            }
        }
        writer.finish_as(&file.digest).await?;
        Ok(())
    }
}

fn sealed(file: &Received) -> File {
    File { path: file.path.clone(), digest: file.digest.clone(), size: file.size }
}

/// The file that will be loaded, with those beside it that may hold its data.
fn files_of(upload: &Upload, manifest: &Manifest, main: &Received) -> Files<PathBuf> {
    let place =
        |(name, file): (&str, &File)| Some((name.to_owned(), upload.file(&file.path)?.at.clone()));
    let beside = manifest.beside(&sealed(main)).filter_map(place).collect();
    Files { model: main.at.clone(), beside }
}

/// The file that will be loaded: what the door lets in, a server can load.
fn main_file<'a>(upload: &'a Upload, manifest: &Manifest) -> Result<&'a Received, Error> {
    let served = manifest.onnx_file();
    if let Some(main) = served.and_then(|file| upload.file(&file.path)) {
        return Ok(main);
    }
    let names = |files: &[&File]| {
        let names = files.iter().take(5).map(|file| file.path.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let several = manifest.files().iter().filter(|file| file.is_onnx()).collect::<Vec<_>>();
    if several.is_empty() {
        let all = manifest.files().iter().collect::<Vec<_>>();
        return Err(Error::NoModel { found: names(&all) });
    }
    Err(Error::SeveralModels { found: names(&several) })
}
