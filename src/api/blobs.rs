//! The bytes of a version's files, by their digests.

use super::State;
use super::problem::{Failure, Kind, Result};
use super::request::Path;
use super::wire::Problem;
use crate::app::App;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use seatrial_domain::{Digest, ModelName, VersionNumber};
use seatrial_store::blobs::Error;
use tokio_util::io::ReaderStream;

const CHUNK_BYTES: usize = 256 * 1024;

/// A blob's verified bytes from `first` on. To fetch and hash a large one may take longer than anybody
/// waits for an answer: it goes on, and is there for who asks again.
pub(crate) async fn opened(
    app: &App,
    digest: Digest,
    first: u64,
) -> std::result::Result<tokio::fs::File, Error> {
    let (blobs, stop) = (app.store.blobs().clone(), app.tasks.stop());
    let opening = async move {
        let opened = stop.run_until_cancelled(blobs.open_verified(&digest, first)).await;
        opened.unwrap_or_else(|| Err(Error::Unreachable("the server stops".to_owned())))
    };
    let opened = app.tasks.spawn_to_end("open a blob", opening).await;
    opened.unwrap_or_else(|lost| Err(Error::Io(std::io::Error::other(lost))))
}

/// The bytes of one file, verified before the first of them leaves.
#[utoipa::path(get, path = "/models/{model}/versions/{version}/blobs/{digest}", tag = "models",
    params(("model" = String, Path), ("version" = u64, Path), ("digest" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = Problem)))]
pub(super) async fn read(
    api: State,
    Path((name, number, digest)): Path<(String, u64, String)>,
) -> Result<Response> {
    let (model, number) = (ModelName::new(&name)?, VersionNumber(number));
    let digest: Digest = digest.parse()?;
    let version = api.app.store.version(&model, number).await?;
    let file = version.manifest.files().iter().find(|file| file.digest == digest);
    let Some(file) = file else {
        let detail = format!("no file of {model}/{number} has digest {digest}");
        return Err(Failure::new(Kind::NotFound, detail));
    };
    let opened = opened(&api.app, digest.clone(), 0).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, file.size.to_string()),
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::ETAG, format!("\"{digest}\"")),
    ];
    let stream = ReaderStream::with_capacity(opened, CHUNK_BYTES);
    Ok((headers, Body::from_stream(stream)).into_response())
}
