//! The paths clients call, and what answers them.

mod feedback;
mod health;
mod infer;
mod metadata;
mod path;
mod repository;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use http::{HeaderMap, Method, Request};
use hyper::body::Incoming;
use seatrial_domain::VersionNumber;

use crate::answer::Answer;
use crate::entry::Entry;
use crate::fault::Fault;
use crate::loopback;
use crate::request_id;
use crate::shared::Shared;
use path::{Model, Path};

/// Answers any request; every answer carries the request's id, and a panic is an answer too.
pub(crate) async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Answer {
    let serial = shared.next_serial();
    let id = request_id::accept_or_make(request.headers(), serial);
    let header = request_id::header(&id);
    let context = Context { shared, serial, id: id.clone() };
    let dispatched = AssertUnwindSafe(dispatch(context, request)).catch_unwind().await;
    let dispatched = dispatched.unwrap_or_else(|_panic| {
        tracing::error!(request.id = id, "a request panicked");
        Err(Fault::Model("a fault of the server's own; its log says which".to_owned()))
    });
    let mut answer = dispatched.unwrap_or_else(Answer::from);
    answer.headers_mut().insert(request_id::HEADER, header);
    answer
}

/// What every route may need to know of its request.
#[derive(Debug)]
struct Context {
    shared: Arc<Shared>,
    serial: request_id::Serial,
    id: String,
}

impl Context {
    fn entry(&self, endpoint: &str) -> Result<Arc<Entry>, Fault> {
        self.shared
            .entry(endpoint)
            .ok_or_else(|| Fault::NotFound(format!("model {:?}", abridged(endpoint))))
    }
}

async fn dispatch(context: Context, request: Request<Incoming>) -> Result<Answer, Fault> {
    loopback::check(request.method(), request.headers())?;
    let path = request.uri().path().to_owned();
    let path = path::parse(&path)?;
    let wanted = path.method();
    if request.method() != wanted && !(wanted == Method::GET && request.method() == Method::HEAD) {
        return Err(Fault::Method(if wanted == Method::GET { "GET" } else { "POST" }));
    }
    match path {
        Path::Server => Ok(metadata::server()),
        Path::Live => Ok(health::live()),
        Path::Ready => Ok(health::ready(&context.shared)),
        Path::Model(model) => metadata::model(&context, &model),
        Path::ModelReady(model) => health::model(&context, &model),
        Path::Infer(model) => infer::infer(context, &model, request).await,
        Path::Feedback { model } => feedback::feedback(&context, &model, request.into_body()).await,
        Path::Index => repository::index(&context.shared, request.into_body()).await,
        Path::LoadOrUnload => Err(Fault::Unsupported("loading and unloading by clients")),
        Path::Unsupported(what) => Err(Fault::Unsupported(what)),
    }
}

/// The version a pinned path names. Only numbers are versions.
fn pin(model: &Model) -> Result<Option<VersionNumber>, Fault> {
    let parse = |text: &String| {
        text.parse::<VersionNumber>().map_err(|_not_a_number| unknown_version(&model.name, text))
    };
    model.version.as_ref().map(parse).transpose()
}

fn unknown_version(endpoint: &str, version: &str) -> Fault {
    Fault::NotFound(format!("version {:?} of {:?}", abridged(version), abridged(endpoint)))
}

/// Text a client sent, short enough to be sent back.
fn abridged(text: &str) -> String {
    text.chars().take(128).collect()
}

/// What JSON codecs cannot read, said before the body is.
fn check_encoding(headers: &HeaderMap) -> Result<(), Fault> {
    if headers.contains_key("inference-header-content-length") {
        return Err(Fault::Unsupported("binary tensor data"));
    }
    let identity = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    match headers.get(http::header::CONTENT_ENCODING) {
        Some(value) if !identity(value) => {
            Err(Fault::Invalid("a compressed body is not read; send it plain".to_owned()))
        }
        Some(_) | None => Ok(()),
    }
}
