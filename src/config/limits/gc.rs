//! How garbage goes.

use super::{Error, Uploads, span};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Blobs that nothing refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gc {
    /// A blob stays for so long after it was stored, whatever refers to it.
    #[serde(with = "span")]
    pub grace: Duration,
    /// Blobs removed at once: who wants one of them meanwhile waits for it.
    pub turn: u32,
    /// Blobs that one request removes; the next one goes on.
    pub max_removed: u32,
}

impl Default for Gc {
    fn default() -> Self {
        Self { grace: Duration::from_secs(24 * 3600), turn: 100, max_removed: 1000 }
    }
}

impl Gc {
    /// What an upload stores must outlive the upload.
    pub(super) fn check(&self, uploads: &Uploads) -> Result<(), Error> {
        if self.grace > uploads.expire_after {
            return Ok(());
        }
        let (field, value) = ("limits.gc.grace".to_owned(), format!("{:?}", self.grace));
        Err(Error::Range { field, value, range: "longer than limits.uploads.expire_after" })
    }
}
