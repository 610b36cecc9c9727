//! What every store promises of chain, as tests.

use super::fixture::{Fixture, endpoint, fixture, live, tamper, version};
use crate::journal::{Filter, Verdict, genesis};
use crate::page::Request;
use seatrial_domain::RolloutId;

async fn with_rows() -> Fixture {
    let fixture = fixture().await;
    let candidate = version(&fixture.store, b"one").await.reference;
    live(&fixture.store, &candidate).await;
    fixture
}

#[tokio::test]
async fn an_untouched_chain_verifies_and_its_head_is_the_last_row() {
    let empty = fixture().await;
    let verdict = empty.store.verify_journal().await.unwrap();
    assert!(matches!(verdict, Verdict::Verified(v) if v.rows == 0 && v.head == genesis()));
    let fixture = with_rows().await.reopened().await;
    let rows = fixture.store.journal(&Filter::default(), &Request::first(100)).await.unwrap().items;
    let Verdict::Verified(verified) = fixture.store.verify_journal().await.unwrap() else {
        panic!("the chain is whole");
    };
    let last = rows.last().unwrap();
    assert_eq!((verified.rows, &verified.head), (last.seq, &last.hash));
    assert_eq!(rows[0].previous, genesis());
    assert!(rows.windows(2).all(|pair| pair[1].previous == pair[0].hash));
}

#[tokio::test]
async fn rows_cannot_be_changed_or_removed_by_statements() {
    let fixture = with_rows().await;
    for sql in ["UPDATE journal SET actor = '\"x\"'", "DELETE FROM journal"] {
        let mut write = fixture.store.write().await.unwrap();
        let refused = sqlx::query(sql).execute(write.sql()).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"));
    }
}

/// What the triggers stop, and whoever has the file does without.
const UNGUARDED: &str =
    "DROP TRIGGER journal_is_never_rewritten; DROP TRIGGER journal_is_never_shortened;";

#[track_caller]
fn assert_broken_at(verdict: &Verdict, row: u64, what: &str) {
    assert!(matches!(verdict, Verdict::Broken { seq, .. } if *seq == row), "{what}: {verdict:?}");
}

#[tokio::test]
async fn an_edited_row_is_found_whatever_column_was_edited() {
    for (column, value) in [
        ("at", "at + 1"),
        ("actor", "replace(actor, 'ada', 'eve')"),
        ("event", "event || 's'"),
        ("subject", "'another'"),
        ("endpoint", "'another'"),
        ("rollout", "9"),
        ("revision", "revision + 1"),
        ("from_stage", "'shadow'"),
        ("to_stage", "'shadow'"),
        ("overlays", "'[ ]'"),
        ("share", "1"),
        ("epoch", "99"),
        ("cause", "replace(cause, 'hand', 'foot')"),
        ("effects", "'[ ]'"),
        ("serving", "'null'"),
        ("plan_hash", "NULL"),
        ("evidence", "'1'"),
        ("previous", "hash"),
        ("hash", "previous"),
    ] {
        let fixture = with_rows().await;
        let sql = format!("{UNGUARDED} UPDATE journal SET {column} = {value} WHERE seq = 3");
        tamper(fixture.dir.path(), sql).await;
        let verdict = fixture.store.verify_journal().await.unwrap();
        assert_broken_at(&verdict, 3, column);
    }
}

#[tokio::test]
async fn a_removed_an_inserted_and_a_reordered_row_are_found() {
    const COLUMNS: &str = "at, actor, event, subject, endpoint, rollout, revision, from_stage, \
                           to_stage, overlays, share, epoch, cause, effects, serving, plan_hash, \
                           evidence, previous, hash";
    let moved = |from, to| format!("UPDATE journal SET seq = {to} WHERE seq = {from};");
    let swapped = [moved(3, 99), moved(4, 3), moved(99, 4)].concat();
    let copied = format!(
        "UPDATE journal SET seq = -seq - 1 WHERE seq >= 3;
         INSERT INTO journal (seq, {COLUMNS}) SELECT 3, {COLUMNS} FROM journal WHERE seq = 2;
         UPDATE journal SET seq = -seq WHERE seq < 0;"
    );
    for (what, sql) in [
        ("removed", "DELETE FROM journal WHERE seq = 3".to_owned()),
        ("reordered", swapped),
        ("inserted", copied),
    ] {
        let fixture = with_rows().await;
        tamper(fixture.dir.path(), format!("{UNGUARDED} {sql}")).await;
        let verdict = fixture.store.verify_journal().await.unwrap();
        assert_broken_at(&verdict, 3, what);
    }
}

#[tokio::test]
async fn rows_cut_off_show_in_the_head() {
    let fixture = with_rows().await;
    let before = fixture.store.verify_journal().await.unwrap();
    let sql = "DROP TRIGGER journal_is_never_shortened;
               DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)";
    tamper(fixture.dir.path(), sql).await;
    let after = fixture.store.verify_journal().await.unwrap();
    match (before, after) {
        (Verdict::Verified(before), Verdict::Verified(after)) => {
            assert_ne!(before.head, after.head);
            assert_eq!(before.rows, after.rows + 1);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_hash_is_that_of_the_documented_bytes() {
    let fixture = fixture().await;
    let actor = seatrial_domain::Actor::Seatrial;
    let mut write = fixture.store.write().await.unwrap();
    let row = crate::journal::New::about("a \"b\"", "noted", &actor, super::fixture::at(1))
        .because("größer".to_owned());
    write.journal(row).await.unwrap();
    write.commit().await.unwrap();
    let documented = concat!(
        r#"{"actor":"{\"kind\":\"seatrial\"}","at":1000000,"#,
        r#""cause":"{\"kind\":\"said\",\"text\":\"größer\"}","effects":"[]","endpoint":null,"#,
        r#""epoch":null,"event":"noted","evidence":null,"from":null,"overlays":null,"#,
        r#""plan_hash":null,"previous":"#,
        r#""sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","#,
        r#""revision":null,"rollout":null,"seq":1,"serving":null,"share":null,"#,
        r#""subject":"a \"b\"","to":null}"#,
    );
    let rows = fixture.store.journal(&Filter::default(), &Request::first(1)).await.unwrap();
    assert_eq!(rows.items[0].hash, seatrial_domain::Digest::of(documented.as_bytes()));
    assert_eq!(rows.items[0].canonical, documented);
}

#[tokio::test]
async fn rows_are_filtered_and_followed() {
    let fixture = with_rows().await;
    let store = &fixture.store;
    let filter = Filter { rollout: Some(RolloutId(1)), ..Filter::default() };
    let rows = store.journal(&filter, &Request::first(100)).await.unwrap().items;
    assert_eq!(rows[0].event, "created");
    assert!(rows.iter().all(|row| row.endpoint == Some(endpoint())));
    let head = *store.journal_head().borrow();
    assert_eq!(rows.last().unwrap().seq, head);
    assert_eq!(store.delivered_to("webhook").await.unwrap(), 0);
    store.delivered("webhook", head - 1).await.unwrap();
    store.delivered("webhook", 1).await.unwrap();
    assert_eq!(store.delivered_to("webhook").await.unwrap(), head - 1, "it never moves back");
    let asked = async |seq, cause| store.has_created(&endpoint(), seq, cause).await.unwrap();
    let created = rows[0].seq;
    assert!(asked(created - 1, "started by hand").await);
    assert!(!asked(created, "started by hand").await, "not after itself");
    assert!(!asked(created - 1, "started by foot").await);
}
