//! Where two verdicts differ, by field.

use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far two numbers may be apart: absolute up to one, relative above.
const TOLERANCE: f64 = 1e-9;

/// One field of a verdict that is not what the evidence makes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Such as `decision.kind`, `checks[errorRate].fail_log_e`.
    pub field: String,
    /// As journalled; null where there is none.
    pub recorded: Value,
    /// As derived now; null where there is none.
    pub derived: Value,
}

impl Difference {
    /// A field that is not what it should be.
    pub fn new(field: impl Into<String>, recorded: Value, derived: Value) -> Self {
        Self { field: field.into(), recorded, derived }
    }
}

/// Every field that differs, in the order of their names.
pub(super) fn between(recorded: &Verdict, derived: &Verdict) -> Vec<Difference> {
    let value = |verdict| serde_json::to_value(verdict).unwrap_or_default();
    let mut found = Vec::new();
    compare("", &value(recorded), &value(derived), &mut found);
    found
}

fn compare(field: &str, recorded: &Value, derived: &Value, found: &mut Vec<Difference>) {
    match (recorded, derived) {
        (Value::Object(one), Value::Object(other)) => {
            let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let of = |entries: &serde_json::Map<String, Value>| {
                    entries.get(name).cloned().unwrap_or_default()
                };
                let field = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
                compare(&field, &of(one), &of(other), found);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            for index in 0..one.len().max(other.len()) {
                let (one, other) = (one.get(index), other.get(index));
                let field = format!("{field}[{}]", named(one.or(other), index));
                let of = |item: Option<&Value>| item.cloned().unwrap_or_default();
                compare(&field, &of(one), &of(other), found);
            }
        }
        (Value::Number(one), Value::Number(other)) if same(one, other) => {}
        (one, other) if one == other => {}
        (one, other) => found.push(Difference::new(field, one.clone(), other.clone())),
    }
}

/// An item's own name, or its place.
fn named(item: Option<&Value>, index: usize) -> String {
    let name = item.and_then(|item| item.get("name").or_else(|| item.get("check")));
    name.and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned)
}

/// Counts are the same or not; what was computed may be a rounding apart.
fn same(one: &serde_json::Number, other: &serde_json::Number) -> bool {
    if one.is_u64() || other.is_u64() {
        return one == other;
    }
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) if !one.is_nan() && !other.is_nan() => {
            (one - other).abs() <= TOLERANCE * one.abs().max(other.abs()).max(1.0)
        }
        _ => false,
    }
}
