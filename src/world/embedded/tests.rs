//! Tables after a restart: in force although nothing loads, and never above a latch.

use super::{Embedded, Loader};
use crate::clock;
use crate::signatures::{Keys, fixture};
use crate::tasks::Tasks;
use crate::world::{RouteOf, State, Wanted, World as _};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_domain::plan::{Kind, RequiredSignature};
use seatrial_domain::policy;
use seatrial_domain::rollout::{Desired, Mirror, Pool, Route, Wanted as Deploy};
use seatrial_domain::signing::Bundle;
use seatrial_domain::split::Salt;
use seatrial_domain::telemetry::LatchCause;
use seatrial_domain::{
    Actor, Digest, EndpointName, Epoch, RolloutId, Share, VersionNumber, VersionRef,
};
use seatrial_gateway::{Config, Counting, Gateway};
use seatrial_runtime::probe::{Child, Limits};
use seatrial_store::{Options, Store, signatures, versions};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

fn endpoint() -> EndpointName {
    "digits".parse().unwrap()
}

/// Versions that are in no store: whatever loads them fails, and is settled.
fn version(number: u64) -> VersionRef {
    let digest = Digest::of(&number.to_le_bytes());
    VersionRef { model: "digits".parse().unwrap(), number: VersionNumber(number), digest }
}

fn half(epoch: u64) -> Wanted {
    let yaml = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: standard}\n\
                spec: {endpoint: digits}\n";
    let plan = policy::parse(yaml).unwrap().plan(Kind::Promote, &endpoint()).unwrap();
    let deploy = |number| Deploy { version: version(number), sessions: 1, pool: Pool::Live };
    let route = Route {
        epoch: Epoch(epoch),
        incumbent: Some(version(1)),
        candidate: Some(version(2)),
        share: Share::new(5000).unwrap(),
        gate: None,
        mirror: Mirror::Off,
        pinned: Vec::new(),
    };
    Wanted {
        endpoint: endpoint(),
        settings: Settings::of("digits".parse().unwrap()),
        desired: Desired { deployments: vec![deploy(1), deploy(2)], route },
        rollout: Some(RouteOf {
            id: RolloutId(1),
            kind: Kind::Promote,
            salt: Salt(1),
            counting: Counting::default(),
            routing: plan.routing,
            guardrails: Vec::new(),
            watches: Vec::new(),
            slices: Vec::new(),
            shadow: None,
        }),
        private: Vec::new(),
        signed: None,
        progress_deadline: Duration::from_secs(10),
        warmup: 0,
        probe_every: None,
    }
}

struct Process {
    world: Embedded,
    gateway: Gateway,
    changed: Arc<Notify>,
}

async fn process(dir: &Path) -> Process {
    process_trusting(dir, Keys::default()).await
}

async fn process_trusting(dir: &Path, keys: Keys) -> Process {
    let store = Store::open(dir, Options::default()).await.unwrap();
    let latch_file = Some(dir.join("latches"));
    let gateway = Gateway::new(Config { latch_file, ..Config::new(1, clock::now) }).unwrap();
    let limits = Limits { memory_bytes: 1 << 20, timeout: Duration::from_secs(1) };
    let child = Child { program: "/none".into(), library: "/none".into(), limits };
    let changed = Arc::new(Notify::new());
    let world = Embedded::new(
        gateway.clone(),
        store,
        Loader::new(child).trusting(keys),
        Tasks::default(),
        Arc::clone(&changed),
    );
    Process { world, gateway, changed }
}

impl Process {
    async fn until_in_force(&self, wanted: &Wanted) {
        self.world.enforce(wanted);
        while self.world.observe(&endpoint()).acknowledged.is_none() {
            self.changed.notified().await;
            self.world.enforce(wanted);
        }
    }
}

#[tokio::test]
async fn the_table_that_a_latch_holds_over_goes_in_force_again() {
    let dir = tempfile::tempdir().unwrap();
    let before = process(dir.path()).await;
    before.until_in_force(&half(3)).await;
    before.world.zero(&endpoint(), LatchCause::Operator);
    before.world.inner.store.close().await;
    drop(before);
    let after = process(dir.path()).await;

    after.until_in_force(&half(3)).await;

    assert!(after.gateway.latch(&endpoint()).is_some(), "and the latch with it");
    // A raise that was stored beneath it clears nothing before it is explained.
    after.world.enforce(&half(4));
    assert_eq!(after.world.observe(&endpoint()).acknowledged, Some(Epoch(3)));
    assert!(after.gateway.latch(&endpoint()).is_some());
}

