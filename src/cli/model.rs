//! `model`: push, list, show, diff, verify.

use super::client::segment;
use super::exit::missing;
use super::push::{self, human_bytes};
use super::table::{self, or_dash};
use super::{Context, Exit};
use crate::api::wire::{
    Change, Diff, FileState, Model as ModelView, Quarantined, Register, Verification, Version,
};
use clap::{Args, Subcommand};
use seatrial_domain::VersionNumber;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Model {
    /// Register an ONNX file, or a directory with one, as a new version.
    Push(Push),
    /// List models, or one model's versions.
    List {
        /// The model whose versions are listed.
        #[arg(conflicts_with = "quarantined")]
        name: Option<String>,
        /// List the digests in quarantine instead, and why.
        #[arg(long)]
        quarantined: bool,
    },
    /// Show one version [default: the newest].
    Show { name: String, version: Option<VersionNumber> },
    /// Show how one version differs from another.
    Diff { name: String, from: VersionNumber, to: VersionNumber },
    /// Check the stored bytes against the sealed manifest.
    Verify { name: String, version: Option<VersionNumber> },
}

#[derive(Debug, Args)]
pub struct Push {
    /// An ONNX file, or a directory that holds one (`model.onnx` where there are several).
    path: PathBuf,
    /// The model's name.
    #[arg(long)]
    name: String,
    /// A tag for the version; may be repeated.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// An alias that will name the version.
    #[arg(long)]
    alias: Option<String>,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(super) async fn run(verb: Model, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Model::Push(arguments) => push(arguments, context).await,
        Model::List { quarantined: true, .. } => quarantined(context).await,
        Model::List { name: None, .. } => list(context).await,
        Model::List { name: Some(name), .. } => versions(&name, context).await,
        Model::Show { name, version } => show(&name, version, context).await,
        Model::Diff { name, from, to } => diff(&name, (from, to), context).await,
        Model::Verify { name, version } => verify(&name, version, context).await,
    }
}

async fn push(arguments: Push, context: &Context) -> anyhow::Result<Exit> {
    let name = seatrial_domain::ModelName::new(&arguments.name)?;
    let upload = push::upload(&arguments.path, context).await?;
    context.output.note("sealing and probing");
    let register = Register {
        upload: upload.id.clone(),
        tags: BTreeMap::from_iter(arguments.tags),
        alias: arguments.alias,
        source: None,
    };
    let client = context.client()?;
    let path = format!("/models/{}/versions", segment(name.as_str()));
    let version: Version = match client.post(&path, &register).await {
        Ok(version) => version,
        Err(error) => {
            push::discard(&client, &upload).await;
            return Err(error.into());
        }
    };
    context.output.show(&version, |version| {
        format!("{} v{}  {}", version.model, version.version, version.digest)
    })?;
    Ok(Exit::Success)
}

async fn list(context: &Context) -> anyhow::Result<Exit> {
    let models: Vec<ModelView> = context.client()?.all("/models").await?;
    context.output.show(&models, |models| {
        let row = |model: &ModelView| {
            let aliases =
                model.aliases.iter().map(|(alias, version)| format!("{alias}=v{version}"));
            let aliases = aliases.collect::<Vec<_>>().join(" ");
            [model.name.clone(), or_dash(model.latest.map(VersionNumber)), aliases]
        };
        table::render(["model", "latest", "aliases"], &models.iter().map(row).collect::<Vec<_>>())
    })?;
    Ok(Exit::Success)
}

async fn versions(name: &str, context: &Context) -> anyhow::Result<Exit> {
    let path = format!("/models/{}/versions", segment(name));
    let versions: Vec<Version> = context.client()?.all(&path).await?;
    context.output.show(&versions, |versions| {
        let row = |version: &Version| {
            let short = version.digest.chars().take(19).collect();
            let number = VersionNumber(version.version).to_string();
            let size = human_bytes(version.size);
            [number, short, size, version.lifecycle.clone(), version.aliases.join(" ")]
        };
        let rows = versions.iter().map(row).collect::<Vec<_>>();
        table::render(["version", "digest", "size", "lifecycle", "aliases"], &rows)
    })?;
    Ok(Exit::Success)
}

