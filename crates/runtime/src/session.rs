//! One ONNX Runtime session: built, warmed up, run.

mod warm_up;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ort::session::builder::GraphOptimizationLevel;
use ort::session::{NoSelectedOutputs, RunOptions, Session};
use seatrial_domain::tensor::{Signature, Tensor};

use crate::load::Level;
use crate::model::ExternalData;
use crate::{convert, infer, library, load};

pub use warm_up::WarmUp;
pub(crate) use warm_up::{Measured, warm_up};

/// A session on one thread: parallelism comes from several sessions, so that a request's cost is
/// its own.
pub(crate) fn build(
    bytes: &[u8],
    external: &ExternalData,
    level: Level,
) -> Result<Session, load::Error> {
    let environment = library::environment()?;
    let optimisation = match level {
        Level::Door => GraphOptimizationLevel::Disable,
        Level::Production => GraphOptimizationLevel::All,
    };
    build_with(environment, bytes, external, optimisation).map_err(load::Error::from)
}

fn build_with(
    environment: &ort::environment::Environment,
    bytes: &[u8],
    external: &ExternalData,
    optimisation: GraphOptimizationLevel,
) -> Result<Session, ort::Error> {
    let mut builder = Session::builder(environment)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        // Every error comes back as a status; a failing model would print a line for each request.
        .with_log_level(ort::logging::LogLevel::Fatal)?
        .with_optimization_level(optimisation)?;
    for (location, data) in external {
        builder = builder.with_external_initializer_file_in_memory(location, Arc::clone(data))?;
    }
    builder.commit_from_memory(bytes)
}

/// Runs one inference and answers the outputs in the signature's order. `options` end it early,
/// from another thread: nothing runs that cannot be ended.
pub(crate) fn run(
    session: &mut Session,
    signature: &Signature,
    inputs: Vec<Tensor>,
    options: &RunOptions<NoSelectedOutputs>,
) -> Result<Vec<Tensor>, infer::Error> {
    // The binding asserts what it believes of the library; a model that proves it wrong must not
    // take a worker down.
    let guarded = AssertUnwindSafe(|| run_unguarded(session, signature, inputs, options));
    catch_unwind(guarded).unwrap_or_else(|_panic| {
        Err(infer::Error::Model { detail: "ONNX Runtime answered what it must not".to_owned() })
    })
}

fn run_unguarded(
    session: &mut Session,
    signature: &Signature,
    inputs: Vec<Tensor>,
    options: &RunOptions<NoSelectedOutputs>,
) -> Result<Vec<Tensor>, infer::Error> {
    let inputs = inputs.into_iter().map(convert::input).collect::<Result<Vec<_>, _>>()?;
    let outputs = session
        .run_with_options(inputs, options)
        .map_err(|error| infer::Error::Model { detail: crate::one_line(error.message()) })?;
    let read = |name: &str| {
        let value = outputs.get(name).ok_or_else(|| infer::Error::Model {
            detail: format!("it did not answer output {name:?}"),
        })?;
        convert::output(name, value)
    };
    signature.outputs.iter().map(|spec| read(&spec.name)).collect()
}
