//! What `latches` promises, as tests.

use super::file::LatchFile;
use super::slot::{self, SIZE, Slot};
use super::{Inner, Latches};
use proptest::prelude::*;
use seatrial_domain::telemetry::{Latch, LatchCause};
use seatrial_domain::{EndpointName, Epoch, RolloutId};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Mutex;

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
fn a_damaged_slot_shows() {
    let mut bytes = slot::write(&endpoint("digits"), latch(7));
    assert_eq!(slot::read(&bytes), Slot::Latch(endpoint("digits"), latch(7)));
    bytes[16] ^= 1;
    assert_eq!(slot::read(&bytes), Slot::Damaged);
    assert_eq!(slot::read(&[0; SIZE]), Slot::Empty);
}

#[test]
fn a_latch_that_cannot_be_written_holds_while_the_process_lives() {
    let dir = tempfile::tempdir().unwrap();
    let (file, found) = LatchFile::open(&path(&dir), 4).unwrap();
    let file = file.over(File::open(path(&dir)).unwrap());
    let latches = Latches { inner: Mutex::new(Inner::new(found, Some(file))) };
    latches.hold(&endpoint("digits"), latch(7));
    assert_eq!(latches.over(&endpoint("digits"), Epoch(7)), Some(latch(7)));
    assert_eq!(Latches::open(&path(&dir), 4).unwrap().get(&endpoint("digits")), None);
}

fn damaged(dir: &tempfile::TempDir) -> Latches {
    Latches::open(&path(dir), 4).unwrap().hold(&endpoint("digits"), latch(7));
    let mut bytes = std::fs::read(path(dir)).unwrap();
    bytes[16] ^= 1;
    std::fs::write(path(dir), bytes).unwrap();
    Latches::open(&path(dir), 4).unwrap()
}

#[test]
fn after_damage_only_the_table_from_before_is_suspected() {
    let dir = tempfile::tempdir().unwrap();
    let latches = damaged(&dir);
    let suspect = |name: &str, epoch| {
        latches.suspect(&endpoint(name), Epoch(epoch), Some(latch(epoch)));
        latches.over(&endpoint(name), Epoch(epoch))
    };
    assert_eq!(suspect("digits", 0), None, "it only makes the endpoint known");
    assert_eq!(suspect("digits", 7), Some(latch(7)));
    assert_eq!(suspect("digits", 8), None);
    assert_eq!(suspect("letters", 3), Some(latch(3)), "whose it was is not known");

    let whole = Latches::in_memory();
    whole.suspect(&endpoint("digits"), Epoch(7), Some(latch(7)));
    assert_eq!(whole.get(&endpoint("digits")), None);
}

#[test]
fn a_damaged_slot_is_kept_until_the_tables_from_before_are_in_force() {
    let dir = tempfile::tempdir().unwrap();
    let latches = damaged(&dir);
    latches.hold(&endpoint("letters"), latch(3));
    let again = Latches::open(&path(&dir), 4).unwrap();
    again.suspect(&endpoint("digits"), Epoch(7), Some(latch(7)));
    assert_eq!(again.get(&endpoint("digits")), Some(latch(7)), "the damage still shows");
    again.recovered();
    let healed = Latches::open(&path(&dir), 4).unwrap();
    assert_eq!(healed.get(&endpoint("digits")), Some(latch(7)));
    healed.suspect(&endpoint("more"), Epoch(1), Some(latch(1)));
    assert_eq!(healed.get(&endpoint("more")), None);
}

proptest! {
    #[test]
    fn no_bytes_make_a_slot_panic(bytes in prop::collection::vec(any::<u8>(), SIZE)) {
        let _slot = slot::read(&bytes.try_into().unwrap());
    }
}
