//! The requests under way that are evidence, in a small preallocated file: what was lost with a process
//! that was killed is told by the next one, and by those after it until it is stored.
//!
//! Owns that a mark is with the operating system before its request runs, and gone before it is
//! counted. Refuses to outlive the machine's own start: after a power cut the disk may say of requests
//! that they were under way which had been answered, and counted. Whatever fails here costs evidence, on
//! both arms alike, and no request.

mod file;
mod slot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use seatrial_domain::RolloutId;
use seatrial_domain::telemetry::{SeenUnits, Telemetry, UnderWay};

use crate::sync::lock;
pub use file::SLOTS_MAX;
use file::{Left, MarkFile};

#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Without it nothing is marked.
    file: Option<MarkFile>,
    slots: u32,
    free: Mutex<Vec<u32>>,
    /// Requests that found no room, or no file.
    unmarked: AtomicU64,
    /// What earlier processes lost, each under a boot of its own.
    lost: Vec<Telemetry>,
    /// The slots that tell it; none once it is stored.
    left: Mutex<Vec<u32>>,
}

/// A mark of one request, gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Mark {
    marks: Arc<Marks>,
    slot: u32,
}

impl Marks {
    /// Opens or makes the file for the process of this boot, with room for so many requests at once.
    pub(crate) fn open(path: &Path, boot: u64, slots: u32) -> Self {
        let slots = slots.min(SLOTS_MAX);
        match MarkFile::open(path, boot, slots) {
            Ok((file, left)) => Self::over(file, slots, &left),
            Err(error) => {
                let path = path.display();
                tracing::warn!(%path, %error, "answers lost with this process will not be told");
                Self::default()
            }
        }
    }

    fn over(file: MarkFile, slots: u32, left: &[Left]) -> Self {
        let taken: BTreeSet<u32> = left.iter().map(|left| left.slot).collect();
        let free = (1..=slots).rev().filter(|slot| !taken.contains(slot)).collect();
        Self {
            file: Some(file),
            slots,
            free: Mutex::new(free),
            unmarked: AtomicU64::new(0),
            lost: lost(left),
            left: Mutex::new(taken.into_iter().collect()),
        }
    }

    /// What was lost with earlier processes and is not stored.
    pub(crate) fn lost(&self) -> &[Telemetry] {
        if lock(&self.left).is_empty() { &[] } else { &self.lost }
    }

    /// It is stored: told no more, and its slots are of use again.
    pub(crate) fn forget_lost(&self) {
        let (left, Some(file)) = (std::mem::take(&mut *lock(&self.left)), &self.file) else {
            return;
        };
        if left.is_empty() {
            return;
        }
        let cleared = left.into_iter().filter(|slot| file.clear(*slot).is_ok());
        let reused: Vec<u32> = cleared.filter(|slot| *slot <= self.slots).collect();
        lock(&self.free).extend(reused);
        if let Err(error) = file.shrink() {
            tracing::warn!(%error, "the file of requests under way is larger than it need be");
        }
    }

    /// The units that were lost in a rollout: their arm is known, stored or not.
    pub(crate) fn lost_units(&self, rollout: RolloutId) -> SeenUnits {
        let lost = self.lost.iter().flat_map(|lost| &lost.units).filter(|(of, ..)| *of == rollout);
        let mut seen = SeenUnits::default();
        for (_, units, level) in lost {
            seen.merge(&SeenUnits { level: *level, units: units.iter().copied().collect() });
        }
        seen
    }

    /// Marks a request; none where there is no room.
    pub(crate) fn mark(self: &Arc<Self>, request: UnderWay) -> Option<Mark> {
        let mark = self.try_mark(request);
        if mark.is_none() {
            self.unmarked.fetch_add(1, Ordering::Relaxed);
        }
        mark
    }

    fn try_mark(self: &Arc<Self>, request: UnderWay) -> Option<Mark> {
        let file = self.file.as_ref()?;
        let slot = lock(&self.free).pop()?;
        // Dropped where it can't be written: the slot is free again.
        let mark = Mark { marks: Arc::clone(self), slot };
        file.mark(slot, request).ok().map(|()| mark)
    }

    /// Requests since boot that were not marked: were they lost, nobody would tell.
    pub(crate) fn unmarked(&self) -> u64 {
        self.unmarked.load(Ordering::Relaxed)
    }

    /// An orderly end: whoever has no answer by now was refused one, and nothing is told as lost.
    pub(crate) fn close(&self) {
        if let Some(Err(error)) = self.file.as_ref().map(MarkFile::end) {
            tracing::warn!(%error, "requests that were refused may be told as lost");
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        // A mark that stays is worse than a slot that is not used again: that is left alone.
        let Some(file) = &self.marks.file else { return };
        match file.clear(self.slot) {
            Ok(()) => lock(&self.marks.free).push(self.slot),
            Err(error) => tracing::error!(%error, "an answered request may be told as lost"),
        }
    }
}

fn lost(left: &[Left]) -> Vec<Telemetry> {
    let mut by_boot: BTreeMap<u64, Vec<UnderWay>> = BTreeMap::new();
    for Left { boot, request, .. } in left {
        by_boot.entry(*boot).or_default().push(*request);
    }
    by_boot.iter().map(|(boot, under_way)| Telemetry::of_lost(*boot, under_way)).collect()
}
