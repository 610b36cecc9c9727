//! What every store promises of evidence, as tests.

use super::fixture::{at, endpoint, fixture, plan, tamper};
use crate::Store;
use seatrial_analysis::counts::{ArmHistogram, Cells};
use seatrial_domain::evidence::{
    ArmCount, Evidence, GateCounts, GateIndex, MirrorCounts, ShadowCounts,
};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::judge::Judge;
use seatrial_domain::plan::Kind;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, SeenUnits, Telemetry, request_hash};
use seatrial_domain::verdict::Decision;
use seatrial_domain::{RolloutId, Share, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

const ROLLOUT: RolloutId = RolloutId(1);
const KNOWN: Exposure = Exposure::KNOWN;

fn hashes(seen: &SeenUnits) -> BTreeSet<u64> {
    seen.units.keys().copied().collect()
}

fn counts(candidate: u64) -> GateCounts {
    GateCounts {
        units: ArmCount { candidate, incumbent: 2 * candidate },
        errors: Cells {
            candidate_good: candidate,
            incumbent_good: 2 * candidate,
            ..Cells::default()
        },
        latency: ArmHistogram { candidate: vec![candidate, 0], incumbent: vec![0, 2 * candidate] },
        ..GateCounts::default()
    }
}

fn flush(boot: u64, seq: u64, candidate: u64) -> Telemetry {
    let mirror = MirrorCounts { offered: candidate, sent: candidate, ..MirrorCounts::default() };
    Telemetry {
        boot,
        seq,
        gates: vec![(ROLLOUT, GateIndex(0).unseen(), counts(candidate))],
        shadow: vec![(ROLLOUT, ShadowCounts { mirror, ..ShadowCounts::default() })],
        ..Telemetry::default()
    }
}

pub(super) fn assignment(id: &str, seconds: i64) -> Assignment {
    Assignment {
        request: request_hash(&endpoint(), id),
        endpoint: endpoint(),
        rollout: Some(ROLLOUT),
        gate: Some(GateIndex(0)),
        seen: Exposure::NONE,
        arm: Arm::Candidate,
        counted: Counted::Yes,
        unit: None,
        slices: Default::default(),
        at: at(seconds),
    }
}

#[tokio::test]
async fn a_later_flush_of_a_boot_replaces_and_boots_add_up() {
    let fixture = fixture().await;
    let store = &fixture.store;
    for telemetry in [flush(1, 1, 3), flush(1, 2, 5), flush(1, 2, 5), flush(1, 1, 3)] {
        store.flush(&telemetry).await.unwrap();
    }
    let once = store.evidence(ROLLOUT).await.unwrap();
    assert_eq!(once.gates[&GateIndex(0).unseen()], counts(5));
    store.flush(&flush(u64::MAX, 1, 2)).await.unwrap();
    let fixture = fixture.reopened().await;
    let both = fixture.store.evidence(ROLLOUT).await.unwrap();
    assert_eq!(both.gates[&GateIndex(0).unseen()], counts(7));
    assert_eq!(both.shadow.mirror.offered, 7);
    assert!(fixture.store.evidence(RolloutId(2)).await.unwrap().gates.is_empty());
}

#[tokio::test]
async fn seen_units_survive_and_narrow_with_the_level() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let units = |seq, hashes: &[u64], level| Telemetry {
        boot: 1,
        seq,
        units: vec![(ROLLOUT, hashes.iter().map(|hash| (*hash, KNOWN)).collect(), level)],
        ..Telemetry::default()
    };
    store.flush(&units(1, &[u64::MAX, 1 << 63, 1 << 62, 5, 0], 0)).await.unwrap();
    let seen = store.seen_units(ROLLOUT).await.unwrap();
    assert_eq!(hashes(&seen), [u64::MAX, 1 << 63, 1 << 62, 5, 0].into());
    store.flush(&units(2, &[7], 1)).await.unwrap();
    assert_eq!(hashes(&store.seen_units(ROLLOUT).await.unwrap()), [1 << 62, 7, 5, 0].into());
    // A late flush of a wider sample does not widen it again.
    store.flush(&units(3, &[u64::MAX, 9], 0)).await.unwrap();
    let seen = store.seen_units(ROLLOUT).await.unwrap();
    assert_eq!((seen.level, hashes(&seen)), (1, [1 << 62, 9, 7, 5, 0].into()));
    store.flush(&units(4, &[], 64)).await.unwrap();
    assert_eq!(hashes(&store.seen_units(ROLLOUT).await.unwrap()), [0].into());
}

