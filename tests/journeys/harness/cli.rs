//! The command line, run as a user runs it.

use super::wait::PATIENCE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;

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
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the binary can be run");
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process's number");
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(2 * PATIENCE) else {
        // Where it has just ended there is nothing to kill.
        let _gone = kill_process(id, Signal::KILL);
        panic!("it does not end: {command:?}");
    };
    let Output { status, stdout, stderr } = output.expect("its output can be read");
    Ran {
        status: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}
