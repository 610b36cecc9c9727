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
use seatrial_domain::{ModelName, VersionRef};
use seatrial_store::artifacts::{ArtifactPath, Snapshot};
use seatrial_store::versions::Origin;
use seatrial_store::{blobs, tracking};
use std::time::Duration;

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
    /// The copied version, and what it came of; none where it is no copy.
    pub(super) original: Option<(VersionRef, Origin)>,
}

/// Finds and verifies the files of `source`, of which `model` is to have a version: before anything is
/// fetched for it, it must be there. Ends well before the request's own time is over: who has no
/// answer asks again, and would have a version for each time.
pub(super) async fn resolve(api: &Api, host: &Host, of: (&ModelName, &str)) -> Result<Sealed> {
    let limit = api.app.config.limits.control.request_timeout / 4 * 3;
    within(limit, resolved(api, host, of)).await
}

async fn within<T>(limit: Duration, reading: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, reading).await.unwrap_or_else(|_elapsed| {
        Err(Error::state(format!(
            "to read the version's files takes longer than {limit:?}, and there is no version: raise \
             limits.control.request_timeout, or register them by `seatrial model push`"
        )))
    })
}

async fn resolved(api: &Api, host: &Host, (model, source): (&ModelName, &str)) -> Result<Sealed> {
    match found(api, host, source).await? {
        Some(sealed) => Ok(sealed),
        None => {
            api.app.store.model(model).await?;
            elsewhere::fetch(api, source).await
        }
    }
}

/// None: it is not here.
async fn found(api: &Api, host: &Host, source: &str) -> Result<Option<Sealed>> {
    match Source::parse(source, host)? {
        Source::Version { name, number } => {
            Ok(Some(registered(api, &name, &Number::of(&number)).await?))
        }
        Source::Uploaded(path) => uploaded(api, &path).await,
        Source::Logged(id) => {
            let path = match api.app.store.logged_model(&id).await {
                Ok(logged) => logged.artifact_path(),
                Err(error) => return not_tracked(error),
            };
            uploaded(api, &ArtifactPath::new(&path)?).await
        }
        Source::Run { run, path } => {
            let root = match api.app.store.run(&run).await {
                Ok(run) => run.artifact_path(),
                Err(error) => return not_tracked(error),
            };
            uploaded(api, &ArtifactPath::new(&root)?.join(&path)?).await
        }
    }
}

/// Nobody logged it here, or the store cannot say.
fn not_tracked(error: tracking::Error) -> Result<Option<Sealed>> {
    match error {
        tracking::Error::UnknownRun(_) | tracking::Error::UnknownLoggedModel(_) => Ok(None),
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
    let original = Some((found.reference, found.origin));
    let (signature, flavors) = (found.signature, found.flavors);
    let (manifest, snapshot) = (found.manifest, None);
    Ok(Sealed { manifest, signature, flavors, snapshot, run_id: None, original })
}

/// The files below `path` as they are now.
async fn uploaded(api: &Api, path: &ArtifactPath) -> Result<Option<Sealed>> {
    let limit = u64::try_from(FILES_LIMIT).unwrap_or(u64::MAX);
    let snapshot = api.app.store.artifact_snapshot(path, limit).await?;
    let Some(snapshot) = snapshot else { return Ok(None) };
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
    Ok(Some(Sealed { manifest, signature, flavors, snapshot, run_id: None, original: None }))
}

/// Reads every file, unless it was read a while ago and has not changed since. One that is gone or
/// altered is not there, and may be uploaded again.
async fn verify(api: &Api, manifest: &Manifest) -> Result<()> {
    let digests = manifest.files().iter().map(|file| file.digest.clone()).collect::<Vec<_>>();
    let Err(error) = api.app.store.blobs().verified(&digests).await else { return Ok(()) };
    let (blobs::Error::Missing(bad) | blobs::Error::Altered { expected: bad, .. }) = &error else {
        return Err(error.into());
    };
    let of = manifest.files().iter().filter(|file| file.digest == *bad);
    let paths = of.map(|file| file.path.to_string()).collect::<Vec<_>>().join(", ");
    Err(Error::missing(format!("{paths}: {error}; upload it again")))
}

/// Nothing of this name, here or where this server may ask.
pub(super) fn missing(source: &str) -> Error {
    Error::missing(format!("nothing was uploaded to this server as {source:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use axum::response::IntoResponse as _;

    #[tokio::test(start_paused = true)]
    async fn files_that_take_too_long_are_refused_for_good_before_the_request_is_over() {
        let never = std::future::pending::<Result<()>>();
        let refused = within(Duration::from_secs(90), never).await.unwrap_err();
        // Their client asks again after 408, 429 and most of 5xx.
        assert_eq!(refused.into_response().status(), StatusCode::BAD_REQUEST);
        assert!(within(Duration::from_secs(90), async { Ok(()) }).await.is_ok());
    }
}
