//! One try at answering a request by one version.
//!
//! Encoding is part of the try: an answer that JSON cannot hold, or that lacks an output the model
//! declares, is the model's error.

use std::time::Duration;

use bytes::Bytes;
use seatrial_domain::tensor::Tensor;
use seatrial_runtime::infer;
use tokio::time::Instant;

use crate::codec::{self, Frame};
use crate::fault::Fault;
use crate::installed::Served;
use crate::lane::Outcome;

/// What is asked, apart from its tensors.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// `{m}`: the endpoint's name.
    pub(crate) model: String,
    /// The request's own `id`.
    pub(crate) id: Option<String>,
    /// The outputs wanted, in order; empty: all.
    pub(crate) outputs: Vec<String>,
    /// For each try.
    pub(crate) deadline: Duration,
    /// The most requests that each version works on at once.
    pub(crate) concurrency: u32,
}

#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) outcome: Outcome,
    pub(crate) latency: Duration,
    pub(crate) result: Result<Answered, Fault>,
}

#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) body: Bytes,
    pub(crate) outputs: Vec<Tensor>,
}

/// The try of a client's request by the endpoint's name: it needs a place of the version's own.
/// Without one it has failed, so that a version that hangs fills its own places and no other's.
pub(crate) async fn admitted(served: &Served, ask: &Ask, inputs: Vec<Tensor>) -> Attempt {
    match served.lane.places.take(ask.concurrency) {
        Some(_place) => attempt(served, ask, inputs).await,
        None => {
            served.lane.refused();
            let result = Err(Fault::Busy("too many requests at once".to_owned()));
            Attempt { outcome: Outcome::Error, latency: Duration::ZERO, result }
        }
    }
}

/// Runs the inference, within the ask's deadline from now.
pub(crate) async fn attempt(served: &Served, ask: &Ask, inputs: Vec<Tensor>) -> Attempt {
    let _in_flight = served.lane.enter();
    let start = Instant::now();
    let inferred = infer(served, inputs, start + ask.deadline).await;
    let latency = start.elapsed();
    let result = inferred.and_then(|outputs| encoded(served, ask, outputs));
    let outcome = match &result {
        Ok(_) => Outcome::Ok,
        Err(Fault::Late) => Outcome::Late,
        Err(Fault::Invalid(_)) => Outcome::Invalid,
        Err(
            Fault::NotFound(_)
            | Fault::Method(_)
            | Fault::TooLarge { .. }
            | Fault::Unsupported(_)
            | Fault::Busy(_)
            | Fault::Unavailable(_)
            | Fault::Denied(_)
            | Fault::Model(_),
        ) => Outcome::Error,
    };
    served.lane.record(outcome, latency);
    Attempt { outcome, latency, result }
}

/// The same beside the clients' path: what a client could not have been given is no answer here
/// either. Nothing is recorded, and no client's thread is taken.
pub(crate) async fn beside(
    served: &Served,
    ask: &Ask,
    inputs: Vec<Tensor>,
) -> Result<Answered, Fault> {
    let _in_flight = served.lane.enter();
    check(served, &inputs)?;
    let inferred = served.backend.infer_apart(inputs, Instant::now() + ask.deadline).await;
    encoded(served, ask, inferred.map_err(|error| fault(&error))?)
}

fn encoded(served: &Served, ask: &Ask, outputs: Vec<Tensor>) -> Result<Answered, Fault> {
    let body = encode(served, ask, &outputs)?;
    Ok(Answered { body, outputs })
}

async fn infer(
    served: &Served,
    inputs: Vec<Tensor>,
    deadline: Instant,
) -> Result<Vec<Tensor>, Fault> {
    check(served, &inputs)?;
    served.backend.infer(inputs, deadline).await.map_err(|error| fault(&error))
}

/// The declared signature was checked before the arm was chosen; where this version's differs from
/// it, what does not fit is this version's error, not the client's. One that is not ready may have
/// no signature yet.
fn check(served: &Served, inputs: &[Tensor]) -> Result<(), Fault> {
    if !served.backend.ready() {
        return Err(Fault::Unavailable(format!("{} is not ready", served.version)));
    }
    let foreign = |error| Fault::Model(format!("{} does not take this: {error}", served.version));
    served.backend.signature().check_inputs(inputs).map_err(foreign)
}

fn fault(error: &infer::Error) -> Fault {
    match error {
        infer::Error::Deadline => Fault::Late,
        infer::Error::Overloaded { .. } => Fault::Busy(error.to_string()),
        infer::Error::Input { .. } => Fault::Invalid(error.to_string()),
        infer::Error::Model { .. } => Fault::Model(error.to_string()),
        infer::Error::Unavailable { .. } => Fault::Unavailable(error.to_string()),
    }
}

fn encode(served: &Served, ask: &Ask, outputs: &[Tensor]) -> Result<Bytes, Fault> {
    let wanted = if ask.outputs.is_empty() {
        outputs.iter().collect()
    } else {
        ask.outputs.iter().map(|name| find(name, outputs)).collect::<Result<Vec<_>, _>>()?
    };
    let version = served.version.number.0;
    Ok(codec::encode(Frame { model: &ask.model, version, id: ask.id.as_deref() }, &wanted)?)
}

fn find<'a>(name: &str, outputs: &'a [Tensor]) -> Result<&'a Tensor, Fault> {
    outputs
        .iter()
        .find(|output| output.name == name)
        .ok_or_else(|| Fault::Model(format!("the model's answer lacks the output {name:?}")))
}
