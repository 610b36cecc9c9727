//! Tags on their way in.

use super::problem::{Failure, Kind, Result};
use crate::registry::tag;
use std::collections::BTreeMap;

/// Refuses those that nobody may set.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<()> {
    for (key, value) in tags {
        tag::check(key, value).map_err(|error| refused(&error))?;
    }
    Ok(())
}

fn refused(error: &tag::Error) -> Failure {
    let kind = match error {
        tag::Error::Key(_) | tag::Error::Value { .. } => Kind::Invalid,
        tag::Error::Owned(_) => Kind::Denied,
    };
    Failure::new(kind, error.to_string())
}
