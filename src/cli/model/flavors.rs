//! A version's flavors, and whether it can be served, in words.

use crate::api::wire::{MlModel, Version};
use crate::cli::table::or_dash;
use seatrial_domain::mlmodel::Signature;

/// The flavors' names; whether none of them is served.
pub(super) fn short(version: &Version) -> String {
    let names = version.mlmodel.as_ref().map(names).unwrap_or_default();
    match (&version.served_file, names.is_empty()) {
        (Some(_), true) => "-".to_owned(),
        (Some(_), false) => names,
        (None, _) => format!("{names} (not served)"),
    }
}

/// Why no rollout can serve it; none: one can.
pub(super) fn not_served(version: &Version) -> Option<String> {
    if version.served_file.is_some() {
        return None;
    }
    let names = version.mlmodel.as_ref().map(names).unwrap_or_default();
    Some(format!("it is {names}, and Seatrial serves ONNX (the flavor onnx) only"))
}

/// What `model show` says of them.
pub(super) fn facts(version: &Version) -> Vec<(&'static str, String)> {
    let no = not_served(version).map(|why| format!("no: {why}"));
    let mut facts = vec![("served", no.unwrap_or_else(|| or_dash(version.served_file.as_ref())))];
    let Some(mlmodel) = &version.mlmodel else { return facts };
    for (name, details) in &mlmodel.flavors {
        let details = details.iter().map(|(name, fact)| format!("{name}={fact}"));
        facts.push(("flavor", format!("{name}  {}", details.collect::<Vec<_>>().join(" "))));
    }
    facts.push(("mlflow", or_dash(mlmodel.mlflow_version.as_ref())));
    let ids =
        [("uuid", &mlmodel.model_uuid), ("model id", &mlmodel.model_id), ("run", &mlmodel.run_id)];
    facts.extend(ids.into_iter().filter_map(|(name, id)| Some((name, id.clone()?))));
    facts.extend(said(mlmodel));
    facts
}

/// The signature that its author gave it.
fn said(mlmodel: &MlModel) -> Vec<(&'static str, String)> {
    let signature = mlmodel.signature.clone().map(serde_json::from_value::<Signature>);
    let Some(Ok(signature)) = signature else { return Vec::new() };
    let sides = [("said inputs", signature.inputs), ("said outputs", signature.outputs)];
    let mut facts: Vec<_> =
        sides.into_iter().filter_map(|(name, side)| Some((name, side?.to_string()))).collect();
    facts.extend(signature.params.iter().map(|param| ("said param", param.to_string())));
    facts
}

fn names(mlmodel: &MlModel) -> String {
    mlmodel.flavors.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}
