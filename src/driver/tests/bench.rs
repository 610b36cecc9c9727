//! A driver that nobody drives: tests take its steps.

use super::fake::Fake;
use crate::clock;
use crate::driver::command::{Retry, Start, Started, Stored};
use crate::driver::{Driver, Parts};
use crate::signatures::{Keys, Signatures};
use crate::tasks::Tasks;
use seatrial_domain::endpoint::Settings;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_domain::mlmodel::Flavors;
use seatrial_domain::rollout::{Bootstrap, Cause, Effect, Entry, Rollout, Transition};
use seatrial_domain::tensor::Signature;
use seatrial_domain::{Actor, EndpointName, VersionRef};
use seatrial_gateway::{Config, Gateway};
use seatrial_store::rollouts::Commit;
use seatrial_store::{Options, Store, policies, versions};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Notify;

/// Rollouts that may wait.
pub(super) const QUEUE_MAX: u32 = 3;

pub(super) struct Bench {
    pub(super) driver: Arc<Driver>,
    pub(super) world: Arc<Fake>,
    pub(super) store: Store,
    pub(super) gateway: Gateway,
    dir: TempDir,
}

pub(super) fn endpoint() -> EndpointName {
    "digits".parse().unwrap()
}

/// The next attempt, asked for by Ada.
pub(super) fn again(override_quarantine: Option<&str>) -> Retry {
    let override_quarantine = override_quarantine.map(str::to_owned);
    Retry { override_quarantine, cause: "again".to_owned(), actor: ada() }
}

