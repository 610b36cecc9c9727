//! The schema, step by step. Each step is applied once, in a transaction with the row that says so.

use crate::open::Error;
use sqlx::{Connection, SqliteConnection};

struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

const ALL: &[Migration] = &[
    Migration { number: 1, name: "registry", sql: include_str!("../migrations/0001_registry.sql") },
    Migration { number: 2, name: "rollouts", sql: include_str!("../migrations/0002_rollouts.sql") },
    Migration { number: 3, name: "journal", sql: include_str!("../migrations/0003_journal.sql") },
    Migration { number: 4, name: "evidence", sql: include_str!("../migrations/0004_evidence.sql") },
    Migration { number: 5, name: "search", sql: include_str!("../migrations/0005_search.sql") },
    Migration {
        number: 6,
        name: "judgement",
        sql: include_str!("../migrations/0006_judgement.sql"),
    },
    Migration {
        number: 7,
        name: "artifacts",
        sql: include_str!("../migrations/0007_artifacts.sql"),
    },
    Migration { number: 8, name: "tracking", sql: include_str!("../migrations/0008_tracking.sql") },
    Migration { number: 9, name: "flavors", sql: include_str!("../migrations/0009_flavors.sql") },
    Migration { number: 10, name: "lineage", sql: include_str!("../migrations/0010_lineage.sql") },
    Migration {
        number: 11,
        name: "signature",
        sql: include_str!("../migrations/0011_signature.sql"),
    },
    Migration { number: 12, name: "scrub", sql: include_str!("../migrations/0012_scrub.sql") },
    Migration { number: 13, name: "values", sql: include_str!("../migrations/0013_values.sql") },
    Migration { number: 14, name: "units", sql: include_str!("../migrations/0014_units.sql") },
    Migration { number: 16, name: "slices", sql: include_str!("../migrations/0016_slices.sql") },
    Migration { number: 17, name: "windows", sql: include_str!("../migrations/0017_windows.sql") },
    Migration {
        number: 18,
        name: "slice values",
        sql: include_str!("../migrations/0018_slice_values.sql"),
    },
    Migration {
        number: 19,
        name: "unit labels",
        sql: include_str!("../migrations/0019_unit_labels.sql"),
    },
    Migration {
        number: 21,
        name: "fewer pages",
        sql: include_str!("../migrations/0021_fewer_pages.sql"),
    },
    Migration {
        number: 22,
        name: "paired slices",
        sql: include_str!("../migrations/0022_paired_slices.sql"),
    },
];

/// The schema this program knows.
pub(crate) const NEWEST: i64 = match ALL.last() {
    Some(migration) => migration.number,
    None => 0,
};

/// Brings the schema up to [`NEWEST`]; refuses one that is beyond it.
pub(crate) async fn apply(connection: &mut SqliteConnection) -> Result<(), Error> {
    sqlx::query(
        "CREATE TABLE IF NOT EXISTS migration (
             number INTEGER PRIMARY KEY,
             name   TEXT NOT NULL
         ) STRICT",
    )
    .execute(&mut *connection)
    .await?;
    let found: i64 = sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM migration")
        .fetch_one(&mut *connection)
        .await?;
    if found > NEWEST {
        return Err(Error::Newer { found, known: NEWEST });
    }
    for migration in ALL.iter().filter(|migration| migration.number > found) {
        step(connection, migration).await?;
    }
    Ok(())
}

async fn step(connection: &mut SqliteConnection, migration: &Migration) -> Result<(), Error> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(migration.sql).execute(&mut *tx).await?;
    sqlx::query("INSERT INTO migration (number, name) VALUES (?, ?)")
        .bind(migration.number)
        .bind(migration.name)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    tracing::info!(migration.number, migration.name, "schema migrated");
    Ok(())
}
