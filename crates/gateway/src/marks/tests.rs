//! What `marks` promises, as tests. A process that is killed is one whose marks are never dropped.

use super::slot::{Head, SIZE};
use super::*;
use proptest::prelude::*;
use seatrial_domain::Share;
use seatrial_domain::evidence::{ArmCount, GateIndex};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::ledger::Unit;
use seatrial_domain::split::Arm;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use tempfile::TempDir;

const SLOTS: u32 = 8;

fn request(arm: Arm, unit: Unit) -> UnderWay {
    let share = |basis_points| Share::new(basis_points).unwrap();
    let stratum = GateIndex(2).after(Exposure::up_to(share(500)));
    UnderWay { rollout: RolloutId(3), stratum, share: share(2_500), arm, unit }
}

fn candidates() -> UnderWay {
    request(Arm::Candidate, Unit::Request)
}

fn incumbents(hash: u64) -> UnderWay {
    request(Arm::Incumbent, Unit::Keyed(hash))
}

fn file() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("marks");
    (dir, path)
}

fn open(path: &Path, boot: u64) -> Arc<Marks> {
    Arc::new(Marks::open(path, boot, SLOTS))
}

fn mark_all(marks: &Arc<Marks>, count: u32) -> Vec<Mark> {
    (0..count).map_while(|hash| marks.mark(incumbents(hash.into()))).collect()
}

fn lost_units(marks: &Marks) -> ArmCount {
    marks.lost().iter().flat_map(|lost| &lost.gates).fold(ArmCount::default(), |sum, gate| {
        let ArmCount { candidate, incumbent } = gate.2.lost;
        ArmCount { candidate: sum.candidate + candidate, incumbent: sum.incumbent + incumbent }
    })
}

fn incumbents_lost(count: u64) -> ArmCount {
    ArmCount { candidate: 0, incumbent: count }
}

#[test]
fn what_has_no_answer_when_the_process_is_killed_is_told_by_the_next_until_it_is_stored() {
    let (_dir, path) = file();
    let marks = open(&path, 5);
    assert_eq!(marks.lost(), []);
    let asked = [candidates(), incumbents(9)];
    let _held = asked.map(|request| marks.mark(request).unwrap());
    drop(marks.mark(candidates()));

    let next = open(&path, 6);

    assert_eq!(next.lost(), [Telemetry::of_lost(5, &asked)]);
    assert_eq!(lost_units(&next), ArmCount { candidate: 1, incumbent: 1 });
    next.forget_lost();
    assert_eq!(next.lost(), []);
    assert_eq!(open(&path, 7).lost(), []);
}

/// A store may be away for longer than a process.
#[test]
fn what_a_process_could_not_store_is_told_by_the_one_after_it_with_what_that_lost_itself() {
    let (_dir, path) = file();
    let _first = open(&path, 5).mark(incumbents(1)).unwrap();
    let _second = open(&path, 6).mark(incumbents(2)).unwrap();

    let third = open(&path, 7);

    let of = |boot, hash| Telemetry::of_lost(boot, &[incumbents(hash)]);
    assert_eq!(third.lost(), [of(5, 1), of(6, 2)]);
    third.forget_lost();
    assert_eq!(open(&path, 8).lost(), []);
}

/// Whoever comes again must not count as new, be it before the store takes what was lost or after.
#[test]
fn the_arm_of_a_lost_unit_is_known_stored_or_not() {
    let (_dir, path) = file();
    let _held = open(&path, 5).mark(incumbents(9)).unwrap();
    let next = open(&path, 6);
    let known =
        SeenUnits { level: 0, units: [(9, Exposure::up_to(Share::new(2_500).unwrap()))].into() };
    assert_eq!(next.lost_units(RolloutId(3)), known);
    assert_eq!(next.lost_units(RolloutId(4)), SeenUnits::default());
    next.forget_lost();
    assert_eq!(next.lost_units(RolloutId(3)), known);
}

#[test]
fn an_orderly_end_loses_nobody_and_forgets_nobody() {
    let (_dir, path) = file();
    let _lost = open(&path, 4).mark(incumbents(1)).unwrap();
    let marks = open(&path, 5);
    let _refused = marks.mark(candidates()).unwrap();
    marks.close();
    let _later = marks.mark(candidates()).unwrap();
    let next = open(&path, 6);
    assert_eq!(next.lost(), [Telemetry::of_lost(4, &[incumbents(1)])]);
    assert_eq!(open(&path, 7).lost(), next.lost(), "the end of one is no later one's");
}

