//! A file whose time says until when a server was there: after a crash, the time nobody was there
//! does not count towards a rollout's durations.

use crate::tasks::Tasks;
use seatrial_domain::Timestamp;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const EVERY: Duration = Duration::from_secs(1);

fn path(data: &Path) -> PathBuf {
    data.join("alive")
}

/// When the server before this one was last there; none before the first.
pub(super) fn last(data: &Path) -> Option<Timestamp> {
    let modified = std::fs::metadata(path(data)).ok()?.modified().ok()?;
    let since_epoch = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_micros()).ok().map(Timestamp::from_micros)
}

/// Touches the file until the process stops. A full disk costs nothing but the time since.
pub(super) fn beat(data: &Path, tasks: &Tasks) {
    let path = path(data);
    tasks.spawn("heartbeat", async move {
        loop {
            if let Err(error) = tokio::fs::write(&path, b"\n").await {
                tracing::debug!(%error, "no heartbeat");
            }
            tokio::time::sleep(EVERY).await;
        }
    });
}
