//! The server as a process: started, killed, started again on the same data.

use super::cli::{Ran, cli_of};
use super::disk::{Disk, Filler};
use super::library::library;
use super::wait::{PATIENCE, eventually};
use super::{Api, Reply};
use reqwest::Method;
use serde_json::Value;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use tempfile::TempDir;

const LOG_LINES_SHOWN: usize = 80;

/// One server on a data directory of its own. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    program: PathBuf,
    inference: SocketAddr,
    control: SocketAddr,
    config: String,
    disk: Disk,
    api: Api,
    home: TempDir,
}

impl Server {
    /// A server with nothing in it.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// As [`Server::start`], with a configuration in TOML.
    pub(crate) fn start_with(config: &str) -> Self {
        Self::start_as(Path::new(env!("CARGO_BIN_EXE_seatrial")), config)
    }

    /// As [`Server::start_with`], from a copy of the binary.
    pub(crate) fn start_as(program: &Path, config: &str) -> Self {
        Self::start_on(Disk::Machine, program, config)
    }

    /// As [`Server::start`], with its data on a disk of its own.
    pub(crate) fn start_on_a_disk_of(mib: u32) -> Self {
        Self::start_on(Disk::Own { mib }, Path::new(env!("CARGO_BIN_EXE_seatrial")), "")
    }

    fn start_on(disk: Disk, program: &Path, config: &str) -> Self {
        let program = program.to_owned();
        let home = tempfile::tempdir().expect("a temporary directory");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let child = spawn(disk, &program, home.path(), config, (any, any));
        let api = Api::new();
        let (inference, control) = (any, any);
        let config = config.to_owned();
        let mut server = Self { child, program, inference, control, config, disk, api, home };
        server.await_ready();
        server
    }

    /// As a power cut ends it.
    pub(crate) fn kill9(&mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    /// The same data, the same addresses. Returns once it answers.
    pub(crate) fn restart(&mut self) {
        let addresses = (self.inference, self.control);
        self.child = spawn(self.disk, &self.program, self.home.path(), &self.config, addresses);
        self.await_ready();
    }

    /// As an operator stops it; its exit status.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let id = i32::try_from(self.child.id()).expect("a process's number");
        let id = rustix::process::Pid::from_raw(id).expect("a process's number");
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it runs");
        let ended = || self.child.try_wait().expect("it is our child");
        eventually("the server stops", PATIENCE, ended).code()
    }

    fn await_ready(&mut self) {
        let file = self.data().join("addresses.json");
        let addresses: Value = eventually("the server says where it listens", PATIENCE, || {
            let ended = self.child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "the server ended: {ended:?}\n{}", self.log());
            serde_json::from_slice(&std::fs::read(&file).ok()?).ok()
        });
        let address = |name: &str| addresses[name].as_str()?.parse().ok();
        self.inference = address("inference").expect("an address");
        self.control = address("control").expect("an address");
        let url = self.url("/status");
        eventually("the control API answers", PATIENCE, || {
            self.api.get(&url).filter(|reply| reply.status == 200)
        });
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.disk.seen(self.child.id(), self.home.path().join("data"))
    }

    /// Takes all room of the server's own disk but `leaving` bytes, until it is dropped.
    pub(crate) fn fill(&self, leaving: u64) -> Filler {
        Filler::fill(&self.data(), leaving)
    }

    /// A directory for whatever a test writes.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn inference(&self) -> SocketAddr {
        self.inference
    }

    pub(crate) fn control_origin(&self) -> String {
        format!("http://{}", self.control)
    }

    /// A control URL.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.control)
    }

    /// An inference URL.
    pub(crate) fn v2(&self, path: &str) -> String {
        format!("http://{}/v2{path}", self.inference)
    }

    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    /// What the control API says of `path`; must be a success.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        let reply = self.api.get(&self.url(path)).expect("the server answers");
        assert_eq!(reply.status, 200, "GET {path}: {reply:#?}");
        reply.body
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.api.post(&self.url(path), body)
    }

    /// A word on a rollout over HTTP, if it is still at `revision`.
    #[track_caller]
    pub(crate) fn say_if(&self, rollout: u64, revision: u64, command: &Value) -> Reply {
        let url = self.url(&format!("/rollouts/{rollout}/commands"));
        let request = self.api.request(Method::POST, &url).json(command);
        let request = request.header("if-match", format!("\"{revision}\""));
        self.api.ask(request).expect("the server answers")
    }

    /// A command against this server.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Ran {
        self.cli_as("an-operator", arguments)
    }

    pub(crate) fn cli_as(&self, user: &str, arguments: &[&str]) -> Ran {
        cli_of(&self.control_origin(), user, arguments)
    }

    /// The end of what it logged.
    pub(crate) fn log(&self) -> String {
        let text = std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to kill.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the server's log\n{}", self.log());
        }
    }
}

fn spawn(
    disk: Disk,
    program: &Path,
    home: &Path,
    config: &str,
    (inference, control): (SocketAddr, SocketAddr),
) -> Child {
    let log = File::options().create(true).append(true).open(home.join("log"));
    let log = log.expect("the test's own directory");
    // A killed server leaves its addresses behind.
    let _none = std::fs::remove_file(home.join("data/addresses.json"));
    std::fs::write(home.join("seatrial.toml"), config).expect("the test's own directory");
    let data = home.join("data");
    disk.command(program, &data)
        .arg("serve")
        .args(["--config", &home.join("seatrial.toml").display().to_string()])
        .args(["--data", &data.display().to_string()])
        .args(["--inference", &inference.to_string()])
        .args(["--control", &control.to_string()])
        .env("ORT_DYLIB_PATH", library())
        .env("SEATRIAL_LOG", "info")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the binary can be run")
}
