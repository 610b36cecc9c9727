//! Slices of live traffic: requests told apart by a header or parameter, and judged apart.

use super::KeySource;
use serde::{Deserialize, Serialize};

/// A header or parameter whose values are judged apart at the live gates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveSlice {
    pub key: KeySource,
    /// The values told apart; all others are one. Empty: the first values that come, which can only
    /// warn.
    pub values: Vec<String>,
    /// Part of each check's error budget, in (0, 1), that its values share equally; none: it warns.
    /// All parts of a plan sum to less than 1.
    pub weight: Option<f64>,
}

/// The columns in which values are told apart: each key's name, and its kind before it where the
/// keys hold both the header and the parameter of that name.
pub(super) fn column<'a>(mut keys: impl Iterator<Item = &'a KeySource>, key: &KeySource) -> String {
    let (kind, name) = kind_and_name(key);
    let namesake = |other: &KeySource| other != key && kind_and_name(other).1 == name;
    if keys.any(namesake) { format!("{kind}:{name}") } else { name.to_owned() }
}

/// As a policy writes them.
const fn kind_and_name(key: &KeySource) -> (&'static str, &str) {
    match key {
        KeySource::Header(name) => ("header", name.as_str()),
        KeySource::Parameter(name) => ("parameter", name.as_str()),
    }
}
