//! The binary: parses and dispatches. The product is the library.

use clap::Parser as _;
use seatrial::cli::{self, Cli, Exit};
use seatrial::config::Environment;
use seatrial::dataset::child;
use seatrial_runtime::probe;
use std::process::ExitCode;

fn main() -> ExitCode {
    // The server's own children, which try one file and nothing else, need no runtime.
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(verb) if verb == probe::VERB => return probe::child_main(arguments),
        Some(verb) if verb == child::VERB => return child::main(arguments),
        Some(_) | None => {}
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
