//! Durations in the file: `500ms`, `30s`, `15m`, `24h`.

use serde::{Deserialize, Deserializer, Serializer};
use std::time::Duration;

pub(super) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&format!("{}ms", span.as_millis()))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let fault =
        || serde::de::Error::custom(format!("{text:?} is no duration: write 30s, 15m, 24h"));
    let span = text.parse::<jiff::SignedDuration>().map_err(|_fault| fault())?;
    Duration::try_from(span).map_err(|_fault| fault())
}
