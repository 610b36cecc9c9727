//! Which files this process has hashed, so that many ranges of one file cost one hash.
//!
//! A file is known by what the file system says of it, the time of its last change included. A
//! change within the clock's tick of that time may not show, so a file is remembered only once
//! the time is well past: a fresh one is hashed again. But one that this process has just written is
//! known at once: nobody else writes here, and what serves is hashed whenever it is loaded.

use seatrial_domain::{Digest, Timestamp};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Coarser than any file system's clock.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified_ns: (i64, i64),
    changed_ns: (i64, i64),
}

impl Identity {
    pub(super) fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.len(),
            modified_ns: (found.mtime(), found.mtime_nsec()),
            changed_ns: (found.ctime(), found.ctime_nsec()),
        }
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.size
    }

    /// At the latest.
    fn changed(&self) -> Timestamp {
        let changed = self.changed_ns.0.max(self.modified_ns.0).saturating_add(1);
        Timestamp::from_micros(changed.saturating_mul(1_000_000))
    }

    fn is_settled(&self, now: Timestamp) -> bool {
        now >= self.changed().plus(SETTLED_AFTER)
    }

    /// Whether the file system's clock says otherwise.
    fn is_ahead_of(&self, now: Timestamp) -> bool {
        self.changed() > now.plus(SETTLED_AFTER)
    }
}

/// At most so many files, the last used, each for so long: what goes bad on the disk by itself
/// changes no time of its file.
#[derive(Debug)]
pub(super) struct Seen {
    limit: usize,
    keep: Duration,
    files: Mutex<Files>,
}

#[derive(Debug, Default)]
struct Files {
    by_digest: BTreeMap<Digest, Hashed>,
    /// Counts uses, so that the least recent is known.
    uses: u64,
}

#[derive(Debug)]
struct Hashed {
    identity: Identity,
    at: Timestamp,
    used: u64,
}

impl Seen {
    pub(super) fn new(limit: usize, keep: Duration) -> Self {
        Self { limit, keep, files: Mutex::default() }
    }

    /// Whether the file was hashed in this very state, and not too long ago.
    pub(super) fn knows(&self, digest: &Digest, identity: Identity, now: Timestamp) -> bool {
        let mut files = self.lock();
        files.uses = files.uses.saturating_add(1);
        let uses = files.uses;
        match files.by_digest.get_mut(digest) {
            Some(hashed) if hashed.identity == identity && now < hashed.at.plus(self.keep) => {
                hashed.used = uses;
                true
            }
            Some(_) | None => false,
        }
    }

    /// To be told after the file was hashed, with what it was before and is after.
    pub(super) fn remember(&self, digest: &Digest, hashed: (Identity, Identity), now: Timestamp) {
        let (before, after) = hashed;
        if before == after && after.is_settled(now) {
            self.insert(digest, after, now);
        }
    }

    /// To be told of a file that this process has just written, once it has its name.
    pub(super) fn wrote(&self, digest: &Digest, identity: Identity, now: Timestamp) {
        if !identity.is_ahead_of(now) {
            self.insert(digest, identity, now);
        }
    }

    fn insert(&self, digest: &Digest, identity: Identity, now: Timestamp) {
        let mut files = self.lock();
        files.uses = files.uses.saturating_add(1);
        let used = files.uses;
        files.by_digest.insert(digest.clone(), Hashed { identity, at: now, used });
        if files.by_digest.len() > self.limit {
            let oldest = files.by_digest.iter().min_by_key(|(_, hashed)| hashed.used);
            if let Some(oldest) = oldest.map(|(digest, _)| digest.clone()) {
                files.by_digest.remove(&oldest);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Duration = Duration::from_secs(60);
    const LATE: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn identity(inode: u64, changed: i64) -> Identity {
        let changed_ns = (changed, 0);
        Identity { device: 1, inode, size: 3, modified_ns: (0, 0), changed_ns }
    }

    fn seen(seen: &Seen, digest: &Digest, identity: Identity) {
        seen.remember(digest, (identity, identity), LATE);
    }

    #[test]
    fn a_file_is_known_until_anything_about_it_changes() {
        let (files, digest) = (Seen::new(4, KEEP), Digest::of(b"a"));
        seen(&files, &digest, identity(1, 5));
        assert!(files.knows(&digest, identity(1, 5), LATE));
        assert!(
            !files.knows(&digest, identity(2, 5), LATE)
                && !files.knows(&digest, identity(1, 6), LATE)
        );
        assert!(!files.knows(&Digest::of(b"b"), identity(1, 5), LATE));
    }

    #[test]
    fn a_file_that_changed_just_now_or_while_it_was_hashed_is_not_remembered() {
        let (files, digest) = (Seen::new(4, KEEP), Digest::of(b"a"));
        seen(&files, &digest, identity(1, 999));
        assert!(!files.knows(&digest, identity(1, 999), LATE));
        files.remember(&digest, (identity(1, 5), identity(1, 6)), LATE);
        assert!(!files.knows(&digest, identity(1, 6), LATE));
    }

    #[test]
    fn a_file_that_was_just_written_here_is_known_unless_the_clocks_disagree() {
        let (files, digest) = (Seen::new(4, KEEP), Digest::of(b"a"));
        files.wrote(&digest, identity(1, 1_003), LATE);
        assert!(!files.knows(&digest, identity(1, 1_003), LATE));
        files.wrote(&digest, identity(1, 999), LATE);
        assert!(files.knows(&digest, identity(1, 999), LATE));
        assert!(!files.knows(&digest, identity(1, 1_000), LATE));
    }

    #[test]
    fn the_least_recently_used_is_forgotten_first() {
        let files = Seen::new(2, KEEP);
        let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| Digest::of(bytes));
        seen(&files, &a, identity(1, 5));
        seen(&files, &b, identity(2, 5));
        assert!(files.knows(&a, identity(1, 5), LATE));
        seen(&files, &c, identity(3, 5));
        assert!(!files.knows(&b, identity(2, 5), LATE), "b was used before a");
        assert!(files.knows(&a, identity(1, 5), LATE) && files.knows(&c, identity(3, 5), LATE));
    }

    #[test]
    fn what_was_hashed_too_long_ago_is_hashed_again() {
        let (files, digest) = (Seen::new(4, KEEP), Digest::of(b"a"));
        seen(&files, &digest, identity(1, 5));
        assert!(files.knows(&digest, identity(1, 5), LATE.plus(KEEP - Duration::from_secs(1))));
        assert!(!files.knows(&digest, identity(1, 5), LATE.plus(KEEP)));
    }
}
