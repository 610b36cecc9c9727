//! The repository extension: its index. Loading is the rollout's business, not a client's.

use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Answer, value};
use crate::body;
use crate::fault::Fault;
use crate::installed::Served;
use crate::shared::Shared;

/// An index's filter is a few bytes.
const MAX_BODY: u64 = 4096;

#[derive(Deserialize, Default)]
struct Filter {
    /// Only ready versions.
    #[serde(default)]
    ready: bool,
}

/// Every reachable version of every endpoint.
pub(super) async fn index(shared: &Shared, body: Incoming) -> Result<Answer, Fault> {
    let (bytes, _room) = body::read(body, shared.bound(MAX_BODY)).await?;
    let filter: Filter = if bytes.iter().all(u8::is_ascii_whitespace) {
        Filter::default()
    } else {
        serde_json::from_slice(&bytes)
            .map_err(|error| Fault::Invalid(format!("the body is not an index filter: {error}")))?
    };
    let mut rows = Vec::new();
    for (name, entry) in shared.endpoints.load().iter() {
        let installed = entry.route.load();
        let shown = installed.reachable().into_iter();
        rows.extend(
            shown.filter(|served| served.backend.ready() || !filter.ready).map(|s| row(name, s)),
        );
    }
    Ok(value(&Value::Array(rows)))
}

fn row(name: &str, served: &Served) -> Value {
    let (state, reason) =
        if served.backend.ready() { ("READY", "") } else { ("UNAVAILABLE", "not ready") };
    json!({
        "name": name,
        "version": served.version.number.0.to_string(),
        "state": state,
        "reason": reason,
    })
}
