//! Inference: from a body to an answer.
//!
//! Owns the order of things: what the client got wrong is found before an arm is chosen, so that
//! refusals are alike on both arms; what happens after counts for the arm that was assigned.

mod exchange;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use seatrial_domain::VersionNumber;

use self::exchange::{Exchange, Outgoing};
use super::path::Model;
use super::{Context, check_encoding, pin, unknown_version};
use crate::admission::Place;
use crate::answer::{Answer, json};
use crate::body;
use crate::codec::{self, InferRequest};
use crate::detach::Detach;
use crate::entry::Entry;
use crate::fault::Fault;
use crate::installed::{Installed, Served};
use crate::size;

/// Names the version that answered.
const VERSION: &str = "x-seatrial-version";

pub(super) async fn infer(
    context: Context,
    model: &Model,
    request: Request<Incoming>,
) -> Result<Answer, Fault> {
    let entry = context.entry(&model.name)?;
    let refused = |fault: Fault| {
        entry.refusals.count(&fault);
        fault
    };
    let version = pin(model).map_err(refused)?;
    let exchange = prepare(context, Arc::clone(&entry), version, request).await.map_err(refused)?;
    let tasks = exchange.shared.tasks.clone();
    let answered = Detach::new(
        Box::pin(async move {
            match version {
                Some(version) => exchange.pinned(version).await,
                None => exchange.assigned().await,
            }
        }),
        tasks,
    );
    Ok(answer(answered.await))
}

/// Everything up to the choice of an arm. The table is loaded after the body has arrived: a slow
/// upload must not be routed by a table that was replaced meanwhile.
async fn prepare(
    context: Context,
    entry: Arc<Entry>,
    version: Option<VersionNumber>,
    request: Request<Incoming>,
) -> Result<Exchange, Fault> {
    let (head, body) = request.into_parts();
    check_encoding(&head.headers)?;
    let config = &context.shared.config;
    let limit = entry.route.load().settings.max_body.min(config.max_body);
    let (bytes, mut room) = body::read(body, context.shared.bound(limit)).await?;
    let installed = entry.route.load_full();
    let pinned = version.map(|_| pinned_place(&entry, config.pinned_in_flight)).transpose()?;
    let request = codec::decode(&bytes)?;
    room.cover(held(&bytes, &request)).map_err(Fault::from)?;
    check(declaring(&installed, &entry, version)?, &request)?;
    Ok(Exchange {
        shared: context.shared,
        entry,
        installed,
        headers: head.headers,
        serial: context.serial,
        request_id: context.id,
        request,
        _pinned: pinned,
        _room: room,
    })
}

fn pinned_place(entry: &Entry, limit: u32) -> Result<Place, Fault> {
    let busy = || Fault::Busy("too many requests to versions by their numbers at once".to_owned());
    entry.pinned_places.take(limit).ok_or_else(busy)
}

/// Bytes of a request in memory: text, tensors, and the second tensors kept for a fallback or the
/// mirror. Text of short elements grows tenfold.
fn held(body: &Bytes, request: &InferRequest) -> u64 {
    let text = u64::try_from(body.len()).unwrap_or(u64::MAX);
    text.saturating_add(size::of(&request.inputs).saturating_mul(2))
}

/// Whose signature the request is held against. One that is not ready has none yet.
fn declaring<'a>(
    installed: &'a Installed,
    entry: &Entry,
    version: Option<VersionNumber>,
) -> Result<&'a Served, Fault> {
    let name = entry.name.as_str();
    let Some(version) = version else {
        let nobody = || Fault::Unavailable(format!("no version of {name:?} is ready"));
        return installed.declaring().ok_or_else(nobody);
    };
    let served = installed.pinned(version);
    let served = served.ok_or_else(|| unknown_version(name, &version.0.to_string()))?;
    if !served.backend.ready() {
        return Err(Fault::Unavailable(format!("{} is not ready", served.version)));
    }
    Ok(served)
}

/// The request against the declared signature.
fn check(declared: &Served, request: &InferRequest) -> Result<(), Fault> {
    let signature = declared.backend.signature();
    signature.check_inputs(&request.inputs)?;
    let unknown = |name: &&String| !signature.outputs.iter().any(|spec| spec.name == **name);
    match request.outputs.iter().find(unknown) {
        Some(name) => Err(Fault::Invalid(format!(
            "unknown output {name:?}; expected {}",
            signature
                .outputs
                .iter()
                .map(|s| format!("{:?}", s.name))
                .collect::<Vec<_>>()
                .join(", ")
        ))),
        None => Ok(()),
    }
}

fn answer(outgoing: Outgoing) -> Answer {
    let mut answer = outgoing.body.map_or_else(Answer::from, json);
    if let Some(version) = outgoing.version {
        answer.headers_mut().insert(VERSION, HeaderValue::from(version.0));
    }
    answer
}
