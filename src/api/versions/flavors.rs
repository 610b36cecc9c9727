//! What an `MLmodel` says, shown and compared.

use crate::api::wire::MlModel;
use seatrial_domain::mlmodel::{Facts, Flavors, Schema, Signature};

pub(super) fn view(flavors: &Flavors) -> Option<MlModel> {
    let says_something = *flavors != Flavors::default();
    says_something.then(|| MlModel {
        flavors: flavors.named.clone(),
        signature: flavors.signature.as_ref().and_then(|said| serde_json::to_value(said).ok()),
        mlflow_version: flavors.mlflow_version.clone(),
        model_uuid: flavors.model_uuid.clone(),
        model_id: flavors.model_id.clone(),
        run_id: flavors.run_id.clone(),
    })
}

/// What differs, a line each.
pub(super) fn changes(before: &Flavors, after: &Flavors) -> Vec<String> {
    let mut lines = Vec::new();
    let mut pair = |what: &str, before: &str, after: &str| {
        if before != after {
            let shown = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
            lines.push(format!("- {what} {}", shown(before)));
            lines.push(format!("+ {what} {}", shown(after)));
        }
    };
    pair("flavors", &before.names(), &after.names());
    for (name, facts) in &before.named {
        if let Some(now) = after.named.get(name) {
            pair(&format!("flavor {name}"), &apart(facts, now), &apart(now, facts));
        }
    }
    for (what, side) in SIDES {
        pair(what, &side(before.signature.as_ref()), &side(after.signature.as_ref()));
    }
    lines
}

type Side = fn(Option<&Signature>) -> String;
const SIDES: [(&str, Side); 3] = [
    ("MLmodel inputs", |said| schema(said.and_then(|said| said.inputs.as_ref()))),
    ("MLmodel outputs", |said| schema(said.and_then(|said| said.outputs.as_ref()))),
    ("MLmodel params", |said| {
        let params = said.into_iter().flat_map(|said| &said.params);
        params.map(ToString::to_string).collect::<Vec<_>>().join("  ")
    }),
];

fn schema(schema: Option<&Schema>) -> String {
    schema.map(ToString::to_string).unwrap_or_default()
}

/// The facts that `other` does not say the same of.
fn apart(facts: &Facts, other: &Facts) -> String {
    let differing = facts.iter().filter(|(name, fact)| other.get(*name) != Some(*fact));
    differing.map(|(name, fact)| format!("{name}={fact}")).collect::<Vec<_>>().join(" ")
}
