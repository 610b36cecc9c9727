//! What is said of registered models and versions.

use super::MIB;
use serde::{Deserialize, Serialize};

/// Tags and aliases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Models {
    /// Tags of one model, and of one version.
    pub max_tags: u32,
    /// Bytes of them, keys and values.
    pub max_tag_bytes: u64,
    /// Aliases of one model; rollouts move theirs beyond it too.
    pub max_aliases: u32,
}

impl Default for Models {
    fn default() -> Self {
        Self { max_tags: 1_000, max_tag_bytes: 4 * MIB, max_aliases: 1_000 }
    }
}
