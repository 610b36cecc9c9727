//! What is declared is what is served: the metadata path, and the outputs of a real answer.

use super::super::answer::Output;
use super::super::brief::brief;
use super::super::report::{Check, Naming};
use super::super::request::Subject;
use super::{Trial, named};
use seatrial_domain::tensor::{Dims, TensorSpec};
use serde::Deserialize;

#[derive(Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    versions: Vec<String>,
    inputs: Vec<TensorSpec>,
    outputs: Vec<TensorSpec>,
}

/// The metadata path names the endpoint and the candidate, and declares the sealed signature.
pub(super) async fn metadata(trial: &Trial<'_>) -> Check {
    let found = async {
        let served = trial.client.metadata().await.map_err(|error| error.to_string())?;
        let served: Metadata = serde_json::from_value(served).map_err(|error| error.to_string())?;
        named_so(&served, &trial.request.candidate)?;
        let signature = &trial.client.signature;
        same("inputs", &served.inputs, &signature.inputs)?;
        same("outputs", &served.outputs, &signature.outputs)?;
        Ok(format!("{} inputs, {} outputs as sealed", served.inputs.len(), served.outputs.len()))
    };
    named("metadata").judge(found.await)
}

fn named_so(served: &Metadata, candidate: &Subject) -> Result<(), String> {
    let (name, number) = (candidate.model.as_str(), candidate.version.number.0.to_string());
    if served.name != name {
        return Err(format!("the name is {:?}, expected {name:?}", brief(&served.name)));
    }
    if !served.versions.contains(&number) {
        let versions = brief(&format!("{:?}", served.versions));
        return Err(format!("the versions are {versions}, expected {number:?} among them"));
    }
    Ok(())
}

fn same(what: &str, served: &[TensorSpec], sealed: &[TensorSpec]) -> Result<(), String> {
    if served == sealed {
        return Ok(());
    }
    let list = |specs: &[TensorSpec]| specs.iter().map(describe).collect::<Vec<_>>().join(", ");
    Err(format!("{what} are {}, declared {}", list(served), list(sealed)))
}

fn describe(spec: &TensorSpec) -> String {
    format!("{:?} {} {}", spec.name, spec.datatype, Dims::declared(&spec.shape))
}

/// An answer holds the declared outputs: names, types, numbers of dimensions and fixed dimensions.
pub(super) async fn outputs(trial: &Trial<'_>) -> Check {
    const ROWS: usize = 3;
    let answer = match trial.ask_first(ROWS).await {
        Ok((_, answer)) => answer,
        Err(fault) => return named("outputs").fail(fault),
    };
    let declared = &trial.client.signature.outputs;
    let misfit = declared.iter().find_map(|spec| misfit(spec, &answer));
    if let Some((naming, fault)) = misfit {
        return naming.fail(fault);
    }
    let known = |output: &&Output| declared.iter().any(|spec| spec.name == output.name);
    match answer.iter().find(|output| !known(output)) {
        Some(output) => named("outputs").fail(format!("output {:?} is not declared", output.name)),
        None => named("outputs").pass(format!("{} outputs as declared", answer.len())),
    }
}

fn misfit(spec: &TensorSpec, answer: &[Output]) -> Option<(Naming, String)> {
    let declared = format!("{} {}", spec.datatype, Dims::declared(&spec.shape));
    let naming = named("outputs").limit(declared.clone());
    let Some(output) = answer.iter().find(|output| output.name == spec.name) else {
        return Some((naming, format!("output {:?} is missing, declared {declared}", spec.name)));
    };
    if output.datatype == spec.datatype && spec.admits_shape(&output.shape) {
        return None;
    }
    let found = output.describe();
    let fault = format!("output {:?} is {found}, declared {declared}", spec.name);
    Some((naming.value(found), fault))
}
