//! What is not here, and may be at the tracking server of the configuration: fetched from there,
//! stored and described before anything is registered. Without such a server it is not found.

use super::error::{Error, Result};
use super::sources::{self, Sealed};
use crate::api::Api;
use crate::upstream::{self, Failure, Kind};

/// Fetches the files of `source`.
pub(super) async fn fetch(api: &Api, source: &str) -> Result<Sealed> {
    let Some(upstream) = &api.upstream else { return Err(sources::missing(source)) };
    let (manifest, resolved) = upstream.ingest(source, api.app.store.blobs()).await?;
    let described = api.registry.describe(&manifest).await?;
    let (signature, flavors) = (described.signature, described.flavors);
    let run_id = resolved.facts.run_id;
    Ok(Sealed { manifest, signature, flavors, snapshot: None, run_id, original: None })
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Upstream(error) => error.into(),
            Failure::Blobs(error) => error.into(),
        }
    }
}

impl From<upstream::Error> for Error {
    fn from(error: upstream::Error) -> Self {
        let kind = error.kind();
        // What a socket or a parser said belongs to the reason.
        let message = format!("{:#}", anyhow::Error::new(error));
        match kind {
            Kind::Passing => Self::unavailable(message),
            Kind::Missing => Self::missing(message),
            Kind::Denied => Self::denied(message),
            Kind::Lasting => Self::invalid(message),
        }
    }
}
