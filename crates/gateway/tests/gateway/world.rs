//! A gateway on a free port, and tables for it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use seatrial_domain::evidence::{GateCounts, GateIndex, GateStratum, ShadowCounts};
use seatrial_domain::plan::{
    Compare, CompareBy, Effect, Fallback, Guardrail, KeySource, Kind, MatchRule, NoiseFloor,
    OnDivergence, Routing, Shadow, ShadowSlice, Sharing,
};
use seatrial_domain::split::{Arm, Salt};
use seatrial_domain::telemetry::Telemetry;
use seatrial_domain::{
    Digest, EndpointName, Epoch, ModelName, RolloutId, Share, Timestamp, VersionNumber, VersionRef,
    endpoint,
};
use seatrial_gateway::{Config, Counting, Gateway, RolloutRoute, RouteTable, Target};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::double::{Double, Script};
use crate::http::Client;

pub(crate) const ROLLOUT: RolloutId = RolloutId(1);
pub(crate) const GATE: GateIndex = GateIndex(0);
const DRAIN: Duration = Duration::from_secs(20);

/// A served gateway; dropped, it is shut down.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) client: Client,
    pub(crate) shutdown: CancellationToken,
    pub(crate) served: TaskTracker,
    pub(crate) incumbent: Arc<Double>,
    pub(crate) candidate: Arc<Double>,
    told: RefCell<Told>,
}

/// Counters as they were flushed last.
#[derive(Debug, Default)]
struct Told {
    gates: BTreeMap<(RolloutId, GateStratum), GateCounts>,
    shadow: BTreeMap<RolloutId, ShadowCounts>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) fn config() -> Config {
    Config::new(0xb007, || Timestamp::from_micros(1_000_000))
}

pub(crate) fn digits() -> EndpointName {
    EndpointName::new("digits").unwrap()
}

pub(crate) fn share(basis_points: u16) -> Share {
    Share::new(basis_points).unwrap()
}

impl World {
    /// The incumbent answers 1, the candidate 2.
    pub(crate) async fn new(config: Config) -> Self {
        let gateway = Gateway::new(config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client(listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let served = TaskTracker::new();
        served.spawn(gateway.clone().serve(listener, shutdown.clone(), DRAIN));
        served.close();
        let incumbent = Double::new(Script::Answer(1));
        let candidate = Double::new(Script::Answer(2));
        let told = RefCell::default();
        Self { gateway, client, shutdown, served, incumbent, candidate, told }
    }

    /// A world with this table in force.
    pub(crate) async fn with(edit: impl FnOnce(&mut RouteTable)) -> Self {
        let world = Self::new(config()).await;
        world.install(1, edit);
        world
    }

    pub(crate) fn install(&self, epoch: u64, edit: impl FnOnce(&mut RouteTable)) {
        let table = self.table(epoch, edit);
        assert_eq!(self.gateway.install(table), Ok(Epoch(epoch)));
    }

    /// v1 and v2 at an even split under the first gate, changed by `edit`.
    pub(crate) fn table(&self, epoch: u64, edit: impl FnOnce(&mut RouteTable)) -> RouteTable {
        let mut table = RouteTable {
            endpoint: digits(),
            epoch: Epoch(epoch),
            settings: endpoint::Settings::of(ModelName::new("digits").unwrap()),
            incumbent: Some(target(1, &self.incumbent)),
            candidate: Some(target(2, &self.candidate)),
            pinned: Vec::new(),
            rollout: Some(rollout()),
        };
        edit(&mut table);
        table
    }

    /// The first gate's counts since boot, over its strata.
    pub(crate) fn counts(&self) -> GateCounts {
        counts(&self.drain())
    }

    /// What is new, with the counters that were told before and did not change since.
    pub(crate) fn drain(&self) -> Telemetry {
        let mut told = self.told.borrow_mut();
        let new = self.gateway.drain_telemetry();
        told.gates.extend(new.gates.into_iter().map(|(id, of, counts)| ((id, of), counts)));
        told.shadow.extend(new.shadow);
        let gates = told.gates.iter().map(|((id, of), counts)| (*id, *of, counts.clone()));
        let shadow = told.shadow.iter().map(|(id, counts)| (*id, counts.clone()));
        Telemetry { gates: gates.collect(), shadow: shadow.collect(), ..new }
    }

    pub(crate) fn shadow(&self) -> ShadowCounts {
        let telemetry = self.drain();
        telemetry.shadow.into_iter().next().map(|(_, counts)| counts).unwrap_or_default()
    }

    /// Yields until `holds`: background work is under way and nothing else has to happen.
    pub(crate) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it comes to hold");
    }

    /// A user of this arm at this share, different for each `n`.
    pub(crate) fn user(arm: Arm, share: Share, n: usize) -> String {
        let of_arm = |name: &String| SALT.choose(share, name.as_bytes()) == arm;
        (0..).map(|i| format!("user-{i}")).filter(of_arm).nth(n).unwrap()
    }
}

pub(crate) fn counts(telemetry: &Telemetry) -> GateCounts {
    let mut sum = GateCounts::default();
    let gates = telemetry.gates.iter();
    for (_, _, counts) in gates.filter(|(id, of, _)| (*id, of.gate) == (ROLLOUT, GATE)) {
        sum.merge(counts).expect("one gateway counts on the same edges");
    }
    sum
}

pub(crate) const SALT: Salt = Salt(42);

pub(crate) fn target(number: u64, backend: &Arc<Double>) -> Target {
    let version = VersionRef {
        model: ModelName::new("digits").unwrap(),
        number: VersionNumber(number),
        digest: Digest::of(&number.to_le_bytes()),
    };
    let backend = Arc::clone(backend);
    Target { version, backend }
}

fn rollout() -> RolloutRoute {
    RolloutRoute {
        id: ROLLOUT,
        kind: Kind::Promote,
        gate: Some(GATE),
        share: share(5000),
        salt: SALT,
        counting: Counting::default(),
        routing: Routing {
            key: vec![
                KeySource::Header("x-user-id".into()),
                KeySource::Parameter("entity_id".into()),
            ],
            rules: vec![MatchRule {
                header: "x-tester".into(),
                value: "yes".into(),
                to: Arm::Candidate,
            }],
            ack_timeout: Duration::from_secs(30),
            fallback: Fallback::Incumbent,
        },
        guardrails: vec![Guardrail::ConsecutiveErrors { limit: 20 }],
        slices: Vec::new(),
        watches: Vec::new(),
        shadow: None,
    }
}

/// Changes the table's rollout.
pub(crate) fn route(edit: impl FnOnce(&mut RolloutRoute)) -> impl FnOnce(&mut RouteTable) {
    move |table| edit(table.rollout.as_mut().unwrap())
}

pub(crate) fn shadow() -> Shadow {
    Shadow {
        sharing: Sharing::None,
        mirror: Share::FULL,
        max_in_flight: 4,
        queue_bytes: 1 << 20,
        noise_floor: NoiseFloor::Incumbent,
        compare: vec![Compare {
            output: "*".into(),
            by: CompareBy::Class { max_disagreement: 0.25 },
        }],
        slices: vec![ShadowSlice {
            key: KeySource::Header("client".into()),
            max_disagreement: None,
        }],
        min_duration: Duration::ZERO,
        min_requests: 0,
        max_duration: Duration::ZERO,
        on_fail: OnDivergence::Pause,
        latency: Effect::Warns,
        labels: None,
    }
}
