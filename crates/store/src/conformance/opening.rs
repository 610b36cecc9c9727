//! What every store promises of opening, as tests.

use super::fixture::{ada, at, endpoint, fixture, fixture_with, model, new_version, tamper};
use crate::{Options, Store, open, policies, storage};
use futures_util::FutureExt as _;
use seatrial_domain::endpoint::Settings;
use seatrial_domain::evidence::GateIndex;
use seatrial_domain::exposure::Exposure;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_domain::{RolloutId, VersionNumber};
use sqlx::Connection as _;

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

/// How a commit of this transaction treats the disk: 2 waits for it, 1 does not.
async fn synchronous(write: &mut crate::write::Write<'_>) -> i64 {
    sqlx::query_scalar("PRAGMA synchronous").fetch_one(write.sql()).await.unwrap()
}

#[tokio::test]
async fn what_is_written_after_something_unhurried_is_durable_again() {
    let store = fixture().await.store;
    for _ in 0..2 {
        let mut note = store.write_unhurried().await.unwrap();
        assert_eq!(synchronous(&mut note).await, 1);
        drop(note);
        let mut write = store.write().await.unwrap();
        assert_eq!(synchronous(&mut write).await, 2);
        write.commit().await.unwrap();
        store.write_unhurried().await.unwrap().commit().await.unwrap();
        assert_eq!(synchronous(&mut store.write().await.unwrap()).await, 2);
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
async fn a_transaction_dropped_half_way_ends_at_once() {
    let fixture = fixture().await;
    drop(fixture.store.write().await.unwrap());
    // By another connection, which waits a while for the lock.
    tamper(fixture.dir.path(), "BEGIN IMMEDIATE; COMMIT").await;
}

#[tokio::test]
async fn a_writer_who_gives_up_in_the_middle_of_a_question_holds_nobody_up() {
    let store = fixture().await.store;
    for _ in 0..20 {
        let set = async {
            let settings = Settings::of(model());
            store.set_endpoint(&endpoint(), &settings, &ada(), at(1)).await
        };
        // Asked once whether it is done, and dropped.
        assert!(set.now_or_never().is_none());
    }
    let settings = Settings::of(model());
    store.set_endpoint(&endpoint(), &settings, &ada(), at(2)).await.unwrap();
    assert_eq!(store.endpoints().await.unwrap().len(), 1);
}

#[tokio::test]
async fn as_many_read_as_there_are_readers_and_one_writes_and_the_next_waits_its_time() {
    let busy_timeout = std::time::Duration::from_millis(10);
    let fixture = fixture_with(Options { readers: 2, busy_timeout, ..Options::default() }).await;
    let store = &fixture.store;
    let (first, second) = (store.reader().await.unwrap(), store.reader().await.unwrap());
    let error = store.endpoints().await.unwrap_err();
    assert!(matches!(error, storage::Error::Late), "{error:?}");
    let mut writing = store.write().await.unwrap();
    assert!(matches!(store.write().await.unwrap_err(), storage::Error::Late));
    let read: i64 = sqlx::query_scalar("SELECT 1").fetch_one(writing.sql()).await.unwrap();
    assert_eq!(read, 1, "who waited in vain held nobody up");
    drop(first);
    assert!(store.endpoints().await.unwrap().is_empty());
    drop(second);
}

#[tokio::test]
async fn a_closed_store_refuses_whoever_asks() {
    let store = fixture().await.store;
    store.close().await;
    let read = store.endpoints().await.unwrap_err();
    let written = store.write().await.unwrap_err();
    let both = (&read, &written);
    assert!(matches!(both, (storage::Error::Closed, storage::Error::Closed)), "{both:?}");
}

#[tokio::test]
async fn what_fits_is_written_again_after_what_did_not() {
    let options = Options { database_limit: Some(800 * 1024), ..Options::default() };
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
    let options = Options { database_limit: Some(800 * 1024), ..Options::default() };
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
    let fixture = fixture.reopened_with(Options::default()).await;
    assert_eq!(fixture.store.endpoints().await.unwrap().len(), stored);
    let settings = Settings::of(model());
    fixture.store.set_endpoint(&endpoint(), &settings, &ada(), at(2)).await.unwrap();
}

/// One gate's counts as that release wrote them.
const COUNTS: &str = r#"{"units":{"candidate":3,"incumbent":7},"errors":{"candidate_bad":1,"candidate_good":2,"incumbent_bad":0,"incumbent_good":7},"latency":{"candidate":[3],"incumbent":[7]},"feedback":{}}"#;

/// A data directory as a release of schema 4 left it: a model with two versions, one deleted, and a
/// rollout under way.
async fn of_schema_four() -> tempfile::TempDir {
    use sqlx::ConnectOptions;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("seatrial.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    let manifest = Manifest::new(ArtifactType::Model, vec![sealed_file()]).unwrap();
    let (digest, text) = (manifest.digest(), String::from_utf8(manifest.to_bytes()).unwrap());
    let signature = serde_json::to_string(&super::fixture::signature()).unwrap();
    let rows = format!(
        "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
         INSERT INTO migration VALUES (1, 'registry'), (2, 'rollouts'), (3, 'journal'),
             (4, 'evidence');
         INSERT INTO model VALUES ('digits', 'by hand', 2, 1000000, 2000000, NULL);
         INSERT INTO version VALUES
             ('digits', 1, '{digest}', '{text}', '{signature}', NULL, 'registered', 1000000,
              '{{\"kind\":\"seatrial\"}}', 5000000),
             ('digits', 2, '{digest}', '{text}', '{signature}', NULL, 'registered', 2000000,
              '{{\"kind\":\"seatrial\"}}', NULL);
         INSERT INTO version_tag VALUES ('digits', 2, 'team', 'vision');
         INSERT INTO alias VALUES ('digits', 'best', 2, 3000000);
         INSERT INTO seen_unit VALUES (1, 7);
         INSERT INTO gate_counter VALUES (1, 0, 9, 1, '{COUNTS}');
         INSERT INTO feedback_cell VALUES (1, 0, 'correct', 1, 2, 3, 4);"
    );
    let schema = [
        include_str!("../../migrations/0001_registry.sql"),
        include_str!("../../migrations/0002_rollouts.sql"),
        include_str!("../../migrations/0003_journal.sql"),
        include_str!("../../migrations/0004_evidence.sql"),
        &rows,
    ];
    let sql = sqlx::AssertSqlSafe(schema.join("\n"));
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    dir
}

fn sealed_file() -> File {
    let digest = seatrial_domain::Digest::of(b"one");
    File { path: "model.onnx".parse().unwrap(), digest, size: 3 }
}

#[tokio::test]
async fn units_an_older_release_has_seen_stay_counted_and_never_count_again() {
    let dir = of_schema_four().await;
    let store = Store::open(dir.path(), Options::default()).await.unwrap();
    let evidence = store.evidence(RolloutId(1)).await.unwrap();
    let (stratum, counts) = evidence.gates.first_key_value().unwrap();
    assert_eq!((evidence.gates.len(), *stratum), (1, GateIndex(0).unseen()));
    assert_eq!((counts.units.candidate, counts.errors.candidate_bad), (3, 1));
    assert_eq!(counts.feedback["correct"].incumbent_good, 4);
    let seen = store.seen_units(RolloutId(1)).await.unwrap();
    assert_eq!(seen.units, [(7, Exposure::KNOWN)].into());
}

#[tokio::test]
async fn what_an_older_release_stored_reads_the_same_after_the_migration() {
    let dir = of_schema_four().await;
    let store = Store::open(dir.path(), Options::default()).await.unwrap();
    let known = store.model(&model()).await.unwrap();
    assert_eq!((known.description.as_str(), known.latest), ("by hand", Some(VersionNumber(2))));
    assert_eq!(known.aliases["best"], VersionNumber(2));
    let version = store.version(&model(), VersionNumber(2)).await.unwrap();
    assert_eq!(version.manifest.files(), [sealed_file()]);
    assert_eq!((version.created_at, version.updated_at), (at(2), at(2)));
    assert_eq!((version.tags["team"].as_str(), version.description.as_str()), ("vision", ""));
    assert!(store.version(&model(), VersionNumber(1)).await.is_err(), "deleted stays deleted");
    let mut write = store.write().await.unwrap();
    let changed = sqlx::query("UPDATE version SET digest = 'x'").execute(write.sql()).await;
    assert!(changed.is_err(), "what is sealed stays sealed");
    drop(write);
    let new = new_version(&store, b"two").await;
    let next = store.register_version(&new).await.unwrap().into_version().reference;
    assert_eq!(next.number, VersionNumber(3));
}
