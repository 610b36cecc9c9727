//! A server that speaks the protocol for a model of its own, `label = a + b > 1`, and breaks one
//! promise when told to.

#![expect(clippy::wildcard_enum_match_arm, reason = "each place knows the breaches it makes")]

use super::super::Subject;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use seatrial_domain::tensor::{DataType, Signature, TensorSpec};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breach {
    None,
    /// Answers the opposite label.
    WrongLabels,
    /// One score a row where two are declared.
    Narrow,
    /// Declares another output than was sealed.
    Metadata,
    /// Answers under another name.
    Misnamed,
    /// Says that it is another version.
    Misnumbered,
    /// Counts its requests in the scores.
    Restless,
    /// The scores depend on the size of the batch.
    BatchBound,
    /// Malformed requests are its own error.
    Fragile,
    /// Stops answering after a malformed request.
    Mortal,
    /// Takes any body.
    Boundless,
    /// Is always too busy.
    Busy,
    /// Is past its deadline with more than three rows.
    Slow,
    /// Takes bodies of 400 bytes.
    Small,
    /// Turns everybody away but the first, where several are there at once.
    Lonely,
    /// Answers with other scores where several are there at once.
    Crossed,
    /// Is late where several are there at once.
    Late,
}

/// The largest body, as `Request::limits` has it in these tests.
const BODY_BYTES: usize = 64 * 1024;
pub(super) const SMALL_BYTES: usize = 400;
/// Turns that a request waits for others, so that those of one burst meet.
const TURNS: usize = 2_000;

struct Server {
    breach: Breach,
    requests: AtomicU64,
    faults: AtomicU64,
    seen: Arc<Seen>,
}

/// What a server was asked.
#[derive(Debug, Default)]
pub(super) struct Seen {
    in_flight: AtomicUsize,
    pub(super) in_flight_max: AtomicUsize,
    /// Rows of each request that was one.
    pub(super) rows: Mutex<Vec<usize>>,
}

pub(super) fn signature() -> Signature {
    let spec = |name: &str, datatype, shape: &[i64]| TensorSpec {
        name: name.to_owned(),
        datatype,
        shape: shape.to_vec(),
    };
    Signature {
        inputs: vec![spec("x", DataType::Fp32, &[-1, 2])],
        outputs: vec![
            spec("label", DataType::Int64, &[-1]),
            spec("scores", DataType::Fp32, &[-1, 2]),
        ],
    }
}

/// Runs `work` beside a server with this breach.
pub(super) async fn beside<T>(breach: Breach, work: impl AsyncFnOnce(Subject) -> T) -> T {
    watched(breach, &Arc::default(), work).await
}

/// As [`beside`], noting what the server is asked.
pub(super) async fn watched<T>(
    breach: Breach,
    seen: &Arc<Seen>,
    work: impl AsyncFnOnce(Subject) -> T,
) -> T {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (requests, faults) = (AtomicU64::new(0), AtomicU64::new(0));
    let server = Server { breach, requests, faults, seen: Arc::clone(seen) };
    let limit = match breach {
        Breach::Boundless => usize::MAX,
        Breach::Small => SMALL_BYTES,
        _ => BODY_BYTES,
    };
    let app = Router::new()
        .route("/v2/models/digits", get(metadata))
        .route("/v2/models/digits/infer", post(infer))
        .layer(DefaultBodyLimit::max(limit))
        .with_state(Arc::new(server));
    tokio::select! {
        done = work(super::subject(url, 2, signature())) => done,
        ended = axum::serve(listener, app) => panic!("the server ended: {ended:?}"),
    }
}

async fn metadata(State(server): State<Arc<Server>>) -> String {
    let mut signature = signature();
    if server.breach == Breach::Metadata {
        signature.outputs[0].datatype = DataType::Int32;
    }
    let name = if server.breach == Breach::Misnamed { "figures" } else { "digits" };
    let version = if server.breach == Breach::Misnumbered { "20" } else { "2" };
    json!({
        "name": name, "versions": [version],
        "inputs": signature.inputs, "outputs": signature.outputs,
    })
    .to_string()
}

