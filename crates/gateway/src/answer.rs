//! HTTP answers: a JSON body, or the protocol's `{"error": …}`.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::fault::Fault;

pub(crate) type Answer = Response<Full<Bytes>>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// 200 with these JSON bytes.
pub(crate) fn json(body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    answer.headers_mut().insert(CONTENT_TYPE, JSON);
    answer
}

/// 200 with `value` as JSON.
pub(crate) fn value(value: &serde_json::Value) -> Answer {
    json(Bytes::from(value.to_string()))
}

/// An empty answer.
pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::new()));
    *answer.status_mut() = status;
    answer
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        let mut answer = value(&serde_json::json!({ "error": fault.to_string() }));
        *answer.status_mut() = fault.status();
        if let Fault::Busy(_) = fault {
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        answer
    }
}
