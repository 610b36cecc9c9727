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

#[derive(Debug)]
pub(super) struct LatchFile {
    file: File,
    /// Whose slot is whose; `None` is free.
    owners: Vec<Option<EndpointName>>,
    /// Asks the syncing thread to make what was written outlive a power cut.
    sync: SyncSender<()>,
}

impl LatchFile {
    /// Opens or makes the file, and reads the latches in it. Damaged slots are reported and freed.
    pub(super) fn open(
        path: &Path,
        slots: u32,
    ) -> io::Result<(Self, BTreeMap<EndpointName, Latch>)> {
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
        let (owners, held) = read_slots(&bytes);
        let sync = start_syncing(file.try_clone()?)?;
        Ok((Self { file, owners, sync }, held))
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
        let offset = u64::try_from(index * SIZE).unwrap_or(u64::MAX);
        if let Err(error) = self.file.write_all_at(&bytes, offset) {
            tracing::error!(%endpoint, %error, "the latch file cannot be written: this latch will not outlive the process");
            return;
        }
        if let Some(owner) = self.owners.get_mut(index) {
            *owner = latch.map(|_held| endpoint.clone());
        }
        match self.sync.try_send(()) {
            // A full queue means that a sync is asked for already.
            Ok(()) | Err(TrySendError::Full(())) => {}
            Err(TrySendError::Disconnected(())) => {
                tracing::error!("the latch file's syncing thread has ended");
            }
        }
    }

    fn slot_of(&self, endpoint: &EndpointName) -> Option<usize> {
        let owned = self.owners.iter().position(|owner| owner.as_ref() == Some(endpoint));
        owned.or_else(|| self.owners.iter().position(Option::is_none))
    }
}

fn read_slots(bytes: &[u8]) -> (Vec<Option<EndpointName>>, BTreeMap<EndpointName, Latch>) {
    let mut held = BTreeMap::new();
    let (slots, _rest) = bytes.as_chunks::<SIZE>();
    let owners = slots
        .iter()
        .map(|bytes| match slot::read(bytes) {
            Slot::Empty => None,
            Slot::Latch(endpoint, latch) => {
                held.insert(endpoint.clone(), latch);
                Some(endpoint)
            }
            Slot::Damaged => {
                tracing::error!("a slot of the latch file is damaged: its latch is lost");
                None
            }
        })
        .collect();
    (owners, held)
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
