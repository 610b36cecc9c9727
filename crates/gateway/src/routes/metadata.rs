//! What the server is, and what a model takes and answers.

use serde_json::json;

use super::path::Model;
use super::{Context, pin, unknown_version};
use crate::answer::{Answer, value};
use crate::fault::Fault;

pub(super) fn server() -> Answer {
    value(&json!({
        "name": "seatrial",
        "version": env!("CARGO_PKG_VERSION"),
        "extensions": ["model_repository"],
    }))
}

pub(super) fn model(context: &Context, model: &Model) -> Result<Answer, Fault> {
    let installed = context.entry(&model.name)?.route.load_full();
    let served = match pin(model)? {
        Some(version) => installed
            .pinned(version)
            .ok_or_else(|| unknown_version(&model.name, &version.0.to_string()))?,
        None => installed.facing().ok_or_else(|| {
            Fault::Unavailable(format!("{:?} has no serving version yet", model.name))
        })?,
    };
    if !served.backend.ready() {
        return Err(Fault::Unavailable(format!("{} is not ready", served.version)));
    }
    let versions: Vec<String> =
        installed.reachable().iter().map(|served| served.version.number.0.to_string()).collect();
    let signature = served.backend.signature();
    Ok(value(&json!({
        "name": model.name,
        "versions": versions,
        "platform": "onnx_onnxv1",
        "inputs": signature.inputs,
        "outputs": signature.outputs,
    })))
}
