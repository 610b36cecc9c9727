//! JSON with long, mostly empty lists of counts written short, and back.
//!
//! A list of counts becomes `{"~d": [length, index, count, step, count, …]}` with its non-zero counts
//! where that is shorter, and an object of counts by number `{"~m": [number, count, step, count, …]}`; a
//! step is from the number before. Knows nothing of what is counted: whatever histogram the evidence has
//! is short. A key that begins with `~` gets one more, so that every JSON comes back as it was.

use serde_json::{Map, Value};

/// A list by steps.
const LIST: &str = "~d";
/// An object of counts by number.
const BY_NUMBER: &str = "~m";
/// A list by indices, as earlier versions wrote it.
const INDEXED: &str = "~";

/// Objects of fewer counts are left as they are.
const BY_NUMBER_MIN: usize = 4;

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
        Value::Object(entries) => by_number(&entries).unwrap_or_else(|| {
            let escaped = |key: String| if key.starts_with('~') { format!("~{key}") } else { key };
            let packed = |(key, value)| (escaped(key), pack(value));
            Value::Object(entries.into_iter().map(packed).collect())
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// None where it is not shorter, or no list of counts.
fn sparse(items: &[Value]) -> Option<Value> {
    let counts: Vec<u64> = items.iter().map(Value::as_u64).collect::<Option<_>>()?;
    let counted = (0_u64..).zip(&counts).filter(|(_, count)| **count > 0);
    let mut short = vec![Value::from(counts.len())];
    short.extend(steps(counted.map(|(index, count)| (index, *count))));
    let is_shorter = short.len() + 1 < counts.len() && counts.len() <= LENGTH_MAX;
    is_shorter.then(|| marked(LIST, short))
}

/// None of anything but counts by number.
fn by_number(entries: &Map<String, Value>) -> Option<Value> {
    if entries.len() < BY_NUMBER_MIN {
        return None;
    }
    let number = |key: &str| key.parse::<u64>().ok().filter(|number| number.to_string() == key);
    let counted = entries.iter().map(|(key, count)| Some((number(key)?, count.as_u64()?)));
    let mut counted = counted.collect::<Option<Vec<_>>>()?;
    counted.sort_unstable();
    Some(marked(BY_NUMBER, steps(counted.into_iter()).collect()))
}

/// Rising numbers by their steps, each with its count.
fn steps(counted: impl Iterator<Item = (u64, u64)>) -> impl Iterator<Item = Value> {
    let mut before = 0;
    counted.flat_map(move |(number, count)| {
        let step = number - before;
        before = number;
        [Value::from(step), Value::from(count)]
    })
}

fn marked(as_what: &str, short: Vec<Value>) -> Value {
    Value::Object(Map::from_iter([(as_what.to_owned(), Value::Array(short))]))
}

pub(super) fn unpack(value: Value) -> Result<Value, Malformed> {
    match value {
        Value::Array(items) => {
            items.into_iter().map(unpack).collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(entries) => match Short::of(&entries)? {
            Some(Short::List(short)) => dense(short, Places::Steps),
            Some(Short::Indexed(short)) => dense(short, Places::Indices),
            Some(Short::ByNumber(short)) => numbered(short),
            None => {
                let bare = |key: String| match key.strip_prefix('~') {
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

/// What an object stands for.
enum Short<'a> {
    List(&'a [Value]),
    Indexed(&'a [Value]),
    ByNumber(&'a [Value]),
}

/// How the places of counts in a list are written.
#[derive(Clone, Copy)]
enum Places {
    Indices,
    /// From the one before.
    Steps,
}

impl<'a> Short<'a> {
    /// None where it is an object. Errors: marked as short, and something else as well.
    fn of(entries: &'a Map<String, Value>) -> Result<Option<Self>, Malformed> {
        let marked = |mark: &str| entries.get(mark).map(|value| list(value, entries));
        if let Some(short) = marked(LIST) {
            return short.map(|short| Some(Self::List(short)));
        }
        if let Some(short) = marked(INDEXED) {
            return short.map(|short| Some(Self::Indexed(short)));
        }
        marked(BY_NUMBER).map(|short| short.map(Self::ByNumber)).transpose()
    }
}

/// What is marked as short is a list, and nothing beside it.
fn list<'a>(value: &'a Value, entries: &Map<String, Value>) -> Result<&'a [Value], Malformed> {
    let alone = value.as_array().filter(|_| entries.len() == 1);
    alone.map(Vec::as_slice).ok_or(Malformed)
}

fn dense(short: &[Value], places: Places) -> Result<Value, Malformed> {
    let (length, counted) = short.split_first().ok_or(Malformed)?;
    let length = place(number(length)?)?;
    if length > LENGTH_MAX {
        return Err(Malformed);
    }
    let mut counts = vec![Value::from(0_u64); length];
    for (at, count) in read(counted, places)? {
        *counts.get_mut(place(at)?).ok_or(Malformed)? = Value::from(count);
    }
    Ok(Value::Array(counts))
}

fn numbered(short: &[Value]) -> Result<Value, Malformed> {
    let counted = read(short, Places::Steps)?.into_iter();
    Ok(counted.map(|(number, count)| (number.to_string(), Value::from(count))).collect())
}

/// Numbers, each with its count.
fn read(counted: &[Value], places: Places) -> Result<Vec<(u64, u64)>, Malformed> {
    let pairs = counted.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(Malformed);
    }
    let mut before = 0_u64;
    let pair = |pair: &[Value]| {
        let [at, count] = pair else { return Err(Malformed) };
        let at = number(at)?;
        let at = match places {
            Places::Indices => at,
            Places::Steps => before.checked_add(at).ok_or(Malformed)?,
        };
        before = at;
        Ok((at, number(count)?))
    };
    pairs.map(pair).collect()
}

fn number(value: &Value) -> Result<u64, Malformed> {
    value.as_u64().ok_or(Malformed)
}

fn place(number: u64) -> Result<usize, Malformed> {
    usize::try_from(number).map_err(|_beyond| Malformed)
}
