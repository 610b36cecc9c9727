//! What `marks` promises, as tests. A process that is killed is one whose marks are never dropped.

use super::*;
use proptest::prelude::*;
use seatrial_domain::evidence::{ArmCount, GateIndex};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::ledger::Unit;
use seatrial_domain::split::Arm;
use seatrial_domain::{RolloutId, Share};

fn request(arm: Arm, unit: Unit) -> UnderWay {
    let share = |basis_points| Share::new(basis_points).unwrap();
    let stratum = GateIndex(2).after(Exposure::up_to(share(500)));
    UnderWay { rollout: RolloutId(3), stratum, share: share(2_500), arm, unit }
}

fn lost_units(lost: Option<Telemetry>) -> ArmCount {
    lost.map(|lost| lost.gates[0].2.lost).unwrap_or_default()
}

#[test]
fn what_has_no_answer_when_the_process_is_killed_is_told_once_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("marks");
    let (marks, before) = Marks::open(&path, 5);
    assert_eq!(before, None);
    let marks = Arc::new(marks);
    let asked = [request(Arm::Candidate, Unit::Keyed(9)), request(Arm::Incumbent, Unit::Request)];
    let held = asked.map(|request| marks.mark(request).unwrap());
    drop(marks.mark(request(Arm::Candidate, Unit::Request)));

    let lost = Marks::open(&path, 6).1;
    assert_eq!(lost, Some(Telemetry::of_lost(5, &asked)));
    assert_eq!(lost_units(lost), ArmCount { candidate: 1, incumbent: 1 });
    drop(held);
    assert_eq!(Marks::open(&path, 7).1, None);
}

#[test]
fn an_orderly_end_loses_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("marks");
    let marks = Arc::new(Marks::open(&path, 5).0);
    let _refused = marks.mark(request(Arm::Candidate, Unit::Request)).unwrap();
    marks.close();
    let _later = marks.mark(request(Arm::Candidate, Unit::Request)).unwrap();
    assert_eq!(Marks::open(&path, 6).1, None);
}

#[test]
fn another_start_of_the_machine_knows_nothing_of_this_one() {
    let mut bytes = slot::head(5, 1).to_vec();
    bytes.extend(slot::write(request(Arm::Candidate, Unit::Request)));
    assert_eq!(lost_units(lost(&bytes, 1)), ArmCount { candidate: 1, incumbent: 0 });
    assert_eq!(lost(&bytes, 2), None);
}

#[test]
fn marks_are_bounded_and_their_room_is_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let marks = Arc::new(Marks::open(&dir.path().join("marks"), 5).0);
    let mark = || marks.mark(request(Arm::Incumbent, Unit::Request));
    let held: Vec<_> = (0..SLOTS).map_while(|_| mark()).collect();
    assert_eq!(held.len(), usize::try_from(SLOTS).unwrap());
    assert!(mark().is_none());
    drop(held);
    assert!(mark().is_some());
}

#[test]
fn without_a_file_requests_run_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (marks, lost) = Marks::open(dir.path(), 5);
    assert_eq!(lost, None);
    assert!(Arc::new(marks).mark(request(Arm::Candidate, Unit::Request)).is_none());
}

proptest! {
    #[test]
    fn no_bytes_make_a_slot_panic(bytes in prop::collection::vec(any::<u8>(), SIZE)) {
        let _mark = slot::read(&bytes.try_into().unwrap());
    }

    #[test]
    fn a_mark_reads_as_it_was_written_and_a_torn_one_is_none(
        hash: u64, candidate: bool, keyed: bool, torn in 0..SIZE,
    ) {
        let arm = if candidate { Arm::Candidate } else { Arm::Incumbent };
        let unit = if keyed { Unit::Keyed(hash) } else { Unit::Request };
        let mut bytes = slot::write(request(arm, unit));
        prop_assert_eq!(slot::read(&bytes), Some(request(arm, unit)));
        bytes[torn] ^= 1;
        prop_assert_eq!(slot::read(&bytes), None);
    }
}