#[test]
fn another_start_of_the_machine_knows_nothing_of_this_one() {
    let mut bytes = slot::head(Head { machine: 1, ended: None }).to_vec();
    bytes.extend(slot::write(5, candidates()));
    let left = Left { slot: 1, boot: 5, request: candidates() };
    assert_eq!(file::left(&bytes, 1), [left]);
    assert_eq!(file::left(&bytes, 2), []);
}

#[test]
fn marks_are_bounded_counted_beyond_and_their_room_is_used_again() {
    let (_dir, path) = file();
    let marks = open(&path, 5);
    let held = mark_all(&marks, SLOTS);
    assert_eq!((held.len(), marks.unmarked()), (8, 0));
    assert!(marks.mark(candidates()).is_none());
    assert_eq!(marks.unmarked(), 1);
    drop(held);
    assert!(marks.mark(candidates()).is_some());
    assert_eq!(marks.unmarked(), 1);
}

#[test]
fn marks_of_earlier_processes_take_room_until_they_are_stored() {
    let (_dir, path) = file();
    let _lost = mark_all(&open(&path, 5), 3);
    let next = open(&path, 6);
    let held = mark_all(&next, SLOTS);
    assert_eq!(held.len(), 5);
    next.forget_lost();
    assert_eq!(mark_all(&next, SLOTS).len(), 3);
}

#[test]
fn what_a_process_with_more_slots_lost_is_read_and_its_room_given_back() {
    let (_dir, path) = file();
    let _lost = mark_all(&Arc::new(Marks::open(&path, 5, 100)), 50);
    let next = open(&path, 6);
    assert_eq!(lost_units(&next), incumbents_lost(50));
    // All of its own are taken until what was lost is stored.
    assert!(next.mark(candidates()).is_none());
    assert_eq!(lost_units(&open(&path, 7)), incumbents_lost(50));

    next.forget_lost();

    let size = u64::try_from(SIZE).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), size * (1 + u64::from(SLOTS)));
    let held = mark_all(&next, 100);
    assert_eq!(held.len(), 8);
    assert_eq!(lost_units(&open(&path, 8)), incumbents_lost(8));
}

#[test]
fn what_a_process_with_fewer_slots_lost_is_read_and_there_is_room_for_more() {
    let (_dir, path) = file();
    let _lost = mark_all(&open(&path, 5), SLOTS);
    let next = Arc::new(Marks::open(&path, 6, 100));
    assert_eq!(lost_units(&next), incumbents_lost(8));
    assert_eq!(mark_all(&next, 100).len(), 92);
}

#[test]
fn a_file_of_any_size_is_read_as_far_as_slots_can_be() {
    let (_dir, path) = file();
    drop(open(&path, 5));
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let size = u64::try_from(SIZE).unwrap();
    for (slot, request) in [(SLOTS_MAX, candidates()), (SLOTS_MAX + 1, incumbents(1))] {
        file.write_all_at(&slot::write(5, request), size * u64::from(slot)).unwrap();
    }
    assert_eq!(open(&path, 6).lost(), [Telemetry::of_lost(5, &[candidates()])]);
}

#[test]
fn without_a_file_requests_run_all_the_same_and_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let marks = open(dir.path(), 5);
    assert_eq!(marks.lost(), []);
    assert!(marks.mark(candidates()).is_none());
    assert_eq!(marks.unmarked(), 1);
}

proptest! {
    #[test]
    fn no_bytes_make_a_slot_panic(bytes in prop::collection::vec(any::<u8>(), SIZE)) {
        let _mark = slot::read(&bytes.try_into().unwrap());
    }

    #[test]
    fn a_mark_reads_as_it_was_written_and_a_torn_one_is_none(
        boot: u64, hash: u64, candidate: bool, keyed: bool, torn in 0..SIZE,
    ) {
        let arm = if candidate { Arm::Candidate } else { Arm::Incumbent };
        let unit = if keyed { Unit::Keyed(hash) } else { Unit::Request };
        let mut bytes = slot::write(boot, request(arm, unit));
        prop_assert_eq!(slot::read(&bytes), Some((boot, request(arm, unit))));
        bytes[torn] ^= 1;
        prop_assert_eq!(slot::read(&bytes), None);
    }

    #[test]
    fn a_head_reads_as_it_was_written(machine: u64, ended: Option<u64>) {
        let head = Head { machine, ended };
        prop_assert_eq!(slot::read_head(&slot::head(head)), Some(head));
    }
}