#[tokio::test]
async fn what_is_known_of_a_units_arm_only_grows_whatever_the_order_of_flushes() {
    let fixture = fixture().await;
    let seen = |basis_points| Exposure::up_to(Share::new(basis_points).unwrap());
    let flush = |seq, units: &[(u64, Exposure)]| Telemetry {
        boot: 1,
        seq,
        units: vec![(ROLLOUT, units.to_vec(), 0)],
        ..Telemetry::default()
    };
    fixture.store.flush(&flush(2, &[(7, seen(2_500)), (8, KNOWN)])).await.unwrap();
    fixture
        .store
        .flush(&flush(1, &[(7, seen(500)), (8, seen(500)), (9, seen(500))]))
        .await
        .unwrap();
    let fixture = fixture.reopened().await;
    let stored = fixture.store.seen_units(ROLLOUT).await.unwrap();
    assert_eq!(stored.units, [(7, seen(2_500)), (8, KNOWN), (9, seen(500))].into());
}

#[tokio::test]
async fn windows_of_a_process_that_has_ended_are_cut_and_what_was_under_way_never_answered() {
    let fixture = fixture().await;
    let open = ArmCount { candidate: 4, incumbent: 6 };
    let waiting = ArmCount { candidate: 1, incumbent: 2 };
    let of = |boot| {
        let counts = GateCounts { open, waiting, ..counts(3) };
        Telemetry { gates: vec![(ROLLOUT, GateIndex(0).unseen(), counts)], ..flush(boot, 1, 3) }
    };
    fixture.store.flush(&of(1)).await.unwrap();
    fixture.store.flush(&of(u64::MAX)).await.unwrap();
    for _ in 0..2 {
        fixture.store.cut_windows(ROLLOUT, u64::MAX).await.unwrap();
        let evidence = fixture.store.evidence(ROLLOUT).await.unwrap();
        let sum = &evidence.gates[&GateIndex(0).unseen()];
        assert_eq!((sum.unanswered, sum.waiting), (waiting, waiting));
        assert_eq!(sum.open, ArmCount { candidate: 7, incumbent: 10 });
        assert_eq!(sum.units.candidate, 6);
    }
}

#[tokio::test]
async fn counts_of_one_gate_are_kept_apart_by_what_was_known_of_their_units() {
    let fixture = fixture().await;
    let after = GateIndex(1).after(Exposure::up_to(Share::new(500).unwrap()));
    let telemetry = Telemetry {
        boot: 1,
        seq: 1,
        gates: vec![(ROLLOUT, GateIndex(1).unseen(), counts(3)), (ROLLOUT, after, counts(5))],
        ..Telemetry::default()
    };
    fixture.store.flush(&telemetry).await.unwrap();
    let evidence = fixture.store.evidence(ROLLOUT).await.unwrap();
    assert_eq!(evidence.gates, [(GateIndex(1).unseen(), counts(3)), (after, counts(5))].into());
}

#[tokio::test]
async fn counters_of_many_boots_add_up_to_one_verdict_however_they_come() {
    let judge = Judge::new(&plan(Kind::Promote)).unwrap();
    let mut verdicts = Vec::new();
    for order in [[1, 2, 3, 4, 5, 6], [6, 3, 1, 5, 2, 4], [2, 6, 4, 1, 3, 5]] {
        let fixture = fixture().await;
        // Of each boot a stale flush too, after its last one where the number is even.
        for boot in order {
            let mut flushes = vec![part(boot, 1, 40 * boot), part(boot, 2, 100 * boot)];
            if boot % 2 == 0 {
                flushes.reverse();
            }
            for telemetry in flushes {
                fixture.store.flush(&telemetry).await.unwrap();
            }
        }
        let evidence = fixture.store.evidence(ROLLOUT).await.unwrap();
        assert_eq!(evidence.gates[&GateIndex(0).unseen()].assigned().candidate, 2_100);
        verdicts.push(judge.gate(&evidence, GateIndex(0)));
    }
    assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]), "{verdicts:?}");
}

/// A boot's counters on the standard edges: 5 % on the candidate, none failed.
fn part(boot: u64, seq: u64, candidate: u64) -> Telemetry {
    let edges = seatrial_analysis::latency::Edges::default();
    let units = ArmCount { candidate, incumbent: 19 * candidate };
    let mut latency = ArmHistogram::empty(edges.buckets());
    latency.candidate[edges.bucket_of(1_000 * boot)] = candidate;
    latency.incumbent[edges.bucket_of(900)] = units.incumbent;
    let errors =
        Cells { candidate_good: candidate, incumbent_good: units.incumbent, ..Cells::default() };
    let counts = GateCounts { units, errors, latency, ..GateCounts::default() };
    Telemetry {
        boot,
        seq,
        gates: vec![(ROLLOUT, GateIndex(0).unseen(), counts)],
        ..Telemetry::default()
    }
}

