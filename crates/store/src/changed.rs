//! What a write has really changed of a version's names: what was so before is no change.

use crate::versions::Version;
use std::collections::BTreeMap;

/// Aliases that pointed elsewhere or nowhere before, and tags that had another value or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    pub aliases: Vec<String>,
    pub tags: BTreeMap<String, String>,
}

impl Changed {
    /// Whether all was so before.
    pub fn is_empty(&self) -> bool {
        self.aliases.is_empty() && self.tags.is_empty()
    }

    /// On a version that was not there before, everything is new.
    pub(crate) fn all_of(version: &Version) -> Self {
        Self { aliases: version.aliases.clone(), tags: version.tags.clone() }
    }
}
