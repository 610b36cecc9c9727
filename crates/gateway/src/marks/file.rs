//! The file: a head, then the slots. Marks that earlier processes left stay where they are until what
//! they tell is stored, however many slots there are now.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use seatrial_domain::telemetry::UnderWay;

use super::slot::{self, Bytes, Head, SIZE};

/// Changes with each start of the machine.
const MACHINE: &str = "/proc/sys/kernel/random/boot_id";

/// No process has more slots, so nothing beyond them is read. The file is written whole whenever a
/// process starts: 2.5 MiB.
pub const SLOTS_MAX: u32 = 65_536;

#[derive(Debug)]
pub(super) struct MarkFile {
    file: File,
    machine: u64,
    boot: u64,
    slots: u32,
}

/// A mark of a process that was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) slot: u32,
    pub(super) boot: u64,
    pub(super) request: UnderWay,
}

impl MarkFile {
    /// Opens or makes the file for the process of this boot, with what earlier ones left there.
    pub(super) fn open(path: &Path, boot: u64, slots: u32) -> io::Result<(Self, Vec<Left>)> {
        let machine = std::fs::read(MACHINE).map(|id| slot::checksum(&id))?;
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = Vec::new();
        (&file).take(offset(SLOTS_MAX + 1)).read_to_end(&mut bytes)?;
        let left = left(&bytes, machine);
        let this = Self { file, machine, boot, slots };
        this.begin(&left)?;
        Ok((this, left))
    }

    /// Empties all other slots, in one write of real bytes: no later one needs room on the disk. The
    /// head comes last: until then it says whose marks are none.
    fn begin(&self, left: &[Left]) -> io::Result<()> {
        let highest = left.iter().map(|left| left.slot).fold(self.slots, u32::max);
        let mut bytes = vec![0; usize::try_from(offset(highest)).unwrap_or(usize::MAX)];
        let (slots, _rest) = bytes.as_chunks_mut::<SIZE>();
        for Left { slot, boot, request } in left.iter().copied() {
            let index = usize::try_from(slot - 1).unwrap_or(usize::MAX);
            if let Some(slot) = slots.get_mut(index) {
                *slot = slot::write(boot, request);
            }
        }
        self.file.write_all_at(&bytes, offset(1))?;
        self.file.set_len(offset(highest + 1))?;
        self.put(0, &slot::head(Head { machine: self.machine, ended: None }))
    }

    pub(super) fn mark(&self, slot: u32, request: UnderWay) -> io::Result<()> {
        self.put(slot, &slot::write(self.boot, request))
    }

    pub(super) fn clear(&self, slot: u32) -> io::Result<()> {
        self.put(slot, &[0; SIZE])
    }

    /// From now on the marks of this process are none.
    pub(super) fn end(&self) -> io::Result<()> {
        self.put(0, &slot::head(Head { machine: self.machine, ended: Some(self.boot) }))
    }

    /// Gives back the room that marks of earlier processes took beyond the slots.
    pub(super) fn shrink(&self) -> io::Result<()> {
        self.file.set_len(offset(self.slots + 1))
    }

    fn put(&self, slot: u32, bytes: &Bytes) -> io::Result<()> {
        self.file.write_all_at(bytes, offset(slot))
    }
}

fn offset(slot: u32) -> u64 {
    let size = u64::try_from(SIZE).unwrap_or(u64::MAX);
    u64::from(slot) * size
}

/// Without those of a process that ended orderly, and of another start of the machine.
pub(super) fn left(bytes: &[u8], machine: u64) -> Vec<Left> {
    let (slots, _rest) = bytes.as_chunks::<SIZE>();
    let Some((head, slots)) = slots.split_first() else { return Vec::new() };
    let Some(head) = slot::read_head(head).filter(|head| head.machine == machine) else {
        return Vec::new();
    };
    let marks = (1..).zip(slots).filter_map(|(slot, bytes)| {
        let (boot, request) = slot::read(bytes)?;
        (head.ended != Some(boot)).then_some(Left { slot, boot, request })
    });
    marks.collect()
}
