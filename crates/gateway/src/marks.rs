//! The requests under way that are evidence, in a small preallocated file: what was lost with a process
//! that was killed is told by the next one.
//!
//! Owns that a mark is with the operating system before its request runs, and gone before it is
//! counted. Refuses to outlive the machine's own start: after a power cut the disk may say of requests
//! that they were under way which had been answered, and counted. Whatever fails here costs evidence, on
//! both arms alike, and no request.

mod slot;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use seatrial_domain::telemetry::{Telemetry, UnderWay};

use crate::sync::lock;
use slot::SIZE;

/// Requests marked at once; more are not told if they are lost.
const SLOTS: u32 = 4_096;

/// Changes with each start of the machine.
const MACHINE: &str = "/proc/sys/kernel/random/boot_id";

#[derive(Debug)]
pub(crate) struct Marks {
    file: Option<File>,
    free: Mutex<Vec<u32>>,
}

/// A mark of one request, gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Mark {
    marks: Arc<Marks>,
    slot: u32,
}

impl Marks {
    /// None is marked.
    pub(crate) fn none() -> Self {
        Self { file: None, free: Mutex::default() }
    }

    /// Opens or makes the file for the process of this boot, with what the one before left there.
    /// Without a file nothing is marked.
    pub(crate) fn open(path: &Path, boot: u64) -> (Self, Option<Telemetry>) {
        match machine().and_then(|machine| open(path, boot, machine)) {
            Ok((file, lost)) => {
                let free = Mutex::new((1..=SLOTS).rev().collect());
                (Self { file: Some(file), free }, lost)
            }
            Err(error) => {
                let path = path.display();
                tracing::warn!(%path, %error, "answers lost with this process will not be told");
                (Self::none(), None)
            }
        }
    }

    /// Marks a request; none where there is no room.
    pub(crate) fn mark(self: &Arc<Self>, request: UnderWay) -> Option<Mark> {
        let file = self.file.as_ref()?;
        let slot = lock(&self.free).pop()?;
        // Dropped where it can't be written: the slot is free again.
        let mark = Mark { marks: Arc::clone(self), slot };
        file.write_all_at(&slot::write(request), offset(slot)).ok().map(|()| mark)
    }

    /// An orderly end: whoever has no answer by now was refused one, and nothing is told as lost.
    pub(crate) fn close(&self) {
        let closed = self.file.as_ref().map(|file| file.write_all_at(&[0; SIZE], 0));
        if let Some(Err(error)) = closed {
            tracing::warn!(%error, "requests that were refused may be told as lost");
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        // A mark that stays is worse than a slot that is not used again: that is left alone.
        let Some(file) = &self.marks.file else { return };
        match file.write_all_at(&[0; SIZE], offset(self.slot)) {
            Ok(()) => lock(&self.marks.free).push(self.slot),
            Err(error) => tracing::error!(%error, "an answered request may be told as lost"),
        }
    }
}

fn offset(slot: u32) -> u64 {
    let size = u64::try_from(SIZE).unwrap_or(u64::MAX);
    u64::from(slot) * size
}

fn machine() -> io::Result<u64> {
    std::fs::read(MACHINE).map(|id| slot::checksum(&id))
}

/// Begins anew for this boot, in one write of real bytes: no later one needs room on the disk.
fn open(path: &Path, boot: u64, machine: u64) -> io::Result<(File, Option<Telemetry>)> {
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let lost = lost(&bytes, machine);
    let mut new = slot::head(boot, machine).to_vec();
    new.resize(SIZE * (1 + usize::try_from(SLOTS).unwrap_or(0)), 0);
    file.write_all_at(&new, 0)?;
    Ok((file, lost))
}

fn lost(bytes: &[u8], machine: u64) -> Option<Telemetry> {
    let (slots, _rest) = bytes.as_chunks::<SIZE>();
    let (head, slots) = slots.split_first()?;
    let (boot, of) = slot::read_head(head)?;
    let under_way: Vec<UnderWay> = slots.iter().filter_map(slot::read).collect();
    (of == machine && !under_way.is_empty()).then(|| Telemetry::of_lost(boot, &under_way))
}
