//! What a new version is made from: files this server holds. Refuses paths of any machine, and
//! other servers' files; what nobody uploaded here is not found.

use super::error::{Error, Result};
use super::versions;
use super::wire::Number;
use crate::api::Api;
use seatrial_domain::manifest::Manifest;
use seatrial_domain::tensor::Signature;

/// Files ready to be registered, their bytes verified.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) manifest: Manifest,
    pub(super) signature: Signature,
}

/// Finds and verifies the files of `source`.
pub(super) async fn resolve(api: &Api, source: &str) -> Result<Sealed> {
    if source.trim().is_empty() {
        return Err(Error::invalid("a version needs a source"));
    }
    let Some((scheme, path)) = source.split_once(':') else { return Err(local(source)) };
    let decoded =
        path.replace("%2e", ".").replace("%2E", ".").replace("%2f", "/").replace("%2F", "/");
    let climbs = decoded.split(['/', '\\']).any(|part| part == "..");
    let odd = decoded.contains(['\\', '\0', '%', '?', '#']);
    if climbs || odd {
        return Err(Error::invalid(format!("Invalid model version source: {source:?}")));
    }
    match scheme {
        "models" => registered(api, source, path).await,
        "mlflow-artifacts" | "runs" => Err(missing(source)),
        _ => Err(local(source)),
    }
}

/// Another registered version: `models:/NAME/VERSION`, as copying one does it.
async fn registered(api: &Api, source: &str, path: &str) -> Result<Sealed> {
    let path = path.trim_start_matches('/').trim_end_matches('/');
    let Some((name, version)) = path.split_once('/') else { return Err(missing(source)) };
    let number = Number::of(version);
    let found = versions::named(api, name, &number).await?;
    for file in found.manifest.files() {
        api.app.store.blobs().verify(&file.digest).await?;
    }
    Ok(Sealed { manifest: found.manifest, signature: found.signature })
}

fn missing(source: &str) -> Error {
    Error::missing(format!("nothing was uploaded to this server as {source:?}"))
}

fn local(source: &str) -> Error {
    Error::invalid(format!(
        "Invalid model version source: {source:?}. A source is what was uploaded to this server, \
         or models:/NAME/VERSION; seatrial model push PATH --name NAME registers a local directory"
    ))
}
