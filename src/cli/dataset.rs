//! `dataset`: push, list, show.

use super::client::segment;
use super::exit::usage;
use super::push::{self, human_bytes};
use super::table::{self, or_dash};
use super::{Context, Exit};
use crate::api::wire::{Dataset as DatasetView, RegisterDataset};
use clap::{Args, Subcommand};
use seatrial_domain::VersionNumber;
use seatrial_domain::ids::DatasetName;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Dataset {
    /// Register a CSV, JSONL, NPZ or Parquet file as a new version.
    Push(Push),
    /// List datasets.
    List,
    /// Show one version: NAME, or NAME@VERSION.
    Show { reference: String },
}

#[derive(Debug, Args)]
pub struct Push {
    /// The file.
    path: PathBuf,
    /// The dataset's name.
    #[arg(long)]
    name: String,
    /// The column that holds the truth.
    #[arg(long)]
    label: Option<String>,
}

pub(super) async fn run(verb: Dataset, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Dataset::Push(arguments) => push(arguments, context).await,
        Dataset::List => list(context).await,
        Dataset::Show { reference } => show(&reference, context).await,
    }
}

async fn push(arguments: Push, context: &Context) -> anyhow::Result<Exit> {
    let name = DatasetName::new(&arguments.name)?;
    if arguments.path.is_dir() {
        return Err(usage("a dataset is one file, and this is a directory"));
    }
    let upload = push::upload(&arguments.path, context).await?;
    let client = context.client()?;
    let register = RegisterDataset { upload: upload.id.clone(), label: arguments.label };
    let path = format!("/datasets/{}/versions", segment(name.as_str()));
    let version: DatasetView = match client.post(&path, &register).await {
        Ok(version) => version,
        Err(error) => {
            push::discard(&client, &upload).await;
            return Err(error.into());
        }
    };
    context.output.show(&version, |version| {
        let DatasetView { name, version: number, rows, digest, .. } = version;
        format!("{name}@{number}  {rows} rows  {digest}")
    })?;
    Ok(Exit::Success)
}

async fn list(context: &Context) -> anyhow::Result<Exit> {
    let datasets: Vec<DatasetView> = context.client()?.all("/datasets").await?;
    context.output.show(&datasets, |datasets| {
        let row = |dataset: &DatasetView| {
            let reference = format!("{}@{}", dataset.name, dataset.version);
            let label = or_dash(dataset.label.as_ref());
            [reference, dataset.format.clone(), dataset.rows.to_string(), label]
        };
        let rows = datasets.iter().map(row).collect::<Vec<_>>();
        table::render(["dataset", "format", "rows", "label"], &rows)
    })?;
    Ok(Exit::Success)
}

async fn show(reference: &str, context: &Context) -> anyhow::Result<Exit> {
    let client = context.client()?;
    let path = match reference.split_once('@') {
        Some((name, number)) => {
            let number = number.parse::<VersionNumber>()?;
            format!("/datasets/{}/versions/{}", segment(name), number.0)
        }
        None => format!("/datasets/{}", segment(reference)),
    };
    let version: DatasetView = client.get(&path).await?;
    context.output.show(&version, |version| {
        table::facts(&[
            ("dataset", format!("{}@{}", version.name, version.version)),
            ("digest", version.digest.clone()),
            ("format", version.format.clone()),
            ("rows", version.rows.to_string()),
            ("columns", version.columns.join(", ")),
            ("label", or_dash(version.label.as_ref())),
            ("size", human_bytes(version.size)),
            ("created", version.created_at.clone()),
        ])
    })?;
    Ok(Exit::Success)
}
