//! Assignments beyond their rows: who is kept, and that drops are counted once.

use super::evidence::assignment;
use super::fixture::{at, fixture_with};
use crate::Options;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, Telemetry};

#[tokio::test]
async fn assignments_beyond_the_limit_are_dropped_and_counted_once() {
    let options = Options { assignments_limit: 20, ..Options::default() };
    let fixture = fixture_with(options).await;
    let store = &fixture.store;
    let telemetry = Telemetry {
        boot: 1,
        seq: 1,
        assignments: (0..30).map(|n| assignment(&format!("{n}"), 1)).collect(),
        dropped_assignments: 4,
        ..Telemetry::default()
    };
    store.flush(&telemetry).await.unwrap();
    let dropped = store.dropped_assignments().await.unwrap();
    store.flush(&telemetry).await.unwrap();
    assert_eq!(store.dropped_assignments().await.unwrap(), dropped);
    assert_eq!(dropped.gateway, 4);
    let kept = store.prune_assignments(at(2)).await.unwrap();
    assert_eq!(kept + dropped.store, 30);
    assert!((5..=20).contains(&kept), "{kept}");
    // What was forgotten leaves its room.
    let later = Telemetry { seq: 2, ..telemetry };
    store.flush(&later).await.unwrap();
    assert_eq!(store.prune_assignments(at(2)).await.unwrap(), kept);
}

#[tokio::test]
async fn of_more_assignments_than_fit_a_sample_of_both_arms_is_kept() {
    let options = Options { assignments_limit: 400, ..Options::default() };
    let fixture = fixture_with(options).await;
    let store = &fixture.store;
    let arm = |n: u32| if n.is_multiple_of(2) { Arm::Candidate } else { Arm::Incumbent };
    for batch in 0..10_u32 {
        let of =
            |n| Assignment { arm: arm(n), ..assignment(&format!("{batch} {n}"), batch.into()) };
        let assignments = (0..100).map(of).collect();
        let seq = u64::from(batch) + 1;
        store
            .flush(&Telemetry { boot: 1, seq, assignments, ..Telemetry::default() })
            .await
            .unwrap();
    }
    let kept = async |of: &str| -> i64 {
        let count = format!("SELECT count(*) FROM assignment WHERE {of}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(count))
            .fetch_one(&mut *store.reader().await.unwrap())
            .await
            .unwrap()
    };
    let all = kept("true").await;
    assert!((340..=400).contains(&all), "{all}");
    assert_eq!(store.dropped_assignments().await.unwrap().store, 1_000 - all.unsigned_abs());
    let candidates = kept("arm = 'candidate'").await;
    assert!((130..=270).contains(&candidates), "{candidates} of {all}");
    assert!(kept("at >= 4000000").await >= 10, "of the last six tenths there are some");
}

#[tokio::test]
async fn of_a_unit_that_is_kept_later_requests_are_kept_however_narrow_the_sample_is() {
    let options = Options { assignments_limit: 400, ..Options::default() };
    let fixture = fixture_with(options).await;
    let store = &fixture.store;
    let of_unit = |unit: u64, counted, second: i64| Assignment {
        unit: Some(unit),
        counted,
        ..assignment(&format!("{unit} {second}"), second)
    };
    let flush = async |seq, assignments| {
        let telemetry = Telemetry { boot: 1, seq, assignments, ..Telemetry::default() };
        store.flush(&telemetry).await.unwrap();
    };
    let count = async |unit: &str| -> i64 {
        let query = format!("SELECT count(*) FROM assignment WHERE unit {unit}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&mut *store.reader().await.unwrap())
            .await
            .unwrap()
    };
    flush(1, (0..20).map(|unit| of_unit(unit, Counted::Yes, 1)).collect()).await;
    assert_eq!(count("< 20").await, 20, "there is room for all");
    for seq in 2..12_u64 {
        let firsts = (0..40).map(|n| of_unit(1_000 * seq + n, Counted::Yes, 2));
        flush(seq, firsts.collect()).await;
    }
    assert!(count(">= 1000").await < 370, "by now it is a sample");
    // Of those, and of as many whose first never came.
    let known = (0..10).map(|unit| of_unit(unit, Counted::No, 3));
    let unknown = (100..120).map(|unit| of_unit(unit, Counted::No, 3));
    flush(12, known.chain(unknown).collect()).await;
    assert_eq!(count("< 10").await, 20);
    assert!(count("BETWEEN 100 AND 119").await < 20);
    // The room is a bound all the same.
    for seq in 13..33 {
        let again = |unit| of_unit(unit, Counted::No, i64::try_from(seq).unwrap());
        flush(seq, (0..20).map(again).collect()).await;
    }
    assert!(count("IS NOT NULL").await <= 400);
}

#[tokio::test]
async fn what_is_never_counted_leaves_nine_tenths_of_the_rows_to_evidence() {
    let options = Options { assignments_limit: 200, ..Options::default() };
    let fixture = fixture_with(options).await;
    let uncounted = |n| Assignment { counted: Counted::No, ..assignment(&format!("no {n}"), 1) };
    let batch = |seq, assignments| Telemetry { boot: 1, seq, assignments, ..Telemetry::default() };
    fixture.store.flush(&batch(1, (0..30).map(uncounted).collect())).await.unwrap();
    let fixture = fixture.reopened().await;
    let store = &fixture.store;
    let dropped = async || store.dropped_assignments().await.unwrap().store;
    let kept = 30 - dropped().await;
    assert!((5..=20).contains(&kept), "{kept}");
    let counted = (0..140).map(|n| assignment(&format!("counted {n}"), 2));
    store.flush(&batch(2, counted.collect())).await.unwrap();
    assert_eq!(30 - dropped().await, kept, "there is room for all that is evidence");
    assert_eq!(store.prune_assignments(at(2)).await.unwrap(), kept);
    store.flush(&batch(3, (0..30).map(uncounted).collect())).await.unwrap();
    assert_eq!(dropped().await, 2 * (30 - kept), "the same ones");
    assert_eq!(store.prune_assignments(at(9)).await.unwrap(), 140 + kept);
}
