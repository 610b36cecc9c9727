//! What was lost with the process before this one, when the store takes nothing at first.

use super::bench::{Bench, endpoint};
use crate::clock;
use crate::driver::telemetry::Flushed;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::{ArmCount, GateIndex};
use seatrial_domain::plan::{Fallback, Kind, Routing};
use seatrial_domain::split::Salt;
use seatrial_domain::telemetry::Telemetry;
use seatrial_domain::tensor::{DataType, Signature, Tensor, TensorSpec};
use seatrial_domain::{
    Digest, Epoch, ModelName, RolloutId, Share, Timestamp, VersionNumber, VersionRef,
};
use seatrial_gateway::{Config, Counting, Gateway, RolloutRoute, RouteTable, Target};
use seatrial_runtime::{Backend, infer};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const ROLLOUT: RolloutId = RolloutId(1);

/// Never answers.
#[derive(Debug)]
struct Silent(Signature);

impl Backend for Silent {
    fn signature(&self) -> &Signature {
        &self.0
    }

    fn ready(&self) -> bool {
        true
    }

    fn sessions(&self) -> usize {
        1
    }

    fn infer(
        &self,
        _inputs: Vec<Tensor>,
        _deadline: Instant,
    ) -> BoxFuture<'_, Result<Vec<Tensor>, infer::Error>> {
        std::future::pending().boxed()
    }
}

fn target(number: u64) -> Target {
    let x = TensorSpec { name: "x".to_owned(), datatype: DataType::Fp32, shape: vec![1] };
    let version = VersionRef {
        model: "digits".parse().unwrap(),
        number: VersionNumber(number),
        digest: Digest::of(&number.to_le_bytes()),
    };
    let signature = Signature { inputs: vec![x], outputs: Vec::new() };
    Target { version, backend: Arc::new(Silent(signature)) }
}

/// An even split under a gate.
fn table() -> RouteTable {
    let rollout = RolloutRoute {
        id: ROLLOUT,
        kind: Kind::Promote,
        gate: Some(GateIndex(0)),
        share: Share::new(5_000).unwrap(),
        salt: Salt(42),
        counting: Counting::default(),
        routing: Routing {
            key: Vec::new(),
            rules: Vec::new(),
            ack_timeout: Duration::from_secs(30),
            fallback: Fallback::Off,
        },
        guardrails: Vec::new(),
        slices: Vec::new(),
        watches: Vec::new(),
        shadow: None,
    };
    RouteTable {
        endpoint: endpoint(),
        epoch: Epoch(1),
        settings: Settings::of(ModelName::new("digits").unwrap()),
        incumbent: Some(target(1)),
        candidate: Some(target(2)),
        pinned: Vec::new(),
        rollout: Some(rollout),
    }
}

fn gateway(dir: &Path, boot: u64) -> Gateway {
    let mark_file = Some(dir.join("marks"));
    Gateway::new(Config { mark_file, ..Config::new(boot, clock::now) }).unwrap()
}

/// A gateway after one that was killed with a request under way.
async fn after_a_kill(dir: &Path) -> Gateway {
    let killed = gateway(dir, 1);
    killed.install(table()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let stop = CancellationToken::new();
    let served = killed.clone().serve(listener, stop, Duration::ZERO);
    let body = r#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}"#;
    let request = format!(
        "POST /v2/models/digits/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let under_way = || [1, 2].iter().map(|n| killed.in_flight(&endpoint(), VersionNumber(*n)));
    let waiting = async {
        while under_way().sum::<u64>() == 0 {
            tokio::task::yield_now().await;
        }
        gateway(dir, 2)
    };
    tokio::select! {
        () = served => panic!("nobody told it to stop"),
        next = tokio::time::timeout(Duration::from_secs(20), waiting) => next.unwrap(),
    }
}

async fn lost(bench: &Bench) -> u64 {
    let evidence = bench.store.evidence(ROLLOUT).await.unwrap();
    let ArmCount { candidate, incumbent } =
        evidence.gates.values().map(|counts| counts.lost).next().unwrap_or_default();
    candidate + incumbent
}

#[tokio::test]
async fn what_was_lost_is_kept_until_the_store_takes_it() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::of(after_a_kill(dir.path()).await).await;
    bench.store.close().await;
    assert!(bench.driver.recover(None).await.is_err());
    assert_eq!(bench.driver.flush().await, Flushed::Nothing);
    assert!(bench.driver.owes(&Telemetry::default()), "it is tried again, though nobody asks");
    assert_eq!(gateway(dir.path(), 3).lost(), bench.gateway.lost(), "by whoever comes next");

    let bench = bench.reopened().await;
    assert_eq!(lost(&bench).await, 0);
    assert_eq!(bench.driver.flush().await, Flushed::All);

    assert_eq!(lost(&bench).await, 1);
    assert!(!bench.driver.owes(&Telemetry::default()));
    assert_eq!(gateway(dir.path(), 3).lost(), []);
}

/// Killed between the store's answer and the end of the marks, a process leaves them to the next.
#[tokio::test]
async fn what_was_lost_is_counted_once_however_often_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::of(after_a_kill(dir.path()).await).await;
    for told in bench.gateway.lost() {
        bench.store.flush(told).await.unwrap();
    }
    bench.driver.recover(Some(Timestamp::from_micros(0))).await.unwrap();
    assert_eq!(lost(&bench).await, 1);
    assert_eq!(bench.gateway.lost(), []);
}
