//! The file: one slot for each latched endpoint, allocated whole when it is made, so that a full
//! disk later cannot refuse a latch.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use seatrial_domain::EndpointName;
use seatrial_domain::telemetry::Latch;

use super::slot::{self, SIZE, Slot};

/// Whose slot it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Owner {
    Nobody,
    Endpoint(EndpointName),
    /// Somebody's: left as it is until it has been acted on.
    Unknown,
}

/// What was found in the file.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) held: BTreeMap<EndpointName, Latch>,
    pub(super) damage: Damage,
}

/// Whether a latch may be missing from what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    None,
    Some,
}

#[derive(Debug)]
pub(super) struct LatchFile {
    file: File,
    owners: Vec<Owner>,
    /// Asks the syncing thread to make what was written outlive a power cut.
    sync: SyncSender<()>,
}

impl LatchFile {
    /// Opens or makes the file, and reads the latches in it. Damaged slots are reported.
    pub(super) fn open(path: &Path, slots: u32) -> io::Result<(Self, Found)> {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let slots = usize::try_from(slots).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        if bytes.len() < slots * SIZE {
            // Real zeros, not a hole: only written blocks are surely there on a full disk.
            file.write_all(&vec![0; slots * SIZE - bytes.len()])?;
            file.sync_all()?;
            bytes.resize(slots * SIZE, 0);
        }
        let (owners, found) = read_slots(&bytes);
        let sync = start_syncing(file.try_clone()?)?;
        Ok((Self { file, owners, sync }, found))
    }

    /// The same over another handle of the file.
    #[cfg(test)]
    pub(super) fn over(self, file: File) -> Self {
        Self { file, ..self }
    }

    /// Writes the endpoint's slot, or frees it. The bytes are with the operating system when this
    /// returns, which is enough against a killed process; the disk follows on its own thread,
    /// because traffic must not wait for it.
    pub(super) fn write(&mut self, endpoint: &EndpointName, latch: Option<Latch>) {
        let Some(index) = self.slot_of(endpoint) else {
            tracing::error!(%endpoint, "no slot is left in the latch file: this latch will not outlive the process");
            return;
        };
        let bytes = latch.map_or([0; SIZE], |latch| slot::write(endpoint, latch));
        let owner = latch.map_or(Owner::Nobody, |_held| Owner::Endpoint(endpoint.clone()));
        if let Err(error) = self.put(index, &bytes, owner) {
            tracing::error!(%endpoint, %error, "the latch file cannot be written: this latch will not outlive the process");
        }
    }

    /// Frees the damaged slots: what they may have held is held otherwise by now.
    pub(super) fn free_damaged(&mut self) {
        for index in 0..self.owners.len() {
            if self.owners.get(index) == Some(&Owner::Unknown)
                && let Err(error) = self.put(index, &[0; SIZE], Owner::Nobody)
            {
                tracing::error!(%error, "a damaged slot of the latch file cannot be freed");
            }
        }
    }

    fn put(&mut self, index: usize, bytes: &slot::Bytes, owner: Owner) -> io::Result<()> {
        let offset = u64::try_from(index * SIZE).unwrap_or(u64::MAX);
        self.file.write_all_at(bytes, offset)?;
        if let Some(place) = self.owners.get_mut(index) {
            *place = owner;
        }
        self.ask_for_sync();
        Ok(())
    }

    fn ask_for_sync(&self) {
        match self.sync.try_send(()) {
            // A full queue means that a sync is asked for already.
            Ok(()) | Err(TrySendError::Full(())) => {}
            Err(TrySendError::Disconnected(())) => {
                tracing::error!("the latch file's syncing thread has ended");
            }
        }
    }

    fn slot_of(&self, endpoint: &EndpointName) -> Option<usize> {
        let is_own = |owner: &Owner| matches!(owner, Owner::Endpoint(name) if name == endpoint);
        let owned = self.owners.iter().position(is_own);
        owned.or_else(|| self.owners.iter().position(|owner| *owner == Owner::Nobody))
    }
}

fn read_slots(bytes: &[u8]) -> (Vec<Owner>, Found) {
    let mut found = Found { held: BTreeMap::new(), damage: Damage::None };
    let (slots, _rest) = bytes.as_chunks::<SIZE>();
    let owners = slots
        .iter()
        .map(|bytes| match slot::read(bytes) {
            Slot::Empty => Owner::Nobody,
            Slot::Latch(endpoint, latch) => {
                found.held.insert(endpoint.clone(), latch);
                Owner::Endpoint(endpoint)
            }
            Slot::Damaged => {
                tracing::error!(
                    "a slot of the latch file is damaged: every candidate's share is zero until \
                     its rollout is at a larger epoch"
                );
                found.damage = Damage::Some;
                Owner::Unknown
            }
        })
        .collect();
    (owners, found)
}

/// A thread of its own that ends with the file's owner.
fn start_syncing(file: File) -> io::Result<SyncSender<()>> {
    let (ask, asked) = sync_channel::<()>(1);
    std::thread::Builder::new().name("latch-sync".to_owned()).spawn(move || {
        while asked.recv().is_ok() {
            if let Err(error) = file.sync_data() {
                tracing::error!(%error, "the latch file cannot be synced to disk");
            }
        }
    })?;
    Ok(ask)
}
