//! Numbers as the shortest text that reads back to the same bits.
//!
//! Owns how frozen numbers are stored: JSON readers may round the last digit, and a value that lies
//! on an edge would then be counted in the next bucket.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::Serializer;

pub(super) fn serialize<S: Serializer>(numbers: &[f64], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(numbers.iter().map(|number| format!("{number:?}")))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}