pub(super) fn ada() -> Actor {
    Actor::Unverified("ada".to_owned())
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(super) async fn with(options: Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), options).await;
        Self::on(store, dir)
    }

    fn on(store: Store, dir: TempDir) -> Self {
        Self::trusting(Keys::default(), store, dir)
    }

    fn trusting(keys: Keys, store: Store, dir: TempDir) -> Self {
        Self::behind(Gateway::new(Config::new(1, clock::now)).unwrap(), keys, store, dir)
    }

    fn behind(gateway: Gateway, keys: Keys, store: Store, dir: TempDir) -> Self {
        let world = Arc::new(Fake::default());
        let driver = Driver::new(Parts {
            store: store.clone(),
            gateway: gateway.clone(),
            world: Arc::<Fake>::clone(&world),
            tasks: Tasks::default(),
            changed: Arc::new(Notify::new()),
            commands: BTreeMap::new(),
            signatures: Signatures::new(store.clone(), keys),
            queue_max: QUEUE_MAX,
            gc: crate::config::Gc::default(),
        });
        Self { driver, world, store, gateway, dir }
    }

    /// Behind this gateway, on data of its own.
    pub(super) async fn of(gateway: Gateway) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), Options::default()).await;
        Self::behind(gateway, Keys::default(), store, dir)
    }

    /// The same gateway, when a store that was closed takes something again.
    pub(super) async fn reopened(self) -> Self {
        let Self { driver, world, store, gateway, dir } = self;
        drop((driver, world, store));
        let store = open(dir.path(), Options::default()).await;
        Self::behind(gateway, Keys::default(), store, dir)
    }

    /// Another process on the same data.
    pub(super) async fn restarted(self, options: Options) -> Self {
        self.restarted_with(Keys::default(), options).await
    }

    /// As [`Bench::restarted`], with these keys in its configuration.
    pub(super) async fn restarted_with(self, keys: Keys, options: Options) -> Self {
        let Self { driver, world, store, gateway, dir } = self;
        store.close().await;
        drop((driver, world, gateway, store));
        let store = open(dir.path(), options).await;
        Self::trusting(keys, store, dir)
    }

    /// The model's version of this content.
    pub(super) async fn version(&self, content: &str) -> VersionRef {
        let blob = self.store.blobs().store(content.as_bytes(), 1 << 20).await.unwrap();
        let path = "model.onnx".parse().unwrap();
        let file = File { path, digest: blob.digest, size: blob.size };
        let new = versions::New {
            model: "digits".parse().unwrap(),
            manifest: Manifest::new(ArtifactType::Model, vec![file]).unwrap(),
            signature: Signature::default(),
            flavors: Flavors::default(),
            tags: BTreeMap::new(),
            aliases: Vec::new(),
            source: None,
            lineage: seatrial_domain::lineage::Lineage::default(),
            actor: ada(),
            now: clock::now(),
        };
        self.store.register_version(&new).await.unwrap().into_version().reference
    }

    pub(super) async fn apply(&self, spec: &str) {
        let yaml = format!(
            "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: mine}}\n\
             spec: {{endpoint: digits, {spec}}}\n"
        );
        let new = policies::New {
            name: "mine".to_owned(),
            endpoint: endpoint(),
            yaml,
            actor: ada(),
            now: clock::now(),
        };
        self.store.apply_policy(&new).await.unwrap();
    }

    pub(super) async fn try_start(
        &self,
        version: &VersionRef,
    ) -> Result<Started, crate::driver::command::Error> {
        let start = Start {
            endpoint: None,
            model: version.model.clone(),
            version: version.number,
            policy: None,
            bootstrap: Bootstrap::Ask,
            override_quarantine: None,
            cause: "started".to_owned(),
            actor: ada(),
        };
        self.driver.start(start).await
    }

    pub(super) async fn start(&self, version: &VersionRef) -> Stored {
        match self.try_start(version).await.unwrap() {
            Started::Rollout(stored) => *stored,
            Started::SameArtifact { .. } => panic!("it is served already"),
        }
    }

    /// A rollout of v2 against v1, in this stage.
    pub(super) async fn voyage(&self, change: impl FnOnce(&mut Rollout)) -> Stored {
        let (one, two) = (self.version("one").await, self.version("two").await);
        let first = self.start(&one).await;
        let serving = Effect::Serving { version: Some(one), alias: "champion".to_owned() };
        let over = |rollout: &mut Rollout| {
            rollout.stage = seatrial_domain::rollout::Stage::Completed;
            rollout.ended_at = Some(clock::now());
        };
        self.put(&first, over, vec![serving]).await;
        let second = self.start(&two).await;
        self.put(&second, change, Vec::new()).await
    }

    /// Stores that the rollout is otherwise, and what goes with it.
    pub(super) async fn put(
        &self,
        before: &Stored,
        change: impl FnOnce(&mut Rollout),
        effects: Vec<Effect>,
    ) -> Stored {
        let cause = Cause::Said { text: "a test".to_owned() };
        self.put_because(before, change, (cause, effects)).await
    }

    pub(super) async fn put_because(
        &self,
        before: &Stored,
        change: impl FnOnce(&mut Rollout),
        (cause, effects): (Cause, Vec<Effect>),
    ) -> Stored {
        let before = self.stored(before).await;
        let mut next = before.rollout.clone();
        change(&mut next);
        next.epoch = next.epoch.next();
        let journal = Entry {
            event: "put".to_owned(),
            from: before.rollout.stage.name(),
            to: next.stage.name(),
            overlays: Vec::new(),
            share: next.share(),
            epoch: next.epoch,
            cause,
            effects,
        };
        let transition = Transition { next, journal };
        let (actor, now) = (ada(), clock::now());
        let expected = before.revision;
        let commit =
            Commit { transition: &transition, expected, actor: &actor, evidence: None, now };
        let stored = self.store.commit(commit).await.unwrap().stored;
        let cell = self.driver.cell(&before.rollout.endpoint);
        let mut state = cell.state.lock().await;
        state.known = None;
        self.driver.known(&cell, &mut state).await.unwrap();
        stored
    }

    pub(super) async fn stored(&self, of: &Stored) -> Stored {
        self.store.rollout(of.rollout.id).await.unwrap().unwrap()
    }

    pub(super) async fn step(&self) -> anyhow::Result<()> {
        self.driver.step(&self.driver.cell(&endpoint())).await
    }

    /// Writes until the store takes nothing more.
    pub(super) async fn fill(&self) {
        for bytes in [64 << 10, 1 << 10, 16] {
            while self.grow(bytes).await.is_ok() {}
        }
        // The journal's last page as well.
        let mut settings = Settings::of("filler".parse().unwrap());
        let name = "filler".parse().unwrap();
        loop {
            settings.max_body += 1;
            let grown = self.store.set_endpoint(&name, &settings, &ada(), clock::now()).await;
            if grown.is_err() {
                return;
            }
        }
    }

    async fn grow(&self, bytes: usize) -> Result<(), seatrial_store::storage::Error> {
        let new = policies::New {
            name: "filler".to_owned(),
            endpoint: endpoint(),
            yaml: format!("{}{}", rand::random::<u64>(), "x".repeat(bytes)),
            actor: ada(),
            now: clock::now(),
        };
        self.store.apply_policy(&new).await.map(drop)
    }
}

async fn open(dir: &Path, options: Options) -> Store {
    Store::open(dir, Options { busy_timeout: Duration::from_millis(50), ..options }).await.unwrap()
}
