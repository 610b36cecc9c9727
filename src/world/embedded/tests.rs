//! Tables after a restart: in force although nothing loads, and never above a latch.

use super::{Embedded, Loader};
use crate::clock;
use crate::tasks::Tasks;
use crate::world::{RouteOf, Wanted, World as _};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::plan::Kind;
use seatrial_domain::policy;
use seatrial_domain::rollout::{Desired, Mirror, Pool, Route, Wanted as Deploy};
use seatrial_domain::split::Salt;
use seatrial_domain::telemetry::LatchCause;
use seatrial_domain::{Digest, EndpointName, Epoch, RolloutId, Share, VersionNumber, VersionRef};
use seatrial_gateway::{Config, Gateway};
use seatrial_runtime::probe::{Child, Limits};
use seatrial_store::{Options, Store};
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
            routing: plan.routing,
            guardrails: Vec::new(),
            shadow: None,
        }),
        private: Vec::new(),
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
    let store = Store::open(dir, Options::default()).await.unwrap();
    let latch_file = Some(dir.join("latches"));
    let gateway = Gateway::new(Config { latch_file, ..Config::new(1, clock::now) }).unwrap();
    let limits = Limits { memory_bytes: 1 << 20, timeout: Duration::from_secs(1) };
    let child = Child { program: "/none".into(), library: "/none".into(), limits };
    let changed = Arc::new(Notify::new());
    let world = Embedded::new(
        gateway.clone(),
        store,
        Loader::new(child),
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
