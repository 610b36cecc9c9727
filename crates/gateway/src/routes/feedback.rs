//! Taking a label.

use hyper::body::Incoming;
use seatrial_domain::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Context;
use crate::answer::{Answer, value};
use crate::body;
use crate::fault::Fault;
use crate::feedback::{Error, FeedbackRequest};

const MAX_BODY: u64 = 16 * 1024;
const MAX_NAME: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    request_id: String,
    metric: String,
    value: Value,
    ts: Option<Value>,
}

pub(super) async fn feedback(
    context: &Context,
    model: &str,
    body: Incoming,
) -> Result<Answer, Fault> {
    let endpoint = context.entry(model)?.name.clone();
    let config = &context.shared.config;
    let (bytes, _room) = body::read(body, context.shared.bound(MAX_BODY)).await?;
    let wire: Wire = serde_json::from_slice(&bytes)
        .map_err(|error| Fault::Invalid(format!("the body is not feedback: {error}")))?;
    for (field, text) in [("request_id", &wire.request_id), ("metric", &wire.metric)] {
        if text.is_empty() || text.len() > MAX_NAME {
            return Err(Fault::Invalid(format!("`{field}` has 1 to {MAX_NAME} bytes")));
        }
    }
    let (reply, replied) = oneshot::channel();
    let request = FeedbackRequest {
        endpoint,
        value: label(&wire.value)?,
        ts: wire.ts.as_ref().map_or_else(|| Ok((config.clock)()), time)?,
        request_id: wire.request_id,
        metric: wire.metric,
        reply,
    };
    context.shared.feedback.try_send(request).map_err(|error| match error {
        TrySendError::Full(_) => {
            Fault::Busy("too much feedback is waiting to be joined".to_owned())
        }
        TrySendError::Closed(_) => Fault::Unavailable("feedback is not taken here".to_owned()),
    })?;
    match timeout(config.feedback_timeout, replied).await {
        Ok(Ok(Ok(()))) => Ok(value(&json!({}))),
        Ok(Ok(Err(error))) => Err(refusal(error)),
        Ok(Err(_)) | Err(_) => Err(Fault::Busy("the feedback was not joined in time".to_owned())),
    }
}

/// True or false, or a number: which numbers are labels of the metric, the joiner knows.
fn label(value: &Value) -> Result<f64, Fault> {
    let number = match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Number(number) => number.as_f64().filter(|number| number.is_finite()),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    };
    number.ok_or_else(|| Fault::Invalid("`value` is true, false or a finite number".to_owned()))
}

/// RFC 3339 text, or microseconds since the Unix epoch.
fn time(value: &Value) -> Result<Timestamp, Fault> {
    let micros = match value {
        Value::String(text) => {
            text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
        }
        Value::Number(number) => number.as_i64(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    micros.map(Timestamp::from_micros).ok_or_else(|| {
        Fault::Invalid("`ts` is RFC 3339 text, or microseconds since 1970".to_owned())
    })
}

fn refusal(error: Error) -> Fault {
    match error {
        Error::UnknownRequest(id) => Fault::NotFound(format!("the assignment of request {id:?}")),
        Error::Invalid(detail) => Fault::Invalid(detail),
        Error::Unavailable(_) => Fault::Busy(error.to_string()),
    }
}