#[tokio::test]
async fn share_zero_ordered_before_any_table_is_in_force_holds_over_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let process = process(dir.path()).await;
    process.world.enforce(&half(3));
    process.world.zero(&endpoint(), LatchCause::Operator);

    process.until_in_force(&half(3)).await;

    assert!(process.gateway.latch(&endpoint()).is_some());
}

/// Versions that are stored, and whose loads fail only when their file is tried: there is no child.
async fn stored(store: &Store) -> [VersionRef; 2] {
    let mut stored = Vec::new();
    for content in ["one", "two"] {
        let blob = store.blobs().store(content.as_bytes(), 1 << 20).await.unwrap();
        let path = "model.onnx".parse().unwrap();
        let file = File { path, digest: blob.digest, size: blob.size };
        let new = versions::New {
            model: "digits".parse().unwrap(),
            manifest: Manifest::new(ArtifactType::Model, vec![file]).unwrap(),
            signature: Default::default(),
            flavors: Default::default(),
            tags: Default::default(),
            aliases: Vec::new(),
            source: None,
            lineage: Default::default(),
            actor: Actor::Seatrial,
            now: clock::now(),
        };
        let version = store.register_version(&new).await.unwrap().into_version();
        stored.push(version.reference);
    }
    stored.try_into().unwrap()
}

/// What became of the loads of the incumbent and of a candidate that must be signed, where the
/// server knows this key by the name, and the candidate is signed by `throwaway`.
async fn loads_with(known: Option<&str>, pinned: &str) -> [String; 2] {
    let dir = tempfile::tempdir().unwrap();
    let known = known.map(fixture);
    let named = known.iter().map(|key| ("release", key.public())).collect::<Vec<_>>();
    let process = process_trusting(dir.path(), Keys::of(&named)).await;
    let store = &process.world.inner.store;
    let [incumbent, candidate] = stored(store).await;
    let key = (&candidate.model, candidate.number);
    let manifest = store.version(key.0, key.1).await.unwrap().manifest;
    let bundle = Bundle::sign("digits", &manifest, &fixture("throwaway")).unwrap();
    let new = signatures::New { bundle, most: 1 };
    store.sign_version(key, &new, (&Actor::Seatrial, clock::now())).await.unwrap();
    let mut wanted = half(3);
    let asked = RequiredSignature {
        key: "release".to_owned(),
        id: Some(fixture(pinned).public().id().clone()),
    };
    wanted.desired.deployments[0].version = incumbent.clone();
    wanted.desired.deployments[1].version = candidate.clone();
    wanted.desired.route.incumbent = Some(incumbent.clone());
    wanted.desired.route.candidate = Some(candidate.clone());
    wanted.signed = Some((candidate.clone(), asked));
    process.until_in_force(&wanted).await;
    let observed = process.world.observe(&endpoint());
    [incumbent, candidate].map(|version| match &observed.deployment(&version).unwrap().state {
        State::Failed { why } => why.clone(),
        State::Loading | State::Ready { .. } => panic!("no child could try it"),
    })
}

#[tokio::test]
async fn a_candidate_is_loaded_only_if_its_plans_key_signed_it_and_the_incumbent_in_any_case() {
    // Past the signature, a load gets as far as the child that is not there.
    let [incumbent, candidate] = loads_with(Some("throwaway"), "throwaway").await;
    assert!(!candidate.contains("signature") && !incumbent.contains("signature"), "{candidate}");
    let cases = [
        (None, "throwaway", "not in this server's configuration"),
        (Some("other"), "throwaway", "another one now"),
        (Some("other"), "other", "not signed by key release"),
    ];
    for (known, pinned, why) in cases {
        let [incumbent, candidate] = loads_with(known, pinned).await;
        assert!(candidate.contains("signature") && candidate.contains(why), "{candidate}");
        assert!(!incumbent.contains("signature"), "{incumbent}");
    }
}
