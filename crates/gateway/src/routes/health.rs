//! Whether the server lives, takes requests, and has a model ready.

use std::sync::atomic::Ordering;

use http::StatusCode;

use super::path::Model;
use super::{Context, pin, unknown_version};
use crate::answer::{Answer, empty};
use crate::fault::Fault;
use crate::shared::Shared;

pub(super) fn live() -> Answer {
    empty(StatusCode::OK)
}

/// Not ready once draining, so that whoever balances load looks elsewhere.
pub(super) fn ready(shared: &Shared) -> Answer {
    let draining = shared.draining.load(Ordering::Acquire);
    empty(if draining { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK })
}

pub(super) fn model(context: &Context, model: &Model) -> Result<Answer, Fault> {
    let installed = context.entry(&model.name)?.route.load_full();
    let served = match pin(model)? {
        Some(version) => Some(
            installed
                .pinned(version)
                .ok_or_else(|| unknown_version(&model.name, &version.0.to_string()))?,
        ),
        None => installed.facing(),
    };
    let ready = served.is_some_and(|served| served.backend.ready());
    Ok(empty(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }))
}
