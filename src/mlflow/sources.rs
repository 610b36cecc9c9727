//! What a new version is made from: files this server holds, or fetches from the tracking server of
//! its configuration. Refuses paths of any machine, and other servers' files.

mod parse;

use super::error::{Error, Result};
use super::host::Host;
use super::wire::Number;
use super::{elsewhere, versions};
use crate::api::Api;
use parse::Source;
use seatrial_domain::manifest::{ArtifactType, FILES_LIMIT, File, FilePath, Manifest};
use seatrial_domain::mlmodel::Flavors;
use seatrial_domain::tensor::Signature;
use seatrial_store::artifacts::{ArtifactPath, Snapshot};
use seatrial_store::versions::Origin;
use seatrial_store::{blobs, tracking};

/// Files ready to be registered, their bytes verified.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) manifest: Manifest,
    pub(super) signature: Signature,
    pub(super) flavors: Flavors,
    /// The uploads that are sealed with the version; none where it copies another.
    pub(super) snapshot: Option<Snapshot>,
    /// The run it came out of, where another server says so.
    pub(super) run_id: Option<String>,
    /// What the copied version came of; none where it is no copy.
    pub(super) original: Option<Origin>,
}

/// Finds and verifies the files of `source`.
pub(super) async fn resolve(api: &Api, host: &Host, source: &str) -> Result<Sealed> {
    match Source::parse(source, host)? {
        Source::Version { name, number } => registered(api, &name, &Number::of(&number)).await,
        Source::Uploaded(path) => uploaded(api, source, &path).await,
        Source::Logged(id) => {
            let path = match api.app.store.logged_model(&id).await {
                Ok(logged) => logged.artifact_path(),
                Err(error) => return not_tracked(api, source, error).await,
            };
            uploaded(api, source, &ArtifactPath::new(&path)?).await
        }
        Source::Run { run, path } => {
            let root = match api.app.store.run(&run).await {
                Ok(run) => run.artifact_path(),
                Err(error) => return not_tracked(api, source, error).await,
            };
            uploaded(api, source, &ArtifactPath::new(&root)?.join(&path)?).await
        }
    }
}

/// Nobody logged it here, or the store cannot say.
async fn not_tracked(api: &Api, source: &str, error: tracking::Error) -> Result<Sealed> {
    match error {
        tracking::Error::UnknownRun(_) | tracking::Error::UnknownLoggedModel(_) => {
            elsewhere::fetch(api, source).await
        }
        tracking::Error::Storage(error) => Err(error.into()),
        other @ (tracking::Error::UnknownExperiment(_)
        | tracking::Error::UnknownTag { .. }
        | tracking::Error::Exists(_)
        | tracking::Error::Changed { .. }
        | tracking::Error::Limit { .. }) => Err(Error::internal(other)),
    }
}

/// Another registered version: `models:/NAME/VERSION`, as copying one does it.
async fn registered(api: &Api, name: &str, number: &Number) -> Result<Sealed> {
    let found = versions::whole(api, name, number).await?;
    verify(api, &found.manifest).await?;
    let (signature, flavors, original) = (found.signature, found.flavors, Some(found.origin));
    let (manifest, snapshot) = (found.manifest, None);
    Ok(Sealed { manifest, signature, flavors, snapshot, run_id: None, original })
}

/// The files below `path` as they are now.
async fn uploaded(api: &Api, source: &str, path: &ArtifactPath) -> Result<Sealed> {
    let limit = u64::try_from(FILES_LIMIT).unwrap_or(u64::MAX);
    let snapshot = api.app.store.artifact_snapshot(path, limit).await?;
    let Some(snapshot) = snapshot else { return elsewhere::fetch(api, source).await };
    let mut files = Vec::new();
    for (path, file) in snapshot.files() {
        let (path, blob) = (FilePath::new(path)?, &file.blob);
        files.push(File { path, digest: blob.digest.clone(), size: blob.size });
    }
    let manifest = Manifest::new(ArtifactType::Model, files)?;
    verify(api, &manifest).await?;
    let described = api.registry.describe(&manifest).await?;
    let (signature, flavors) = (described.signature, described.flavors);
    let snapshot = Some(snapshot);
    Ok(Sealed { manifest, signature, flavors, snapshot, run_id: None, original: None })
}

/// Reads every file, unless it was read a while ago and has not changed since. One that is gone or
/// altered is not there, and may be uploaded again.
async fn verify(api: &Api, manifest: &Manifest) -> Result<()> {
    for file in manifest.files() {
        match api.app.store.blobs().verified(&file.digest).await {
            Ok(()) => {}
            Err(error @ (blobs::Error::Missing(_) | blobs::Error::Altered { .. })) => {
                return Err(Error::missing(format!("{}: {error}; upload it again", file.path)));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Nothing of this name, here or where this server may ask.
pub(super) fn missing(source: &str) -> Error {
    Error::missing(format!("nothing was uploaded to this server as {source:?}"))
}
