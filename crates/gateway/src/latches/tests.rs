//! What `latches` promises, as tests.

use super::Latches;
use super::slot::{self, SIZE, Slot};
use proptest::prelude::*;
use seatrial_domain::telemetry::{Latch, LatchCause};
use seatrial_domain::{EndpointName, Epoch, RolloutId};
use std::path::PathBuf;

fn endpoint(name: &str) -> EndpointName {
    EndpointName::new(name).unwrap()
}

fn latch(epoch: u64) -> Latch {
    Latch { rollout: RolloutId(3), epoch: Epoch(epoch), cause: LatchCause::ErrorRatio }
}

fn path(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("latches")
}

#[test]
fn a_latch_outlives_its_process_until_a_larger_epoch() {
    let dir = tempfile::tempdir().unwrap();
    Latches::open(&path(&dir), 4).unwrap().hold(&endpoint("digits"), latch(7));

    let again = Latches::open(&path(&dir), 4).unwrap();
    assert_eq!(again.get(&endpoint("digits")), Some(latch(7)));
    assert_eq!(again.over(&endpoint("digits"), Epoch(6)), Some(latch(7)));
    assert_eq!(again.over(&endpoint("digits"), Epoch(7)), Some(latch(7)));
    assert_eq!(again.over(&endpoint("digits"), Epoch(8)), None);

    let after = Latches::open(&path(&dir), 4).unwrap();
    assert_eq!(after.get(&endpoint("digits")), None);
}

#[test]
fn more_latches_than_slots_are_held_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let latches = Latches::open(&path(&dir), 1).unwrap();
    latches.hold(&endpoint("a"), latch(1));
    latches.hold(&endpoint("b"), latch(1));
    assert!(latches.get(&endpoint("b")).is_some());
    assert!(Latches::open(&path(&dir), 1).unwrap().get(&endpoint("b")).is_none());
}

#[test]
fn the_file_is_allocated_whole() {
    let dir = tempfile::tempdir().unwrap();
    drop(Latches::open(&path(&dir), 8).unwrap());
    assert_eq!(std::fs::metadata(path(&dir)).unwrap().len(), 8 * SIZE as u64);
}

#[test]
fn a_damaged_slot_is_no_latch() {
    let mut bytes = slot::write(&endpoint("digits"), latch(7));
    assert_eq!(slot::read(&bytes), Slot::Latch(endpoint("digits"), latch(7)));
    bytes[16] ^= 1;
    assert_eq!(slot::read(&bytes), Slot::Damaged);
    assert_eq!(slot::read(&[0; SIZE]), Slot::Empty);
}

proptest! {
    #[test]
    fn no_bytes_make_a_slot_panic(bytes in prop::collection::vec(any::<u8>(), SIZE)) {
        let _slot = slot::read(&bytes.try_into().unwrap());
    }
}
