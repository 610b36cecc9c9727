//! `model show`: everything about one version.

use super::super::push::human_bytes;
use super::super::table::{self, or_dash};
use super::super::{Context, Exit, signing};
use super::{flavors, version_path};
use crate::api::wire::{SealedFile, Signature, Version};
use seatrial_domain::VersionNumber;
use seatrial_domain::tensor::TensorSpec;
use serde::Serialize;

/// A version with its signatures.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    version: Version,
    signatures: Vec<Signature>,
}

pub(super) async fn run(
    name: &str,
    version: Option<VersionNumber>,
    context: &Context,
) -> anyhow::Result<Exit> {
    let path = version_path(name, version, context).await?;
    let version: Version = context.client()?.get(&path).await?;
    let signatures = context.client()?.get(&format!("{path}/signatures")).await?;
    context.output.show(&Shown { version, signatures }, |Shown { version, signatures }| {
        let tags = version.tags.iter().map(|(key, value)| format!("{key}={value}"));
        let mut facts = vec![
            ("model", version.model.clone()),
            ("version", VersionNumber(version.version).to_string()),
            ("digest", version.digest.clone()),
            ("lifecycle", version.lifecycle.clone()),
            ("aliases", version.aliases.join(" ")),
            ("tags", tags.collect::<Vec<_>>().join(" ")),
            ("source", or_dash(version.source.as_ref())),
            ("created", version.created_at.clone()),
        ];
        let signed = signatures.iter().map(signing::by).collect::<Vec<_>>();
        let signed = if signed.is_empty() { vec![or_dash(None::<&str>)] } else { signed };
        facts.extend(signed.into_iter().map(|by| ("signed by", by)));
        facts.extend(flavors::facts(version));
        let tensors = |side: &str| tensors(&version.signature, side);
        facts.push(("inputs", tensors("inputs")));
        facts.push(("outputs", tensors("outputs")));
        let file = |file: &SealedFile| {
            ("file", format!("{}  {}  {}", file.path, human_bytes(file.size), file.digest))
        };
        facts.extend(version.files.iter().map(file));
        table::facts(&facts)
    })?;
    Ok(Exit::Success)
}

/// Tensors in one line: `X FP32[-1,64]`.
fn tensors(signature: &serde_json::Value, side: &str) -> String {
    let specs = signature.get(side).cloned().unwrap_or_default();
    let specs: Vec<TensorSpec> = serde_json::from_value(specs).unwrap_or_default();
    let one = |spec: &TensorSpec| {
        let shape = spec.shape.iter().map(ToString::to_string).collect::<Vec<_>>();
        format!("{} {}[{}]", spec.name, spec.datatype, shape.join(","))
    };
    specs.iter().map(one).collect::<Vec<_>>().join("  ")
}
