//! A server on a data directory of its own, and a client that calls it.

use crate::mounted::mounted;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// One server, killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) control: String,
    pub(crate) data: TempDir,
    client: reqwest::Client,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) etag: Option<String>,
    pub(crate) body: Value,
}

impl Server {
    /// A fresh server; returns once it says that it serves.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// As [`Server::start`], with a configuration in TOML.
    pub(crate) fn start_with(config: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(CONFIG), config).unwrap();
        let (child, control) = spawn(data.path());
        Self { child, control, data, client: client() }
    }

    /// As [`Server::start_with`], with other variables in its environment.
    pub(crate) fn start_among(config: &str, environment: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(CONFIG), config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_seatrial"));
        command.arg("serve").arg("--config").arg(data.path().join(CONFIG));
        command.envs(environment.iter().copied());
        let (child, control) = run(command, data.path());
        Self { child, control, data, client: client() }
    }

    /// As [`Server::start`], on a disk of so many mebibytes.
    pub(crate) fn start_on_a_disk_of(mib: u32) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = mounted(mib, Path::new(env!("CARGO_BIN_EXE_seatrial")), data.path());
        command.arg("serve");
        let (child, control) = run(command, data.path());
        Self { child, control, data, client: client() }
    }

    /// As a power cut ends it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The same data again, at other addresses.
    pub(crate) fn restart(&mut self) {
        (self.child, self.control) = spawn(self.data.path());
    }

    /// A request below `/api/v1`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.at(method, &format!("/api/v1{path}"))
    }

    /// A request to any path.
    pub(crate) fn at(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.control);
        self.client.request(method, url).header("x-seatrial-actor", "tester")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PUT, path).json(&body)).await
    }

    /// A fresh upload with these files.
    pub(crate) async fn upload(&self, files: &[(&str, Vec<u8>)]) -> String {
        let upload = self.post("/uploads", json!({})).await;
        let id = upload.body["id"].as_str().unwrap().to_owned();
        for (path, bytes) in files {
            let answer = self.put_file(&id, path, bytes.clone()).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        id
    }

    pub(crate) async fn put_file(&self, upload: &str, path: &str, bytes: Vec<u8>) -> Answer {
        let request = self.request(Method::PUT, &format!("/uploads/{upload}/files"));
        let request = request.query(&[("path", path)]);
        answer(request.header("content-type", "application/octet-stream").body(bytes)).await
    }

    /// Pushes one ONNX file as the model's next version.
    pub(crate) async fn push(&self, model: &str, file: &Path) -> Answer {
        let bytes = std::fs::read(file).unwrap();
        let upload = self.upload(&[("model.onnx", bytes)]).await;
        let path = format!("/models/{model}/versions");
        self.post(&path, json!({"upload": upload})).await
    }

    /// Pushes every file of a flat directory, by its name after `prefix`.
    pub(crate) async fn push_directory(&self, model: &str, dir: &Path, prefix: &str) -> Answer {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
        let named = entries.map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (format!("{prefix}{name}"), std::fs::read(entry.path()).unwrap())
        });
        let named: Vec<(String, Vec<u8>)> = named.collect();
        let files: Vec<_> = named.iter().map(|(name, bytes)| (&**name, bytes.clone())).collect();
        self.push_files(model, &files).await
    }

    /// Registers these files as the model's next version.
    pub(crate) async fn push_files(&self, model: &str, files: &[(&str, Vec<u8>)]) -> Answer {
        let upload = self.upload(files).await;
        self.post(&format!("/models/{model}/versions"), json!({"upload": upload})).await
    }

    /// Files below a folder of the data directory.
    pub(crate) fn files_in(&self, folder: &str) -> usize {
        fn count(path: &Path) -> usize {
            let entries = std::fs::read_dir(path).into_iter().flatten();
            entries
                .map(|entry| entry.unwrap().path())
                .fold(0, |sum, path| sum + if path.is_dir() { count(&path) } else { 1 })
        }
        count(&self.data.path().join(folder))
    }
}

const CONFIG: &str = "seatrial.toml";

fn client() -> reqwest::Client {
    // Nothing is kept open: a connection that the server closes meanwhile would fail a request.
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
    client.timeout(Duration::from_secs(60)).build().unwrap()
}

/// The process, and the address of its control API once it says so.
fn spawn(data: &Path) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seatrial"));
    command.arg("serve").arg("--config").arg(data.join(CONFIG));
    run(command, data)
}

fn run(mut command: Command, data: &Path) -> (Child, String) {
    let mut child = command
        .arg("--data")
        .arg(data)
        .args(["--inference", "127.0.0.1:0", "--control", "127.0.0.1:0"])
        .env("ORT_DYLIB_PATH", crate::library::library())
        .env("SEATRIAL_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let told = lines.find_map(|line| {
        let line = line.unwrap();
        Some(line.split_once("control at ")?.1.to_owned())
    });
    // What it says later is read and dropped, so that it never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    (child, told.expect("the server says where it listens"))
}

impl Drop for Server {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to kill.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Sends, and reads the answer whatever its status.
pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

async fn read(response: Response) -> Answer {
    let header =
        |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, etag) = (response.status().as_u16(), header("etag"));
    let kind = header("content-type").unwrap_or_default();
    let bytes = response.bytes().await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status, kind, etag, body }
}

/// Waits for something that happens by itself, and soon.
pub(crate) async fn until(happened: impl Fn() -> bool) {
    let begun = tokio::time::Instant::now();
    while !happened() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Replaces what differs from run to run.
pub(crate) fn redacted(mut value: Value) -> Value {
    const VARYING: [&str; 10] = [
        "created_at",
        "applied_at",
        "ended_at",
        "expires_at",
        "at",
        "since",
        "canonical",
        "hash",
        "previous",
        "head",
    ];
    match &mut value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let hide = VARYING.contains(&name.as_str()) && !field.is_null();
                *field = if hide { json!(format!("[{name}]")) } else { redacted(field.take()) };
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = redacted(item.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

/// A model of the demo: `v1` to `v4`.
pub(crate) fn demo_model(name: &str) -> PathBuf {
    root().join("demo/models").join(name).with_extension("onnx")
}

/// A model of the runtime's own tests.
pub(crate) fn odd_model(name: &str) -> PathBuf {
    root().join("crates/runtime/tests/fixtures").join(name).with_extension("onnx")
}

/// A directory that MLflow wrote (`crates/domain/tests/fixtures/mlflow/make.py`).
pub(crate) fn mlflow_model(name: &str) -> PathBuf {
    root().join("crates/domain/tests/fixtures/mlflow").join(name)
}

/// A version that misbehaves (`tests/fixtures/make.py`).
pub(crate) fn odd_version(name: &str) -> PathBuf {
    root().join("tests/fixtures").join(format!("digits_{name}.onnx"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
