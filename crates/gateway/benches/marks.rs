//! What it costs to mark each request that is evidence: `cargo bench -p seatrial-gateway --bench marks --
//! [PAIRS CONNECTIONS]`. Two gateways on loopback, one that marks and one that does not, take turns of a
//! second under a model that answers at once; the client shares their cores. Prints medians, and the ratio
//! within pairs of turns with its quartiles.

#![expect(clippy::print_stdout, reason = "a benchmark is its output")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and has tasks of its own"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use seatrial_domain::evidence::GateIndex;
use seatrial_domain::plan::{Fallback, Kind, Routing};
use seatrial_domain::split::Salt;
use seatrial_domain::tensor::{DataType, Signature, Tensor, TensorData, TensorSpec};
use seatrial_domain::{
    Digest, EndpointName, Epoch, ModelName, RolloutId, Share, Timestamp, VersionNumber, VersionRef,
    endpoint,
};
use seatrial_gateway::{Config, Counting, Gateway, RolloutRoute, RouteTable, Target};
use seatrial_runtime::{Backend, infer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const TURN: Duration = Duration::from_secs(1);
/// As often as the driver does.
const FLUSH_EVERY: Duration = Duration::from_millis(250);

const INPUT: &str = r#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#;

/// Answers at once.
#[derive(Debug)]
struct Ready(Signature);

impl Ready {
    fn new() -> Arc<Self> {
        let spec = |name: &str, datatype, shape: &[i64]| TensorSpec {
            name: name.to_owned(),
            datatype,
            shape: shape.to_vec(),
        };
        Arc::new(Self(Signature {
            inputs: vec![spec("x", DataType::Fp32, &[-1, 2])],
            outputs: vec![spec("label", DataType::Int64, &[-1])],
        }))
    }
}

impl Backend for Ready {
    fn signature(&self) -> &Signature {
        &self.0
    }

    fn ready(&self) -> bool {
        true
    }

    fn sessions(&self) -> usize {
        64
    }

    fn infer(
        &self,
        _inputs: Vec<Tensor>,
        _deadline: tokio::time::Instant,
    ) -> BoxFuture<'_, Result<Vec<Tensor>, infer::Error>> {
        let label = Tensor::new("label".into(), vec![1], TensorData::Int64(vec![1]));
        async move { Ok(vec![label.expect("one element")]) }.boxed()
    }
}

/// An even split under a gate: every request is evidence.
fn table() -> RouteTable {
    let model = ModelName::new("digits").expect("a name");
    let target = |number: u64| Target {
        version: VersionRef {
            model: model.clone(),
            number: VersionNumber(number),
            digest: Digest::of(&number.to_le_bytes()),
        },
        backend: Ready::new(),
    };
    RouteTable {
        endpoint: EndpointName::new("digits").expect("a name"),
        epoch: Epoch(1),
        settings: endpoint::Settings::of(model.clone()),
        incumbent: Some(target(1)),
        candidate: Some(target(2)),
        pinned: Vec::new(),
        rollout: Some(RolloutRoute {
            id: RolloutId(1),
            kind: Kind::Promote,
            gate: Some(GateIndex(0)),
            share: Share::new(5_000).expect("a half"),
            salt: Salt(42),
            counting: Counting::default(),
            routing: Routing {
                key: Vec::new(),
                rules: Vec::new(),
                ack_timeout: Duration::from_secs(30),
                fallback: Fallback::Incumbent,
            },
            guardrails: Vec::new(),
            slices: Vec::new(),
            watches: Vec::new(),
            shadow: None,
        }),
    }
}

async fn serve(config: Config) -> SocketAddr {
    let gateway = Gateway::new(config).expect("no file that could fail");
    gateway.install(table()).expect("both arms are ready");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let flushed = gateway.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(FLUSH_EVERY).await;
            drop(flushed.drain_telemetry());
        }
    });
    tokio::spawn(gateway.serve(listener, CancellationToken::new(), Duration::ZERO));
    address
}

/// What a client saw in one turn.
struct Turn {
    per_second: f64,
    p99_micros: f64,
}

async fn turn(address: SocketAddr, connections: usize) -> Turn {
    let begun = Instant::now();
    let asking: Vec<_> =
        (0..connections).map(|_| tokio::spawn(ask_until(address, begun + TURN))).collect();
    let mut micros = Vec::new();
    for one in asking {
        micros.extend(one.await.expect("a connection that lasts"));
    }
    let per_second = micros.len() as f64 / begun.elapsed().as_secs_f64();
    Turn { per_second, p99_micros: quantile(micros, 99) }
}

/// One connection, one request after the other.
async fn ask_until(address: SocketAddr, end: Instant) -> Vec<f64> {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("it is open");
    let request = format!(
        "POST /v2/models/digits/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{INPUT}",
        INPUT.len()
    );
    let (mut micros, mut answer) = (Vec::new(), vec![0; 4_096]);
    while Instant::now() < end {
        let begun = Instant::now();
        stream.write_all(request.as_bytes()).await.expect("it is open");
        // An answer is less than one segment.
        let read = stream.read(&mut answer).await.expect("it is open");
        let answered = answer.get(..read).is_some_and(|it| it.starts_with(b"HTTP/1.1 200"));
        assert!(answered, "{}", String::from_utf8_lossy(&answer));
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    micros
}

fn quantile(mut values: Vec<f64>, percent: usize) -> f64 {
    let at = values.len() * percent / 100;
    values.sort_unstable_by(f64::total_cmp);
    values.get(at).copied().expect("something was measured")
}

/// Medians of each, and the ratio within pairs.
fn tell(what: &str, pairs: &[(f64, f64)]) {
    let of =
        |part: fn(&(f64, f64)) -> f64, percent| quantile(pairs.iter().map(part).collect(), percent);
    let ratio = |percent| of(|(marked, plain)| marked / plain, percent);
    println!(
        "{what}: {:.0} with marks, {:.0} without; ratio {:.3} ({:.3} to {:.3})",
        of(|pair| pair.0, 50),
        of(|pair| pair.1, 50),
        ratio(50),
        ratio(25),
        ratio(75)
    );
}

#[tokio::main]
async fn main() {
    // Cargo adds a flag of its own.
    let mut given = std::env::args().filter_map(|argument| argument.parse().ok());
    let (pairs, connections) = (given.next().unwrap_or(30), given.next().unwrap_or(8));
    let dir = tempfile::tempdir().expect("a directory");
    let config = || Config::new(7, || Timestamp::from_micros(1_000_000));
    let marked = serve(Config { mark_file: Some(dir.path().join("marks")), ..config() }).await;
    let plain = serve(config()).await;
    let (mut rates, mut latencies) = (Vec::new(), Vec::new());
    for pair in 0..=pairs {
        // Each goes first as often as the other.
        let (first, second) = if pair % 2 == 0 { (marked, plain) } else { (plain, marked) };
        let (first, second) = (turn(first, connections).await, turn(second, connections).await);
        let (marked, plain) = if pair % 2 == 0 { (first, second) } else { (second, first) };
        // The first ones fill caches.
        if pair > 0 {
            rates.push((marked.per_second, plain.per_second));
            latencies.push((marked.p99_micros, plain.p99_micros));
        }
    }
    println!("{pairs} pairs of turns, {connections} connections");
    tell("requests a second", &rates);
    tell("p99, µs", &latencies);
}
