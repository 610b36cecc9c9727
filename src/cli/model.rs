//! `model`: push, sign, export, list, show, diff, verify, delete, history, gc.

mod delete;
mod export;
mod flavors;
mod gc;
mod history;
pub(super) mod layout;
mod lineage;
mod mlflow;
mod push;
mod show;
mod source;

use super::client::segment;
use super::exit::{missing, usage};
use super::push::human_bytes;
use super::signing;
use super::table::{self, or_dash};
use super::{Context, Exit};
use crate::api::wire::{Change, Diff, Model as ModelView, Quarantined, Version};
use clap::Subcommand;
use seatrial_domain::VersionNumber;

#[derive(Debug, Subcommand)]
pub enum Model {
    /// Register an ONNX file, a directory with one, an MLflow model or a model from elsewhere as a
    /// new version.
    Push(push::Push),
    /// Write a version as an OCI image layout in CNCF ModelPack form.
    Export(export::Export),
    /// Sign a registered version, or add a signature made elsewhere; no file is sent.
    Sign(signing::Sign),
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
    Show {
        /// NAME, or NAME@VERSION.
        name: String,
        version: Option<VersionNumber>,
        /// What it was made from, and what was made from it.
        #[arg(long)]
        lineage: bool,
    },
    /// Show how one version differs from another.
    Diff { name: String, from: VersionNumber, to: VersionNumber },
    /// Check the stored bytes against the sealed manifest, and with --key its signature.
    Verify(signing::Verify),
    /// Delete a version, or a model with all its versions. Numbers are never given again.
    Delete(delete::Delete),
    /// Show where a model's aliases pointed, or what was in production when.
    History(history::History),
    /// List stored files that nothing refers to, or remove them.
    Gc(gc::Gc),
}

pub(super) async fn run(verb: Model, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Model::Push(arguments) => push::run(arguments, context).await,
        Model::Export(arguments) => export::run(&arguments, context).await,
        Model::List { quarantined: true, .. } => quarantined(context).await,
        Model::List { name: None, .. } => list(context).await,
        Model::List { name: Some(name), .. } => versions(&name, context).await,
        Model::Show { name, version, lineage } => {
            let (name, version) = reference(&name, version)?;
            if lineage {
                return lineage::show(&version_path(name, version, context).await?, context).await;
            }
            show::run(name, version, context).await
        }
        Model::Diff { name, from, to } => diff(&name, (from, to), context).await,
        Model::Sign(arguments) => signing::sign(&arguments, context).await,
        Model::Verify(arguments) => signing::verify(&arguments, context).await,
        Model::Delete(arguments) => delete::run(&arguments, context).await,
        Model::History(arguments) => history::run(arguments, context).await,
        Model::Gc(arguments) => gc::run(arguments, context).await,
    }
}

/// NAME, NAME@VERSION, or NAME and VERSION.
pub(super) fn reference(
    name: &str,
    version: Option<VersionNumber>,
) -> anyhow::Result<(&str, Option<VersionNumber>)> {
    match (name.split_once('@'), version) {
        (None, version) => Ok((name, version)),
        (Some((name, number)), None) => Ok((name, Some(number.parse()?))),
        (Some(_), Some(_)) => Err(usage(format!("{name} names a version already"))),
    }
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
            let aliases = version.aliases.join(" ");
            [number, short, size, flavors::short(version), version.lifecycle.clone(), aliases]
        };
        let rows = versions.iter().map(row).collect::<Vec<_>>();
        table::render(["version", "digest", "size", "flavors", "lifecycle", "aliases"], &rows)
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
pub(super) async fn version_path(
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
