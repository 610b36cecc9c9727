//! The key by which a version must be signed to be rolled out.

use crate::signing::KeyId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A key of the server's configuration, and which one that was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredSignature {
    /// Its name in the configuration.
    pub key: String,
    /// Pinned at the start of a rollout: another key that gets the name later is not this one.
    pub id: Option<KeyId>,
}

impl fmt::Display for RequiredSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}
