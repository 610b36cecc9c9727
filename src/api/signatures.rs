//! Signatures of versions: listed, added, exported. Their bodies have a limit of their own.

use super::State;
use super::problem::{Failure, Result};
use super::request::{By, Path, Raw};
use super::wire::{self, Problem};
use crate::registry::{Signed, UploadId};
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use seatrial_domain::signing::{KeyId, MEDIA_TYPE};
use seatrial_domain::{Digest, ModelName, VersionNumber};
use seatrial_store::signatures::{Kept, Signature};

/// Lists a version's signatures, the oldest first. They are of its bytes: every version of the same
/// digest has them.
#[utoipa::path(get, path = "/models/{model}/versions/{version}/signatures", tag = "models",
    params(("model" = String, Path), ("version" = u64, Path)),
    responses((status = 200, body = Vec<wire::Signature>), (status = 404, body = Problem)))]
pub(super) async fn list(
    api: State,
    Path((name, number)): Path<(String, u64)>,
) -> Result<Json<Vec<wire::Signature>>> {
    let version = api.app.store.version(&ModelName::new(&name)?, VersionNumber(number)).await?;
    let kept = api.app.store.signatures(&version.reference.digest).await?;
    Ok(Json(kept.iter().map(|signature| view(&api, signature)).collect()))
}

/// Adds a signature: a bundle as `model-signing` writes it, of exactly the version's files.
#[utoipa::path(post, path = "/models/{model}/versions/{version}/signatures", tag = "models",
    params(("model" = String, Path), ("version" = u64, Path)),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 201, body = wire::Signature, description = "Added."),
        (status = 200, body = wire::Signature, description = "The key had signed it before."),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn add(
    api: State,
    Path((name, number)): Path<(String, u64)>,
    By(actor): By,
    Raw(bundle): Raw,
) -> Result<(StatusCode, Json<wire::Signature>)> {
    let (model, number) = (ModelName::new(&name)?, VersionNumber(number));
    let Signed { signature, kept } = api.registry.sign((&model, number), &bundle, &actor).await?;
    let status = match kept {
        Kept::New => StatusCode::CREATED,
        Kept::Before => StatusCode::OK,
    };
    Ok((status, Json(view(&api, &signature))))
}

/// Gives a bundle as it was written.
#[utoipa::path(get, path = "/models/{model}/versions/{version}/signatures/{signature}",
    tag = "models",
    params(("model" = String, Path), ("version" = u64, Path), ("signature" = String, Path)),
    responses((status = 200, content_type = "application/vnd.dev.sigstore.bundle.v0.3+json"),
        (status = 404, body = Problem)))]
pub(super) async fn export(
    api: State,
    Path((name, number, id)): Path<(String, u64, String)>,
) -> Result<Response> {
    let version = api.app.store.version(&ModelName::new(&name)?, VersionNumber(number)).await?;
    let id = id.parse::<Digest>()?;
    let found = api.app.store.signature(&version.reference.digest, &id).await?;
    let found = found.ok_or_else(|| Failure::not_found("signature", &id))?;
    let text = found.bundle.as_str().to_owned();
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response())
}

/// Receives the signature of an upload's files; it is kept with the version made of them.
#[utoipa::path(put, path = "/uploads/{upload}/signature", tag = "uploads",
    params(("upload" = String, Path)),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 204), (status = 404, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn receive(
    api: State,
    Path(id): Path<String>,
    Raw(bundle): Raw,
) -> Result<StatusCode> {
    api.registry.receive_signature(&UploadId::claimed(&id), &bundle)?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(api: &super::Api, signature: &Signature) -> wire::Signature {
    let bundle = &signature.bundle;
    wire::Signature {
        id: bundle.id().to_string(),
        made_by: bundle.made_by().map(KeyId::to_string),
        keys: api.app.signatures.holds_for(bundle),
        at: signature.at.to_string(),
        by: signature.by.to_string(),
    }
}
