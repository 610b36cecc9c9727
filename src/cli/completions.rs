//! `completions`: a shell's script.

use super::Exit;
use super::verb::Cli;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use std::io::Write as _;

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Completions) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "seatrial", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Success)
}
