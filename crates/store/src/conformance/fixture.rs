//! A store in a temporary directory, and the things tests put into it.

use crate::rollouts::{Commit, CommitError, Committed, Draft, Stored};
use crate::versions::{New, Version};
use crate::{Options, Store};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_domain::plan::{Kind, Plan};
use seatrial_domain::policy;
use seatrial_domain::rollout::{Bootstrap, Event, Transition};
use seatrial_domain::split::Salt;
use seatrial_domain::tensor::{DataType, Signature, TensorSpec};
use seatrial_domain::{Actor, EndpointName, ModelName, Timestamp, VersionRef};
use std::path::Path;
use tempfile::TempDir;

/// The directory lives as long as the store.
pub(super) struct Fixture {
    pub(super) store: Store,
    pub(super) dir: TempDir,
}

pub(super) async fn fixture() -> Fixture {
    fixture_with(Options::default()).await
}

pub(super) async fn fixture_with(options: Options) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options).await.unwrap();
    Fixture { store, dir }
}

impl Fixture {
    /// Closes the store and opens it again, as a restart does.
    pub(super) async fn reopened(self) -> Self {
        let options = self.store.inner.options.clone();
        self.store.close().await;
        drop(self.store);
        let store = Store::open(self.dir.path(), options).await.unwrap();
        Self { store, dir: self.dir }
    }

    pub(super) fn blob_path(&self, digest: &seatrial_domain::Digest) -> std::path::PathBuf {
        self.dir.path().join("blobs/sha256").join(digest.hex())
    }
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

pub(super) fn ada() -> Actor {
    Actor::Unverified("ada".to_owned())
}

pub(super) fn model() -> ModelName {
    "digits".parse().unwrap()
}

pub(super) fn endpoint() -> EndpointName {
    "digits".parse().unwrap()
}

pub(super) fn signature() -> Signature {
    let spec =
        |name: &str, datatype| TensorSpec { name: name.to_owned(), datatype, shape: vec![-1] };
    Signature { inputs: vec![spec("x", DataType::Fp32)], outputs: vec![spec("y", DataType::Int64)] }
}

/// A version of one file with this content, its blob stored.
pub(super) async fn new_version(store: &Store, content: &[u8]) -> New {
    let blob = store.blobs().store(content, 1 << 20).await.unwrap();
    let path = "model.onnx".parse().unwrap();
    let file = File { path, digest: blob.digest, size: blob.size };
    New {
        model: model(),
        manifest: Manifest::new(ArtifactType::Model, vec![file]).unwrap(),
        signature: signature(),
        tags: [("team".to_owned(), "vision".to_owned())].into(),
        aliases: Vec::new(),
        source: Some("a test".to_owned()),
        actor: ada(),
        now: at(1),
    }
}

pub(super) async fn version(store: &Store, content: &[u8]) -> Version {
    let new = new_version(store, content).await;
    store.register_version(&new).await.unwrap().into_version()
}

pub(super) fn plan(kind: Kind) -> Plan {
    let yaml = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: standard}\n\
                spec: {endpoint: digits}\n";
    policy::parse(yaml).unwrap().plan(kind, &endpoint()).unwrap()
}

/// The endpoint, and a rollout of `candidate` in its queue.
pub(super) async fn queued(store: &Store, candidate: &VersionRef) -> Stored {
    let settings = Settings::of(model());
    store.set_endpoint(&endpoint(), &settings, &ada(), at(2)).await.unwrap();
    let draft = Draft {
        endpoint: endpoint(),
        candidate: candidate.clone(),
        plan: plan(Kind::First),
        salt: Salt(7),
        settings,
        bootstrap: Bootstrap::Approved,
        actor: ada(),
        cause: "started by hand".to_owned(),
        now: at(3),
    };
    store.create_rollout(draft).await.unwrap()
}

pub(super) async fn turn(store: &Store) -> Event {
    let serving = store.endpoint(&endpoint()).await.unwrap().unwrap().serving;
    let kind = if serving.is_some() { Kind::Promote } else { Kind::First };
    Event::Turn {
        epoch: store.epoch().await.unwrap(),
        incumbent: serving,
        plan: Box::new(plan(kind)),
    }
}

pub(super) async fn commit(
    store: &Store,
    from: &Stored,
    transition: &Transition,
    now: Timestamp,
) -> Result<Committed, CommitError> {
    let (expected, actor) = (from.revision, ada());
    store.commit(Commit { transition, expected, actor: &actor, evidence: None, now }).await
}

/// Decides on what is stored and commits it.
pub(super) async fn happens(store: &Store, from: &Stored, event: &Event, now: Timestamp) -> Stored {
    let transition = from.rollout.on(event, now).unwrap();
    commit(store, from, &transition, now).await.unwrap().stored
}

/// Brings a first version live: its rollout in `stabilizing`.
pub(super) async fn live(store: &Store, candidate: &VersionRef) -> Stored {
    let mut rollout = queued(store, candidate).await;
    let turn = turn(store).await;
    let validated = Event::Validated { summary: "12/12".to_owned() };
    for event in [turn, Event::Staged, validated, Event::Tick] {
        rollout = happens(store, &rollout, &event, at(10)).await;
    }
    rollout
}

/// Runs SQL beside the store, as somebody with the file could.
pub(super) async fn tamper(dir: &Path, sql: impl Into<String>) {
    use sqlx::ConnectOptions;
    // A test's own text.
    let sql = sqlx::AssertSqlSafe(sql.into());
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.join("seatrial.db"));
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}
