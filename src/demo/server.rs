//! The demo's own server: this same program, in a process and a directory of its own.

use super::screen::{Screen, Tone};
use crate::config::{Addresses, Config, Environment, Overrides};
use anyhow::{Context as _, bail};
use seatrial_runtime::library::{self, Progress};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long a start may take once ONNX Runtime is there.
const START_LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How long it may take to stop before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(15);
const ANY_PORT: &str = "127.0.0.1:0";

/// What a shell may have set for another server.
const VARIABLES: [&str; 6] = [
    "SEATRIAL_CONFIG",
    "SEATRIAL_DATA",
    "SEATRIAL_INFERENCE",
    "SEATRIAL_CONTROL",
    "SEATRIAL_SERVER",
    "SEATRIAL_LOG",
];

/// This program, to be run without what the shell says about servers.
pub(super) fn program() -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// Finds ONNX Runtime, or fetches it once into the user's cache and says so.
pub(super) async fn provision(
    environment: &Environment,
    screen: Screen,
) -> anyhow::Result<PathBuf> {
    let environment = Environment { config: None, ..environment.clone() };
    let search = Config::load(&Overrides::default(), &environment)?.library_search();
    let fetch = move || {
        library::ensure(&search, &mut |step: Progress| screen.say(Tone::Plain, &step.to_string()))
    };
    Ok(tokio::task::spawn_blocking(fetch).await??)
}

/// A running server; killed when it is dropped without being stopped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) addresses: Addresses,
}

impl Server {
    /// Starts it below `directory` and returns once it serves.
    pub(super) async fn start(directory: &Path, library: &Path) -> anyhow::Result<Self> {
        let data = directory.join("data");
        fs::create_dir(&data).with_context(|| data.display().to_string())?;
        let log_path = directory.join("server.log");
        let log = File::create(&log_path).with_context(|| log_path.display().to_string())?;
        let mut child = program()?
            .args(["serve", "--inference", ANY_PORT, "--control", ANY_PORT, "--data"])
            .arg(&data)
            .env("ORT_DYLIB_PATH", library)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("the server does not start")?;
        let ready = tokio::time::timeout(START_LIMIT, ready(&mut child, &data));
        match ready.await.unwrap_or_else(|_| bail!("it does not serve after {START_LIMIT:?}")) {
            Ok(addresses) => Ok(Self { child, addresses }),
            Err(error) => Err(error.context(last_lines(&log_path))),
        }
    }

    /// Asks it to stop, and waits until it has.
    pub(super) async fn stop(mut self) {
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok())
            && let Some(process) = rustix::process::Pid::from_raw(id)
        {
            // It may be gone already, which is what is wanted.
            let _gone = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        if tokio::time::timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
            let _gone = self.child.kill().await;
        }
    }
}

async fn ready(child: &mut Child, data: &Path) -> anyhow::Result<Addresses> {
    loop {
        if let Ok(addresses) = Addresses::read(data) {
            return Ok(addresses);
        }
        if let Some(status) = child.try_wait()? {
            bail!("it ended at once: {status}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The end of a log, for an error.
fn last_lines(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let from = text.lines().count().saturating_sub(5);
    let lines = text.lines().skip(from).collect::<Vec<_>>().join("\n");
    format!("the server says:\n{lines}\n")
}
