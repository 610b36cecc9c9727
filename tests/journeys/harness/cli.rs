//! The command line, run as a user runs it.

use serde_json::Value;
use std::process::{Command, Output, Stdio};

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Its standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }

    /// Itself, after checking the exit status.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }
}

/// The command, without a server.
pub(crate) fn cli(arguments: &[&str]) -> Ran {
    run(command(arguments, "an-operator"))
}

/// The command against the server at `control`, as `user`.
pub(super) fn cli_of(control: &str, user: &str, arguments: &[&str]) -> Ran {
    let mut command = command(arguments, user);
    command.args(["--server", control]);
    run(command)
}

fn command(arguments: &[&str], user: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seatrial"));
    for name in ["SEATRIAL_SERVER", "SEATRIAL_CONFIG", "SEATRIAL_DATA", "SEATRIAL_LOG"] {
        command.env_remove(name);
    }
    command.env("USER", user).stdin(Stdio::null()).args(arguments);
    command
}

fn run(mut command: Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("the binary can be run");
    Ran {
        status: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}
