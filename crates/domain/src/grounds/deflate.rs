//! Large JSON as one compressed text, and back.
//!
//! Owns from which size on that is worth it: smaller rows stay readable. Refuses text that would not
//! end: what is read back is bounded before it is parsed.

use super::pack::Malformed;
use base64ct::{Base64, Encoding};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde_json::{Map, Value};
use std::io::{Read, Write};

/// `{"~z": base64 of the deflated JSON}`; no key of packed JSON is so.
const DEFLATED: &str = "~z";

/// JSON of at most so many bytes is left as it is.
pub(super) const READABLE_MAX: usize = 64 << 10;

/// The most bytes of compressed JSON when it is read back.
pub(super) const INFLATED_MAX: u64 = 64 << 20;

/// The same where it is small, or was not shorter.
pub(super) fn deflated(value: Value) -> Value {
    let text = value.to_string();
    let could_be_read = u64::try_from(text.len()).is_ok_and(|length| length <= INFLATED_MAX);
    if text.len() <= READABLE_MAX || !could_be_read {
        return value;
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    match written.map(|bytes| Base64::encode_string(&bytes)) {
        Ok(short) if short.len() < text.len() => {
            Value::Object(Map::from_iter([(DEFLATED.to_owned(), Value::String(short))]))
        }
        Ok(_) | Err(_) => value,
    }
}

pub(super) fn inflated(value: Value) -> Result<Value, Malformed> {
    let Some(short) = value.get(DEFLATED) else { return Ok(value) };
    let bytes = short.as_str().and_then(|text| Base64::decode_vec(text).ok()).ok_or(Malformed)?;
    let mut text = Vec::new();
    let mut bounded = DeflateDecoder::new(bytes.as_slice()).take(INFLATED_MAX + 1);
    let read = bounded.read_to_end(&mut text).map_err(|_garbled| Malformed)?;
    if u64::try_from(read).is_ok_and(|read| read > INFLATED_MAX) {
        return Err(Malformed);
    }
    serde_json::from_slice(&text).map_err(|_no_json| Malformed)
}
