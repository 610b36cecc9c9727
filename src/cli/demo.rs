//! `demo`: the whole voyage on bundled models.

use super::{Context, Exit};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Demo {
    /// Write what happened as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

pub(super) async fn run(arguments: Demo, context: &Context) -> anyhow::Result<Exit> {
    let (report, output) = (arguments.report, context.output.format());
    crate::demo::run(crate::demo::Args { report, output }).await
}
