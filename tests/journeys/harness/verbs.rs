//! What users do, in one call each: push, apply, start, look, wait.

use super::wait::{PATIENCE, eventually};
use super::{Policy, Server};
use serde_json::Value;
use std::path::{Path, PathBuf};

const TERMINAL: [&str; 5] = ["completed", "rejected", "rolled_back", "aborted", "superseded"];

/// A model: `v1` to `v4` are the demo's, the others misbehave (`tests/fixtures/make.py`).
pub(crate) fn fixture(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if name.starts_with('v') {
        root.join("demo/models").join(name).with_extension("onnx")
    } else {
        root.join("tests/fixtures").join(format!("digits_{name}.onnx"))
    }
}

/// The same model with another digest: a directory with a note beside it.
pub(crate) fn variant(server: &Server, name: &str, note: &str) -> PathBuf {
    let directory = server.home().join(format!("{name}-{note}"));
    std::fs::create_dir(&directory).expect("the test's own directory");
    std::fs::copy(fixture(name), directory.join("model.onnx")).expect("the fixture is there");
    std::fs::write(directory.join("note.txt"), note).expect("the test's own directory");
    directory
}

/// A directory with the model `name` of the runtime's tests and, at `path` beside it, weights: eight
/// bytes of something else, then 1 and 2.
pub(crate) fn with_weights(server: &Server, name: &str, path: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/runtime/tests/fixtures");
    let directory = server.home().join(name);
    let weights = directory.join(path);
    std::fs::create_dir_all(weights.parent().expect("it is a file's")).expect("our directory");
    let model = fixtures.join(name).with_extension("onnx");
    std::fs::copy(model, directory.join("model.onnx")).expect("the fixture is there");
    let bytes = [9, 9, 9, 9, 9, 9, 9, 9, 0, 0, 128, 63, 0, 0, 0, 64];
    std::fs::write(weights, bytes).expect("our directory");
    directory
}

impl Server {
    /// A server whose endpoint `digits` answers with `first`, as version 1 of the model `digits`.
    pub(crate) fn serving(first: &str, policy: &Policy) -> Self {
        Self::start().with_first(first, policy)
    }

    /// Makes `first` the endpoint's first version.
    pub(crate) fn with_first(self, first: &str, policy: &Policy) -> Self {
        self.push(&fixture(first), "digits");
        self.apply(policy);
        // Answers that are late because the test machine is busy are no finding.
        self.cli(&["endpoint", "set", "digits", "--deadline-ms", "10000"]).expect(0);
        let start = ["rollout", "start", "digits", "1", "--bootstrap", "--wait"];
        self.cli(&start).expect(0);
        self
    }

    /// Registers a version; its number.
    #[track_caller]
    pub(crate) fn push(&self, path: &Path, model: &str) -> u64 {
        let path = path.display().to_string();
        let pushed = self.cli(&["model", "push", &path, "--name", model, "-o", "json"]).expect(0);
        pushed.json()["version"].as_u64().expect("a version's number")
    }

    /// Applies a policy to its endpoint.
    #[track_caller]
    pub(crate) fn apply(&self, policy: &Policy) {
        let file = self.home().join(format!("{}.yaml", policy.endpoint()));
        std::fs::write(&file, policy.yaml()).expect("the test's own directory");
        self.cli(&["policy", "apply", &file.display().to_string()]).expect(0);
    }

    /// Starts a rollout of a version of `digits`; its number.
    #[track_caller]
    pub(crate) fn start_rollout(&self, version: u64) -> u64 {
        self.start_rollout_with(version, &[])
    }

    #[track_caller]
    pub(crate) fn start_rollout_with(&self, version: u64, more: &[&str]) -> u64 {
        let version = version.to_string();
        let mut arguments = vec!["rollout", "start", "digits", &version, "-o", "json"];
        arguments.extend(more);
        self.cli(&arguments).expect(0).json()["id"].as_u64().expect("a rollout's number")
    }

    /// Pushes `candidate` and starts its rollout; its number.
    #[track_caller]
    pub(crate) fn roll_out(&self, candidate: &str) -> u64 {
        let version = self.push(&fixture(candidate), "digits");
        self.start_rollout(version)
    }

    /// A rollout in short.
    #[track_caller]
    pub(crate) fn rollout(&self, id: u64) -> Value {
        self.get(&format!("/rollouts/{id}"))
    }

    /// Everything `explain` says, as the command prints it.
    #[track_caller]
    pub(crate) fn explain(&self, id: u64) -> Value {
        self.cli(&["rollout", "explain", &id.to_string(), "-o", "json"]).expect(0).json()
    }

    /// Waits until the rollout is as asked; fails at once when it has ended otherwise.
    #[track_caller]
    pub(crate) fn until(&self, id: u64, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/rollouts/{id}");
        eventually(&format!("rollout {id}: {what}"), PATIENCE, || {
            let rollout = self.get(&path);
            if is_so(&rollout) {
                return Some(rollout);
            }
            let ended = TERMINAL.contains(&rollout["stage"].as_str()?);
            assert!(!ended, "waited for {what:?}, and it ended: {rollout:#}");
            None
        })
    }

    /// Waits for a stage.
    #[track_caller]
    pub(crate) fn until_stage(&self, id: u64, stage: &str) -> Value {
        self.until(id, stage, |rollout| rollout["stage"] == stage)
    }

    /// Waits for an overlay, such as `paused(deadline)`.
    #[track_caller]
    pub(crate) fn until_overlay(&self, id: u64, overlay: &str) -> Value {
        self.until(id, overlay, |rollout| overlays(rollout).contains(&overlay))
    }

    /// A rollout's journal rows, the earliest first.
    #[track_caller]
    pub(crate) fn history(&self, id: u64) -> Vec<Value> {
        let page = self.get(&format!("/rollouts/{id}/history?limit=1000"));
        assert!(page["next"].is_null(), "more than a page of history: {page:#}");
        page["items"].as_array().expect("a page has items").clone()
    }

    /// The events of a rollout's journal that led from one stage to another: `canary>ramp`.
    #[track_caller]
    pub(crate) fn path_taken(&self, id: u64) -> Vec<String> {
        let step = |row: &Value| {
            let (from, to) = (row["entry"]["from"].as_str()?, row["entry"]["to"].as_str()?);
            (from != to).then(|| format!("{from}>{to}"))
        };
        self.history(id).iter().filter_map(step).collect()
    }

    /// The version the endpoint answers with outside a rollout.
    #[track_caller]
    pub(crate) fn serving_version(&self) -> String {
        let endpoint = self.get("/endpoints/digits");
        endpoint["serving"].as_str().unwrap_or("none").to_owned()
    }

    /// At least so many of a rollout's verdicts are told by its journal, and each derives again from it.
    #[track_caller]
    pub(crate) fn assert_verdicts_derive_again(&self, id: u64, least: usize) {
        let replay = self.cli(&["audit", "replay", &id.to_string(), "-o", "json"]).expect(0).json();
        let verdicts = replay["verdicts"].as_array().expect("a list");
        assert!(verdicts.len() >= least, "{replay:#}");
        assert!(verdicts.iter().all(|verdict| verdict["outcome"] == "agrees"), "{replay:#}");
    }

    /// The journal is what was written.
    #[track_caller]
    pub(crate) fn assert_journal_verifies(&self) {
        let chain = self.cli(&["audit", "--verify", "-o", "json"]).expect(0).json();
        assert_eq!(chain["verified"], true, "{chain:#}");
    }
}

/// A rollout's overlays.
fn overlays(rollout: &Value) -> Vec<&str> {
    rollout["overlays"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
