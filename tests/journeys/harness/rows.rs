//! The demo's live rows as requests: as they are, and with the pixel that makes the flaky version
//! fail.

use bytes::Bytes;
use serde_json::{Value, json};

const PIXELS: usize = 64;
/// See `tests/fixtures/make.py`.
const TRIGGER: f32 = 99.0;

/// Requests with their truth.
#[derive(Debug)]
pub(crate) struct Rows {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    plain: Bytes,
    failing: Bytes,
    label: i64,
}

/// Which of a row's two requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Failing,
}

impl Rows {
    pub(crate) fn live() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/data/live.csv");
        let text = std::fs::read_to_string(path).expect("the demo's data");
        Self { rows: text.lines().skip(1).map(row).collect() }
    }

    /// The n-th request, over and over, and its truth.
    pub(super) fn request(&self, n: usize, kind: Kind) -> (Bytes, i64) {
        let row = &self.rows[n % self.rows.len()];
        match kind {
            Kind::Plain => (row.plain.clone(), row.label),
            Kind::Failing => (row.failing.clone(), row.label),
        }
    }

    /// A plain request as JSON.
    pub(crate) fn json(&self, n: usize) -> Value {
        serde_json::from_slice(&self.request(n, Kind::Plain).0).expect("made as JSON")
    }
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.split(',').collect();
    let mut pixels: Vec<f32> =
        cells[..PIXELS].iter().map(|cell| cell.parse().expect("a pixel")).collect();
    let plain = body(&pixels);
    pixels[0] = TRIGGER;
    Row { plain, failing: body(&pixels), label: cells[PIXELS].parse().expect("a label") }
}

fn body(pixels: &[f32]) -> Bytes {
    let image = json!({"name": "image", "shape": [1, PIXELS], "datatype": "FP32", "data": pixels});
    json!({ "inputs": [image] }).to_string().into()
}