#[tokio::test]
async fn evidence_that_rose_over_the_bar_and_fell_still_fails_after_a_restart() {
    let judge = Judge::new(&plan(Kind::Promote)).unwrap();
    let fixture = fixture().await;
    let mut failing = part(1, 1, 500);
    let errors = &mut failing.gates[0].2.errors;
    (errors.candidate_bad, errors.candidate_good) = (60, 440);
    fixture.store.flush(&failing).await.unwrap();
    let found = judge.gate(&fixture.store.evidence(ROLLOUT).await.unwrap(), GateIndex(0));
    assert!(matches!(found.decision, Decision::Fail { .. }), "{found:?}");
    fixture.store.raise_maxima(ROLLOUT, &found.maxima()).await.unwrap();

    fixture.store.flush(&part(1, 2, 50_000)).await.unwrap();
    let evidence = fixture.store.evidence(ROLLOUT).await.unwrap();
    let lower = judge.gate(&Evidence { maxima: [].into(), ..evidence }, GateIndex(0));
    assert!(!matches!(lower.decision, Decision::Fail { .. }), "{lower:?}");
    fixture.store.raise_maxima(ROLLOUT, &lower.maxima()).await.unwrap();
    let fixture = fixture.reopened().await;
    let evidence = fixture.store.evidence(ROLLOUT).await.unwrap();
    assert_eq!(judge.gate(&evidence, GateIndex(0)).decision, found.decision);
}

#[tokio::test]
async fn a_windows_start_is_kept_as_it_was_first_stored() {
    let fixture = fixture().await;
    fixture.store.flush(&part(1, 1, 500)).await.unwrap();
    let mut evidence = fixture.store.evidence(ROLLOUT).await.unwrap();
    assert!(evidence.starts.is_empty());
    let now = Timestamp::from_micros(7_000_000);
    let analysis = plan(Kind::Promote).analysis;
    let (window, start) = evidence.begin_window(now, &analysis).unwrap();
    fixture.store.begin_window(ROLLOUT, window, &start).await.unwrap();
    fixture.store.flush(&part(1, 2, 900)).await.unwrap();
    let mut later = Evidence { starts: Default::default(), ..evidence.clone() };
    later.gates = fixture.store.evidence(ROLLOUT).await.unwrap().gates;
    let (again, other) = later.begin_window(now, &analysis).unwrap();
    fixture.store.begin_window(ROLLOUT, again, &other).await.unwrap();
    let fixture = fixture.reopened().await;
    let kept = fixture.store.evidence(ROLLOUT).await.unwrap().starts;
    assert_eq!(kept, evidence.starts);
    // A second one tells what changed since; a stratum that did not is as it was.
    let hours = Duration::from_secs(2 * 3_600);
    evidence.gates.entry(GateIndex(1).unseen()).or_default().errors.candidate_bad = 3;
    let (window, start) = evidence.begin_window(now.plus(hours), &analysis).unwrap();
    assert_eq!((window, start.gates.len()), (2, 1));
    fixture.store.begin_window(ROLLOUT, window, &start).await.unwrap();
    let both = fixture.store.evidence(ROLLOUT).await.unwrap().starts;
    assert_eq!(both, evidence.starts);
    assert_eq!(both.iter().last().unwrap().gates.len(), 2);
    let [kept] = <[_; 1]>::try_from(kept.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(kept.gates[&GateIndex(0).unseen()].errors.candidate_good, 500);
    // What was read is not read again, as long as it is there.
    tamper(fixture.dir.path(), "UPDATE window_start SET start = '{}' WHERE number = 0").await;
    assert_eq!(fixture.store.evidence(ROLLOUT).await.unwrap().starts, both);
    tamper(fixture.dir.path(), "DELETE FROM window_start WHERE number = 0").await;
    let later = fixture.store.evidence(ROLLOUT).await.unwrap().starts;
    assert_eq!(later.numbers().collect::<Vec<_>>(), [2]);
    tamper(fixture.dir.path(), "DELETE FROM window_start").await;
    assert!(fixture.store.evidence(ROLLOUT).await.unwrap().starts.is_empty());
}

#[tokio::test]
async fn a_frozen_reference_is_neither_changed_by_late_answers_nor_frozen_again() {
    let fixture = fixture().await;
    let shadow = |seq, incumbent_latency| Telemetry {
        boot: 1,
        seq,
        shadow: vec![(ROLLOUT, ShadowCounts { incumbent_latency, ..ShadowCounts::default() })],
        ..Telemetry::default()
    };
    let reference =
        async |store: &Store| store.evidence(ROLLOUT).await.unwrap().shadow.incumbent_latency;
    fixture.store.flush(&shadow(1, vec![5, 1])).await.unwrap();
    fixture.store.freeze_reference(ROLLOUT, &[5, 1]).await.unwrap();
    fixture.store.flush(&shadow(2, vec![5, 9])).await.unwrap();
    assert_eq!(reference(&fixture.store).await, [5, 1]);
    fixture.store.freeze_reference(ROLLOUT, &[5, 9]).await.unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(reference(&fixture.store).await, [5, 1]);
}
