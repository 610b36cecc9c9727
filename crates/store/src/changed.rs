//! What a write has really changed of a version's names: what was so before is no change. It stands
//! in the journal's row of that write, where whoever waits for an alias or a tag finds it.

use crate::aliases::By;
use crate::journal::{New, Row};
use crate::storage::Error;
use crate::write::Write;
use seatrial_domain::{Digest, VersionRef};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Aliases that pointed elsewhere or nowhere before, and tags that had another value or none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub aliases: Vec<String>,
    pub tags: BTreeMap<String, String>,
}

/// Bytes of a tag's value that the journal keeps, which is for ever. No trigger waits for a longer one.
const JOURNALLED_MAX: usize = 1024;

/// A longer value is told by its digest.
fn journalled(value: String) -> String {
    if value.len() <= JOURNALLED_MAX { value } else { Digest::of(value.as_bytes()).to_string() }
}

/// A change, and of which version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub version: VersionRef,
    #[serde(flatten)]
    pub changed: Changed,
}

impl Changed {
    /// Whether all was so before.
    pub fn is_empty(&self) -> bool {
        self.aliases.is_empty() && self.tags.is_empty()
    }

    const fn event(&self) -> &'static str {
        if self.aliases.is_empty() { "tag_set" } else { "alias_set" }
    }

    fn in_words(&self) -> String {
        let aliases = self.aliases.iter().map(|alias| format!("alias {alias}"));
        let tags = self.tags.keys().map(|key| format!("tag {key}"));
        aliases.chain(tags).collect::<Vec<_>>().join(", ")
    }
}

impl Named {
    /// What the row says was newly named, if it says so.
    pub fn of(row: &Row) -> Option<Self> {
        match row.event.as_str() {
            "registered" | "alias_set" | "tag_set" => {
                serde_json::from_value(row.evidence.clone()?).ok()
            }
            _ => None,
        }
    }

    /// Journals the change, unless it is none.
    pub(crate) async fn journal(&self, write: &mut Write<'_>, by: By<'_>) -> Result<(), Error> {
        if self.changed.is_empty() {
            return Ok(());
        }
        let (subject, evidence) = (self.version.to_string(), self.evidence()?);
        let said = format!("{} {}", self.changed.in_words(), by.cause);
        let row = New::about(&subject, self.changed.event(), by.actor, by.now).because(said);
        write.journal(row.with(evidence.as_ref())).await?;
        Ok(())
    }

    /// As a row holds it; nothing where nothing was named.
    pub(crate) fn evidence(&self) -> Result<Option<serde_json::Value>, Error> {
        if self.changed.is_empty() {
            return Ok(None);
        }
        let Self { version, changed: Changed { aliases, tags } } = self.clone();
        let tags = tags.into_iter().map(|(key, value)| (key, journalled(value)));
        let changed = Changed { aliases, tags: tags.collect() };
        serde_json::to_value(Self { version, changed })
            .map(Some)
            .map_err(|e| Error::corrupt("names", &e))
    }
}
