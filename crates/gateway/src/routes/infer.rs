//! Inference: from a body to an answer.
//!
//! Owns the order of things: what the client got wrong is found before an arm is chosen, so that
//! refusals are alike on both arms; what happens after counts for the arm that was assigned.

mod exchange;

use std::sync::Arc;

use http::{HeaderValue, Request};
use hyper::body::Incoming;
use seatrial_domain::VersionNumber;

use self::exchange::{Exchange, Outgoing};
use super::path::Model;
use super::{Context, check_encoding, pin, unknown_version};
use crate::answer::{Answer, json};
use crate::body;
use crate::codec::{self, InferRequest};
use crate::detach::Detach;
use crate::entry::Entry;
use crate::fault::Fault;
use crate::installed::{Installed, Served};

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
    let tasks = exchange.shared.workshop.tasks.clone();
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
    let (bytes, room) = body::read(body, context.shared.bound(limit)).await?;
    let installed = entry.route.load_full();
    let place = match version {
        Some(_) => entry.pinned_places.take(config.pinned_in_flight),
        None => entry.places.take(installed.settings.max_concurrency),
    };
    let place = place.ok_or_else(|| Fault::Busy("too many requests at once".to_owned()))?;
    let request = codec::decode(&bytes)?;
    match version {
        Some(version) => check(reached(&installed, &entry, version)?, &request)?,
        None => match installed.facing() {
            Some(facing) => check(facing, &request)?,
            None => return Err(Fault::Unavailable("no version is serving yet".to_owned())),
        },
    }
    Ok(Exchange {
        shared: context.shared,
        entry,
        installed,
        headers: head.headers,
        serial: context.serial,
        request_id: context.id,
        request,
        _place: place,
        _room: room,
    })
}

fn reached<'a>(
    installed: &'a Installed,
    entry: &Entry,
    version: VersionNumber,
) -> Result<&'a Served, Fault> {
    installed
        .pinned(version)
        .ok_or_else(|| unknown_version(entry.name.as_str(), &version.0.to_string()))
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
