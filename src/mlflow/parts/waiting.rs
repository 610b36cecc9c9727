//! One part's file. Dropped before a row names it, it leaves neither bytes nor what was set aside
//! for them.

use super::super::error::{Error, Result};
use super::refused;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::fs::File;

/// A file on its way in.
#[derive(Debug)]
pub(super) struct Waiting {
    /// None once it is kept.
    path: Option<PathBuf>,
    name: String,
    bytes: Arc<AtomicU64>,
    reserved: u64,
}

impl Waiting {
    pub(super) async fn create(dir: &Path, bytes: &Arc<AtomicU64>) -> Result<(Self, File)> {
        let name = format!("{:032x}", rand::random::<u128>());
        let path = dir.join(&name);
        let file = File::options().write(true).create_new(true).open(&path).await;
        let file = file.map_err(refused)?;
        let bytes = Arc::clone(bytes);
        Ok((Self { path: Some(path), name, bytes, reserved: 0 }, file))
    }

    /// The file's name within the directory.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Sets bytes aside before they are written: all parts share one limit.
    pub(super) fn reserve(&mut self, more: usize, limit: u64) -> Result<()> {
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        let grown = |bytes: u64| bytes.checked_add(more).filter(|bytes| *bytes <= limit);
        if self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown).is_err() {
            return Err(Error::full(format!(
                "{limit} bytes of parts wait for the rest of their files already: complete or \
                 abort some uploads"
            )));
        }
        self.reserved = self.reserved.saturating_add(more);
        Ok(())
    }

    /// A row names it now: it stays.
    pub(super) fn keep(mut self) {
        self.path = None;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(path) = self.path.take() else { return };
        self.bytes.fetch_sub(self.reserved, Ordering::Relaxed);
        // Where it cannot be removed, the next start does.
        let _gone = std::fs::remove_file(path);
    }
}
