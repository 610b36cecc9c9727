//! A store in a temporary directory, and the things tests put into it.

use crate::blobs::{self, Place, s3};
use crate::gc::Order;
use crate::rollouts::{Commit, CommitError, Committed, Draft, Stored};
use crate::versions::{New, Version};
use crate::{Options, Store};
use object_store::{ObjectStore, ObjectStoreExt as _};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::lineage::Lineage;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_domain::mlmodel::Flavors;
use seatrial_domain::plan::{Kind, Plan};
use seatrial_domain::policy;
use seatrial_domain::rollout::{Bootstrap, Event, Transition};
use seatrial_domain::split::Salt;
use seatrial_domain::tensor::{DataType, Signature, TensorSpec};
use seatrial_domain::{Actor, EndpointName, ModelName, Timestamp, VersionRef};
use std::path::Path;
use std::sync::Arc;
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

/// A store whose blobs are in an object store of this kind.
pub(super) async fn remote(limits: s3::Limits) -> Fixture {
    let place = match bucket() {
        Some(settings) => Place::S3(Box::new(s3::Settings { limits, ..settings })),
        None => Place::Memory(Arc::default(), limits),
    };
    let blobs = blobs::Options { place, ..blobs::Options::default() };
    fixture_with(Options { blobs, ..Options::default() }).await
}

/// A fresh place on the S3 server that `SEATRIAL_TEST_S3` names, if any does; it has the bucket
/// `conformance`, and lets everybody in.
#[expect(clippy::disallowed_methods, reason = "says which server to test against")]
fn bucket() -> Option<s3::Settings> {
    let text = |text: &str| text.to_owned();
    Some(s3::Settings {
        bucket: text("conformance"),
        prefix: format!("{:032x}", rand::random::<u128>()),
        endpoint: Some(std::env::var("SEATRIAL_TEST_S3").ok()?),
        region: text("us-east-1"),
        transport: s3::Transport::Plain,
        credentials: s3::Credentials {
            access_key_id: text("key"),
            secret_access_key: text("secret"),
            session_token: None,
        },
        limits: s3::Limits::default(),
    })
}

impl Fixture {
    /// Closes the store and opens it again, as a restart does.
    pub(super) async fn reopened(self) -> Self {
        let options = self.store.inner.options.clone();
        self.reopened_with(options).await
    }

    /// As [`Fixture::reopened`], with other limits.
    pub(super) async fn reopened_with(self, options: Options) -> Self {
        self.store.close().await;
        drop(self.store);
        let store = Store::open(self.dir.path(), options).await.unwrap();
        Self { store, dir: self.dir }
    }

    /// Puts other bytes where the object store has a blob, as bit rot does.
    pub(super) async fn overwrite_stored(&self, digest: &seatrial_domain::Digest, bytes: &[u8]) {
        let (store, key) = self.object(digest);
        store.put(&key, bytes.to_vec().into()).await.unwrap();
    }

    /// Takes a blob out of the object store behind the server's back.
    pub(super) async fn delete_stored(&self, digest: &seatrial_domain::Digest) {
        let (store, key) = self.object(digest);
        store.delete(&key).await.unwrap();
    }

    fn object(
        &self,
        digest: &seatrial_domain::Digest,
    ) -> (Arc<dyn ObjectStore>, object_store::path::Path) {
        let (store, prefix): (Arc<dyn ObjectStore>, _) = match &self.store.inner.options.blobs.place
        {
            Place::Memory(store, _) => (Arc::clone(store) as _, "test"),
            Place::S3(settings) => (settings.connect().unwrap(), settings.prefix.as_str()),
            Place::Local => panic!("this store is no object store"),
        };
        (store, object_store::path::Path::from(format!("{prefix}/blobs/sha256/{}", digest.hex())))
    }

    pub(super) fn blob_path(&self, digest: &seatrial_domain::Digest) -> std::path::PathBuf {
        self.dir.path().join("blobs/sha256").join(digest.hex())
    }
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

/// Later than any blob of a test was stored.
pub(super) fn late() -> Timestamp {
    Timestamp::from_micros(i64::MAX)
}

/// Sweeps without any grace. Gives how many blobs went.
pub(super) async fn swept(store: &Store) -> u64 {
    let actor = ada();
    let order = order(&actor);
    store.collect_garbage(&order).await.unwrap().removed.blobs
}

/// Everything that is garbage, in turns of two.
pub(super) fn order(actor: &Actor) -> Order<'_> {
    Order { before: late(), most: 100, turn: 2, actor, cause: "by hand", now: at(50) }
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
        flavors: Flavors::default(),
        tags: [("team".to_owned(), "vision".to_owned())].into(),
        aliases: Vec::new(),
        source: Some("a test".to_owned()),
        lineage: Lineage::default(),
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