async fn quarantined(context: &Context) -> anyhow::Result<Exit> {
    let marks: Vec<Quarantined> = context.client()?.all("/quarantine").await?;
    context.output.show(&marks, |marks| {
        let row = |mark: &Quarantined| {
            let short = mark.digest.chars().take(19).collect();
            [short, or_dash(mark.rollout), mark.since.clone(), mark.why.clone()]
        };
        let rows = marks.iter().map(row).collect::<Vec<_>>();
        table::render(["digest", "rollout", "since", "why"], &rows)
    })?;
    Ok(Exit::Success)
}

/// The path of a version, the newest where none is named.
async fn version_path(
    name: &str,
    version: Option<VersionNumber>,
    context: &Context,
) -> anyhow::Result<String> {
    let number = match version {
        Some(number) => number,
        None => latest(name, context).await?,
    };
    Ok(format!("/models/{}/versions/{}", segment(name), number.0))
}

/// The newest version of a model.
pub(super) async fn latest(name: &str, context: &Context) -> anyhow::Result<VersionNumber> {
    let model: ModelView = context.client()?.get(&format!("/models/{}", segment(name))).await?;
    let latest = model.latest.ok_or_else(|| missing(format!("{name} has no version left")))?;
    Ok(VersionNumber(latest))
}

async fn show(
    name: &str,
    version: Option<VersionNumber>,
    context: &Context,
) -> anyhow::Result<Exit> {
    let path = version_path(name, version, context).await?;
    let version: Version = context.client()?.get(&path).await?;
    context.output.show(&version, |version| {
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
        let tensors = |side: &str| tensors(&version.signature, side);
        facts.push(("inputs", tensors("inputs")));
        facts.push(("outputs", tensors("outputs")));
        let file = |file: &crate::api::wire::SealedFile| {
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
    let specs: Vec<seatrial_domain::tensor::TensorSpec> =
        serde_json::from_value(specs).unwrap_or_default();
    let one = |spec: &seatrial_domain::tensor::TensorSpec| {
        let shape = spec.shape.iter().map(ToString::to_string).collect::<Vec<_>>();
        format!("{} {}[{}]", spec.name, spec.datatype, shape.join(","))
    };
    specs.iter().map(one).collect::<Vec<_>>().join("  ")
}

async fn diff(
    name: &str,
    (from, to): (VersionNumber, VersionNumber),
    context: &Context,
) -> anyhow::Result<Exit> {
    let path = format!("/models/{}/versions/{}/diff/{}", segment(name), from.0, to.0);
    let diff: Diff = context.client()?.get(&path).await?;
    context.output.show(&diff, |diff| {
        if diff.files.is_empty() && diff.signature.is_empty() {
            return format!("{from} and {to} are the same bytes");
        }
        let file = |file: &crate::api::wire::FileChange| {
            let sign = match file.change {
                Change::Added => '+',
                Change::Removed => '-',
                Change::Changed => '~',
            };
            let size = |size: Option<u64>| size.map_or_else(|| "-".to_owned(), human_bytes);
            format!("{sign} {}  {} -> {}", file.path, size(file.from_size), size(file.to_size))
        };
        let files = diff.files.iter().map(file);
        files.chain(diff.signature.iter().cloned()).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Exit::Success)
}

async fn verify(
    name: &str,
    version: Option<VersionNumber>,
    context: &Context,
) -> anyhow::Result<Exit> {
    let path = version_path(name, version, context).await?;
    let verification: Verification =
        context.client()?.post(&format!("{path}/verify"), &serde_json::json!({})).await?;
    context.output.show(&verification, |verification| {
        let row = |file: &crate::api::wire::FileCheck| {
            let state = match file.state {
                FileState::Intact => "intact",
                FileState::Missing => "missing",
                FileState::Corrupt => "corrupt",
            };
            [file.path.clone(), state.to_owned()]
        };
        let rows = verification.files.iter().map(row).collect::<Vec<_>>();
        format!("{}\n{}", verification.digest, table::render(["file", "state"], &rows))
    })?;
    Ok(if verification.is_intact() { Exit::Success } else { Exit::Internal })
}
