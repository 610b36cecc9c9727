//! `simulate`: comes with the statistics; says so until then.

use super::Exit;
use super::exit::usage;
use clap::Args;

#[derive(Debug, Args)]
pub struct Simulate {
    /// The policy that will be tried.
    #[arg(value_name = "FILE")]
    _policy: Option<std::path::PathBuf>,
}

pub(super) fn run() -> anyhow::Result<Exit> {
    Err(usage(
        "simulate is planned, not available yet; `seatrial policy plan FILE` shows the steps",
    ))
}
