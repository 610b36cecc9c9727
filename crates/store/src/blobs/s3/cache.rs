//! The copies on this machine: bounded in bytes, the least recently used go first. Every copy is
//! hashed again when it is opened, so none has to be durable.

use crate::blobs::Error;
use crate::blobs::directory::Directory;
use seatrial_domain::Digest;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub(in crate::blobs) struct Cache {
    pub(in crate::blobs) directory: Directory,
    limit: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    kept: BTreeMap<Digest, Kept>,
    pins: BTreeMap<Digest, u32>,
    /// Of what is kept, and of what has been given room.
    bytes: u64,
    /// Counts uses, so that the least recent is known.
    uses: u64,
}

#[derive(Debug)]
struct Kept {
    size: u64,
    used: u64,
}

/// While it lives, the copy is not taken away for room.
#[derive(Debug)]
pub(in crate::blobs) struct Pin {
    digest: Digest,
    state: Arc<Mutex<State>>,
}

/// Room for a copy that is on its way; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    size: u64,
    state: Arc<Mutex<State>>,
}

impl Cache {
    /// What an earlier process kept stays, in the order in which it was stored.
    pub(super) async fn open(dir: &Path, limit: u64) -> Result<Self, Error> {
        let directory = Directory::open(dir).await?;
        let mut entries = directory.list().await?;
        entries.sort_by_key(|entry| entry.stored_at);
        let mut state = State::default();
        for entry in entries {
            state.keep(&entry.digest, entry.size);
        }
        let cache = Self { directory, limit, state: Arc::new(Mutex::new(state)) };
        // The limit may have been larger.
        drop(cache.room(0)?);
        Ok(cache)
    }

    pub(super) fn pin(&self, digest: &Digest) -> Pin {
        let mut state = lock(&self.state);
        *state.pins.entry(digest.clone()).or_default() += 1;
        state.touch(digest);
        Pin { digest: digest.clone(), state: Arc::clone(&self.state) }
    }

    /// Sets `size` bytes aside, and takes away what was not used for longest to have them.
    pub(super) fn room(&self, size: u64) -> Result<Room, Error> {
        let mut state = lock(&self.state);
        while state.bytes.saturating_add(size) > self.limit {
            let Some(oldest) = state.oldest() else { return Err(full()) };
            match std::fs::remove_file(self.directory.path(&oldest)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                Ok(()) | Err(_) => state.forget(&oldest),
            }
        }
        state.bytes = state.bytes.saturating_add(size);
        Ok(Room { size, state: Arc::clone(&self.state) })
    }

    /// Keeps the whole file at `partial` as the copy of `digest`.
    pub(super) async fn keep(
        &self,
        partial: &Path,
        digest: &Digest,
        room: Room,
    ) -> Result<(), Error> {
        let size = room.size;
        self.directory.publish(partial, digest).await?;
        let mut state = lock(&self.state);
        state.forget(digest);
        state.keep(digest, size);
        drop(state);
        drop(room);
        Ok(())
    }

    /// Takes a copy away, whoever uses it; false when there was none.
    pub(in crate::blobs) async fn discard(&self, digest: &Digest) -> Result<bool, Error> {
        let was_there = self.directory.remove(digest).await?;
        lock(&self.state).forget(digest);
        Ok(was_there)
    }
}

impl State {
    fn keep(&mut self, digest: &Digest, size: u64) {
        self.bytes = self.bytes.saturating_add(size);
        self.kept.insert(digest.clone(), Kept { size, used: 0 });
        self.touch(digest);
    }

    fn touch(&mut self, digest: &Digest) {
        self.uses = self.uses.saturating_add(1);
        if let Some(kept) = self.kept.get_mut(digest) {
            kept.used = self.uses;
        }
    }

    fn forget(&mut self, digest: &Digest) {
        if let Some(kept) = self.kept.remove(digest) {
            self.bytes = self.bytes.saturating_sub(kept.size);
        }
    }

    fn oldest(&self) -> Option<Digest> {
        let free = self.kept.iter().filter(|(digest, _)| !self.pins.contains_key(digest));
        free.min_by_key(|(_, kept)| kept.used).map(|(digest, _)| digest.clone())
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        if let Some(pins) = state.pins.get_mut(&self.digest) {
            *pins = pins.saturating_sub(1);
            if *pins == 0 {
                state.pins.remove(&self.digest);
            }
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.bytes = state.bytes.saturating_sub(self.size);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn full() -> Error {
    let why = "every cached blob is in use, or this one is larger than the cache";
    Error::Full(io::Error::new(io::ErrorKind::StorageFull, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    async fn cache(dir: &TempDir, limit: u64) -> Cache {
        Cache::open(&dir.path().join("cache"), limit).await.unwrap()
    }

    /// Keeps a copy of these bytes.
    async fn put(cache: &Cache, bytes: &[u8]) -> Result<Digest, Error> {
        let digest = Digest::of(bytes);
        let room = cache.room(u64::try_from(bytes.len()).unwrap())?;
        let partial = cache.directory.place();
        std::fs::write(&partial, bytes).unwrap();
        cache.keep(&partial, &digest, room).await?;
        std::fs::remove_file(&partial).unwrap();
        Ok(digest)
    }

    fn is_there(cache: &Cache, digest: &Digest) -> bool {
        cache.directory.path(digest).exists()
    }

    #[tokio::test]
    async fn the_least_recently_used_copy_makes_room_and_one_in_use_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(&dir, 6).await;
        let (a, b) = (put(&cache, b"aa").await.unwrap(), put(&cache, b"bb").await.unwrap());
        let c = put(&cache, b"cc").await.unwrap();
        drop(cache.pin(&a));
        let pin = cache.pin(&b);
        let d = put(&cache, b"dd").await.unwrap();
        assert!(!is_there(&cache, &c), "b is older, and in use");
        assert!([&a, &b, &d].into_iter().all(|digest| is_there(&cache, digest)));
        assert!(
            matches!(cache.room(5), Err(Error::Full(_))),
            "b stays, so 5 of 6 are not to be had"
        );
        drop(pin);
        assert!(cache.room(6).is_ok());
    }

    #[tokio::test]
    async fn room_that_was_not_needed_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(&dir, 4).await;
        drop(cache.room(4).unwrap());
        put(&cache, b"aaa").await.unwrap();
        put(&cache, b"aaa").await.unwrap();
        assert!(put(&cache, b"b").await.is_ok(), "the same copy twice counts once");
    }

    #[tokio::test]
    async fn a_restart_finds_its_copies_and_keeps_a_smaller_limit() {
        let dir = tempfile::tempdir().unwrap();
        let before = cache(&dir, 6).await;
        let (a, b) = (put(&before, b"aa").await.unwrap(), put(&before, b"bb").await.unwrap());
        let older = std::time::SystemTime::UNIX_EPOCH;
        let file = std::fs::File::options().write(true).open(before.directory.path(&a)).unwrap();
        file.set_modified(older).unwrap();
        let after = cache(&dir, 3).await;
        assert!(!is_there(&after, &a) && is_there(&after, &b));
    }
}