async fn infer(State(server): State<Arc<Server>>, body: Bytes) -> (StatusCode, String) {
    let others = server.seen.in_flight.fetch_add(1, Ordering::SeqCst);
    server.seen.in_flight_max.fetch_max(others + 1, Ordering::SeqCst);
    let mut crowd = others;
    for _turn in 0..TURNS {
        crowd = crowd.max(server.seen.in_flight.load(Ordering::SeqCst) - 1);
        if crowd > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let answer = match (server.breach, crowd) {
        (Breach::Lonely, 1..) if others > 0 => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
        (Breach::Late, 1..) => (StatusCode::GATEWAY_TIMEOUT, String::new()),
        (_, crowd) => answered(&server, &body, crowd),
    };
    server.seen.in_flight.fetch_sub(1, Ordering::SeqCst);
    answer
}

fn answered(server: &Server, body: &Bytes, crowd: usize) -> (StatusCode, String) {
    let asked = server.requests.fetch_add(1, Ordering::SeqCst);
    match server.breach {
        Breach::Busy => return (StatusCode::SERVICE_UNAVAILABLE, "busy".to_owned()),
        Breach::Mortal if server.faults.load(Ordering::SeqCst) > 0 => {
            return (StatusCode::INTERNAL_SERVER_ERROR, "gone".to_owned());
        }
        _ => {}
    }
    match rows(body) {
        Some(rows) if server.breach == Breach::Slow && rows.len() > 3 => {
            (StatusCode::GATEWAY_TIMEOUT, "past its deadline".to_owned())
        }
        Some(rows) => {
            server.seen.rows.lock().unwrap().push(rows.len());
            let asked = if server.breach == Breach::Crossed { crowd as u64 } else { asked };
            (StatusCode::OK, answer(server.breach, &rows, asked).to_string())
        }
        None => {
            server.faults.fetch_add(1, Ordering::SeqCst);
            let status = match server.breach {
                Breach::Fragile => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::BAD_REQUEST,
            };
            (status, json!({"error": "malformed"}).to_string())
        }
    }
}

/// The rows of a request, if it is one.
fn rows(body: &[u8]) -> Option<Vec<[f64; 2]>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let [input] = body.get("inputs")?.as_array()?.as_slice() else { return None };
    let shape: Vec<u64> = serde_json::from_value(input.get("shape")?.clone()).ok()?;
    let data: Vec<f64> = serde_json::from_value(input.get("data")?.clone()).ok()?;
    let named = input.get("name")? == "x" && input.get("datatype")? == "FP32";
    let finite = data.iter().all(|x| x.abs() < f64::from(f32::MAX));
    let [count, 2] = shape.as_slice() else { return None };
    let fits = named && finite && *count > 0 && data.len() as u64 == count * 2;
    fits.then(|| data.chunks(2).map(|row| [row[0], row[1]]).collect())
}

fn answer(breach: Breach, rows: &[[f64; 2]], asked: u64) -> Value {
    let labels: Vec<i64> = rows
        .iter()
        .map(|row| i64::from((row[0] + row[1] > 1.0) != (breach == Breach::WrongLabels)))
        .collect();
    let shift = match breach {
        Breach::Restless | Breach::Crossed => asked as f64 * 1e-3,
        Breach::BatchBound => rows.len() as f64 * 1e-3,
        _ => 0.0,
    };
    let score = |label: &i64| if *label == 1 { 0.9 - shift } else { 0.1 + shift };
    let narrow = breach == Breach::Narrow;
    let scores: Vec<f64> = labels
        .iter()
        .flat_map(|label| if narrow { vec![0.5] } else { vec![1.0 - score(label), score(label)] })
        .collect();
    let columns = if narrow { 1 } else { 2 };
    json!({"model_name": "digits", "outputs": [
        {"name": "label", "datatype": "INT64", "shape": [rows.len()], "data": labels},
        {"name": "scores", "datatype": "FP32", "shape": [rows.len(), columns], "data": scores},
    ]})
}
