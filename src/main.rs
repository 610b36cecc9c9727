//! The binary: parses and dispatches. The product is the library.

use clap::Parser as _;
use seatrial::cli::{self, Cli, Exit};
use seatrial::config::Environment;
use seatrial_runtime::probe;
use std::process::ExitCode;

fn main() -> ExitCode {
    // The server's own child, which tries one model and nothing else, needs no runtime.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|verb| verb == probe::VERB) {
        return probe::child_main(arguments);
    }
    let cli = Cli::parse();
    let environment = match Environment::read() {
        Ok(environment) => environment,
        Err(error) => return cli::complain(&error.into(), Exit::Usage).into(),
    };
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli::run(cli, environment)).into(),
        Err(error) => cli::complain(&error.into(), Exit::Internal).into(),
    }
}
