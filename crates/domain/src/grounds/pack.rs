//! JSON with long, mostly empty lists of counts written short, and back.
//!
//! A list of counts becomes `{"~": [length, index, count, index, count, …]}` with its non-zero counts
//! where that is shorter. Knows nothing of what is counted: whatever histogram the evidence has is
//! short. A key that begins with `~` gets one more, so that every JSON comes back as it was.

use serde_json::{Map, Value};

const SPARSE: &str = "~";

/// The longest list that is read back: far above any histogram, and no reason to run out of memory.
const LENGTH_MAX: usize = 1 << 16;

/// A list that is none: an index beyond it, an odd one out, or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a list of counts is written wrong")]
pub(super) struct Malformed;

pub(super) fn pack(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            sparse(&items).unwrap_or_else(|| Value::Array(items.into_iter().map(pack).collect()))
        }
        Value::Object(entries) => {
            let escaped =
                |key: String| if key.starts_with(SPARSE) { format!("~{key}") } else { key };
            let packed = |(key, value)| (escaped(key), pack(value));
            Value::Object(entries.into_iter().map(packed).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// None where it is not shorter, or no list of counts.
fn sparse(items: &[Value]) -> Option<Value> {
    let counts: Vec<u64> = items.iter().map(Value::as_u64).collect::<Option<_>>()?;
    let counted = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let mut short = vec![Value::from(counts.len())];
    short.extend(counted.flat_map(|(index, count)| [Value::from(index), Value::from(*count)]));
    let is_shorter = short.len() + 1 < counts.len() && counts.len() <= LENGTH_MAX;
    is_shorter.then(|| Value::Object(Map::from_iter([(SPARSE.to_owned(), Value::Array(short))])))
}

pub(super) fn unpack(value: Value) -> Result<Value, Malformed> {
    match value {
        Value::Array(items) => {
            items.into_iter().map(unpack).collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(mut entries) => match entries.remove(SPARSE) {
            Some(Value::Array(short)) if entries.is_empty() => dense(&short),
            Some(_) => Err(Malformed),
            None => {
                let bare = |key: String| match key.strip_prefix(SPARSE) {
                    Some(bare) => bare.to_owned(),
                    None => key,
                };
                let unpacked = |(key, value)| Ok((bare(key), unpack(value)?));
                entries.into_iter().map(unpacked).collect::<Result<_, _>>().map(Value::Object)
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value),
    }
}

fn dense(short: &[Value]) -> Result<Value, Malformed> {
    let number = |value: &Value| value.as_u64().ok_or(Malformed);
    let place = |value: &Value| usize::try_from(number(value)?).map_err(|_beyond| Malformed);
    let (length, counted) = short.split_first().ok_or(Malformed)?;
    let length = place(length)?;
    if length > LENGTH_MAX {
        return Err(Malformed);
    }
    let mut counts = vec![Value::from(0_u64); length];
    let mut pairs = counted.chunks_exact(2);
    for pair in &mut pairs {
        let [index, count] = pair else { return Err(Malformed) };
        *counts.get_mut(place(index)?).ok_or(Malformed)? = Value::from(number(count)?);
    }
    if pairs.remainder().is_empty() { Ok(Value::Array(counts)) } else { Err(Malformed) }
}
