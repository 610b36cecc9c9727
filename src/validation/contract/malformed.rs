//! What clients get wrong is answered 4xx, never by a crash, and the model still answers
//! afterwards.

use super::super::client::{Error, Raw, body_of};
use super::super::report::{Check, Findings};
use super::{Trial, named, switched_off};
use seatrial_domain::tensor::DataType;
use serde_json::{Value, json};

/// Stands for an element until the body is text; no model's own data look like it.
const HOLE: &str = "@seatrial-hole@";

/// What an answer to a strange request may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allowed {
    Refusal,
    /// JSON has finite numbers only, so any decodable answer is finite.
    RefusalOrAnswer,
    /// Refused for its size alone: it is a good request otherwise.
    TooLarge,
}

impl Allowed {
    const fn limit(self) -> &'static str {
        match self {
            Self::Refusal | Self::RefusalOrAnswer => "4xx",
            Self::TooLarge => "413",
        }
    }
}

pub(super) async fn run(trial: &Trial<'_>, findings: &mut Findings) {
    let off = switched_off(trial.request.plan.contract.malformed);
    for (name, allowed, body) in battery(trial) {
        let check = if off {
            named(name).skip("switched off in the policy")
        } else {
            check(trial, name, allowed, body).await
        };
        findings.push(check);
    }
}

fn battery(trial: &Trial<'_>) -> Vec<(&'static str, Allowed, Vec<u8>)> {
    use Allowed::{Refusal, RefusalOrAnswer, TooLarge};
    let good = trial.rows(0..1);
    let too_large = usize::try_from(trial.request.limits.body_bytes).unwrap_or(usize::MAX - 1) + 1;
    vec![
        ("nan", RefusalOrAnswer, with_element(&good, "NaN")),
        ("infinity", RefusalOrAnswer, with_element(&good, "Infinity")),
        ("overflow", RefusalOrAnswer, with_element(&good, "1e39")),
        ("badJson", Refusal, b"{\"inputs\":[".to_vec()),
        ("emptyBody", Refusal, Vec::new()),
        ("missingInput", Refusal, body_of(&without_first(&good))),
        ("wrongDatatype", Refusal, body_of(&edited(&good, wrong_datatype))),
        ("wrongShape", Refusal, body_of(&edited(&good, wrong_shape))),
        ("unknownInput", Refusal, body_of(&with_unknown(&good))),
        ("tooLarge", TooLarge, padded(&good, too_large)),
        ("emptyBatch", Refusal, body_of(&trial.rows(0..0))),
    ]
}

async fn check(trial: &Trial<'_>, name: &str, allowed: Allowed, body: Vec<u8>) -> Check {
    let sent = body.len();
    let answered = trial.client.post(body).await;
    let found = match answered {
        Ok(raw) => judge(raw, allowed),
        // A listener may hang up on a body that is too large before the client has sent it all.
        Err(error @ Error::Transport(_)) if allowed == Allowed::TooLarge => {
            Ok(format!("{sent} bytes refused: {error}"))
        }
        Err(error) => Err(error.to_string()),
    };
    let alive = trial.ask(0..1).await;
    let found = match (found, alive) {
        (Ok(_), Err(fault)) => Err(format!("the model does not answer afterwards: {fault}")),
        (found, _) => found,
    };
    named(name).limit(allowed.limit().to_owned()).judge(found)
}

fn judge(raw: Raw, allowed: Allowed) -> Result<String, String> {
    let status = raw.status;
    if allowed == Allowed::TooLarge && status != 413 {
        return Err(format!("status {status}, expected 413"));
    }
    if raw.is_refusal() {
        return Ok(format!("refused with {status}"));
    }
    match allowed {
        Allowed::Refusal | Allowed::TooLarge => Err(format!("status {status}, expected 4xx")),
        Allowed::RefusalOrAnswer => match raw.outputs() {
            Ok(_) => Ok("answered".to_owned()),
            Err(error) => Err(format!("{error}; expected 4xx or a finite answer")),
        },
    }
}

/// The request with blanks behind it, up to this size.
fn padded(inputs: &Value, bytes: usize) -> Vec<u8> {
    let mut body = body_of(inputs);
    body.resize(body.len().max(bytes), b' ');
    body
}

/// The request with its first element replaced by this text, which need not be JSON.
fn with_element(inputs: &Value, text: &str) -> Vec<u8> {
    let holed = edited(inputs, |input| {
        if let Some(element) = input.pointer_mut("/data/0") {
            *element = json!(HOLE);
        }
    });
    let body = json!({ "inputs": holed }).to_string();
    body.replacen(&format!("\"{HOLE}\""), text, 1).into_bytes()
}

/// The request with its first input changed.
fn edited(inputs: &Value, edit: impl FnOnce(&mut Value)) -> Value {
    let mut inputs = inputs.clone();
    if let Some(first) = inputs.get_mut(0) {
        edit(first);
    }
    inputs
}

fn without_first(inputs: &Value) -> Value {
    Value::Array(inputs.as_array().into_iter().flatten().skip(1).cloned().collect())
}

fn with_unknown(inputs: &Value) -> Value {
    let extra = json!({
        "name": "seatrial_unknown_input", "datatype": "FP32", "shape": [1], "data": [0.0],
    });
    Value::Array(inputs.as_array().into_iter().flatten().cloned().chain([extra]).collect())
}

fn wrong_datatype(input: &mut Value) {
    let count = input.get("data").and_then(Value::as_array).map_or(0, Vec::len);
    let was_text = input.get("datatype") == Some(&json!(DataType::Bytes));
    let (datatype, element) =
        if was_text { (DataType::Fp32, json!(0.5)) } else { (DataType::Bytes, json!("text")) };
    if let Some(fields) = input.as_object_mut() {
        fields.insert("datatype".to_owned(), json!(datatype));
        fields.insert("data".to_owned(), Value::Array(vec![element; count]));
    }
}

/// One dimension more, which the data still fill.
fn wrong_shape(input: &mut Value) {
    if let Some(shape) = input.get_mut("shape").and_then(Value::as_array_mut) {
        shape.push(json!(1));
    }
}
