//! What every store promises of opening, as tests.

use super::fixture::{ada, at, endpoint, fixture, fixture_with, model, tamper};
use crate::{Options, Store, open, policies, storage};
use seatrial_domain::endpoint::Settings;

#[tokio::test]
async fn a_second_server_on_the_directory_is_refused() {
    let fixture = fixture().await;
    let second = Store::open(fixture.dir.path(), Options::default()).await;
    assert!(matches!(second, Err(open::Error::InUse(_))));
    fixture.reopened().await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let fixture = fixture().await;
    tamper(fixture.dir.path(), "INSERT INTO migration VALUES (99, 'future')").await;
    fixture.store.close().await;
    let dir = fixture.dir;
    drop(fixture.store);
    let opened = Store::open(dir.path(), Options::default()).await;
    assert!(matches!(opened, Err(open::Error::Newer { found: 99, .. })));
}

#[tokio::test]
async fn what_is_durable_is_set() {
    let fixture = fixture().await;
    let mut write = fixture.store.write().await.unwrap();
    for (pragma, expected) in [
        ("PRAGMA journal_mode", "wal"),
        ("PRAGMA synchronous", "2"),
        ("PRAGMA foreign_keys", "1"),
        ("PRAGMA busy_timeout", "5000"),
    ] {
        let row = sqlx::query(pragma).fetch_one(write.sql()).await.unwrap();
        use sqlx::Row;
        let text = row
            .try_get::<i64, _>(0)
            .map(|n| n.to_string())
            .or_else(|_| row.try_get::<String, _>(0))
            .unwrap();
        assert_eq!(text, expected, "{pragma}");
    }
}

#[tokio::test]
async fn a_transaction_dropped_half_way_leaves_nothing() {
    let fixture = fixture().await;
    let mut write = fixture.store.write().await.unwrap();
    let actor = ada();
    let row = crate::journal::New::about("a test", "half", &actor, at(1));
    write.journal(row).await.unwrap();
    sqlx::query("INSERT INTO endpoint VALUES ('half', '{}', NULL, 0, 0)")
        .execute(write.sql())
        .await
        .unwrap();
    drop(write);
    assert!(fixture.store.endpoints().await.unwrap().is_empty());
    assert_eq!(*fixture.store.journal_head().borrow(), 0);
    let fixture = fixture.reopened().await;
    assert!(fixture.store.endpoints().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_fits_is_written_again_after_what_did_not() {
    let options = Options { database_limit: Some(400 * 1024), ..Options::default() };
    let fixture = fixture_with(options).await;
    let apply = async |bytes: usize| {
        let (name, yaml) = ("big".to_owned(), "x".repeat(bytes));
        let new = policies::New { name, endpoint: endpoint(), yaml, actor: ada(), now: at(1) };
        fixture.store.apply_policy(&new).await
    };
    for _ in 0..2 {
        let error = apply(1 << 20).await.unwrap_err();
        assert!(matches!(error, storage::Error::Full(_)), "{error:?}");
    }
    apply(16).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_named_and_loses_nothing() {
    let options = Options { database_limit: Some(400 * 1024), ..Options::default() };
    let fixture = fixture_with(options).await;
    let store = &fixture.store;
    let set = async |name: String| {
        let settings = Settings::of(model());
        store.set_endpoint(&name.parse().unwrap(), &settings, &ada(), at(1)).await
    };
    let mut stored = 0_usize;
    let error = loop {
        match set(format!("endpoint-{stored}")).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 10_000, "the limit never bites");
    };
    assert!(matches!(error, storage::Error::Full(_)), "{error:?}");
    assert_eq!(store.endpoints().await.unwrap().len(), stored);
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.store.endpoints().await.unwrap().len(), stored);
    let settings = Settings::of(model());
    fixture.store.set_endpoint(&endpoint(), &settings, &ada(), at(2)).await.unwrap();
}
