//! `demo`: the whole voyage on bundled models.

use super::Exit;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Demo {
    /// Write what happened as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

pub(super) async fn run(arguments: Demo) -> anyhow::Result<Exit> {
    crate::demo::run(crate::demo::Args { report: arguments.report }).await
}
