//! Datasets that runs read, as their clients describe them. Not the datasets of this registry.

use super::size::Size;
use super::{Error, Pairs, RunId};
use crate::row::{Columns, to_json};
use crate::storage;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// A dataset in a client's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    pub name: String,
    pub digest: String,
    pub source_type: String,
    pub source: String,
    pub schema: Option<String>,
    pub profile: Option<String>,
    /// Such as what it was read for.
    pub tags: Pairs,
}

/// Notes that the run read it; of one name and digest, the first stays.
pub(super) async fn add(
    sql: &mut SqliteConnection,
    run: &RunId,
    dataset: &Dataset,
    size: &mut Size,
) -> Result<(), Error> {
    let tags = to_json("dataset's tags", &dataset.tags)?;
    let added = sqlx::query(
        "INSERT INTO run_dataset (run, name, digest, source_type, source, schema, profile, tags)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(run.as_str())
    .bind(&dataset.name)
    .bind(&dataset.digest)
    .bind(&dataset.source_type)
    .bind(&dataset.source)
    .bind(&dataset.schema)
    .bind(&dataset.profile)
    .bind(&tags)
    .execute(sql)
    .await?;
    if added.rows_affected() > 0 {
        let Dataset { name, digest, source_type, source, schema, profile, .. } = dataset;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        size.add(&[name, digest, source_type, source, &text(schema), &text(profile), &tags]);
    }
    Ok(())
}

pub(super) async fn of_run(
    sql: &mut SqliteConnection,
    run: &RunId,
) -> Result<Vec<Dataset>, storage::Error> {
    let rows = sqlx::query("SELECT * FROM run_dataset WHERE run = ?")
        .bind(run.as_str())
        .fetch_all(sql)
        .await?;
    let dataset = |row: &SqliteRow| {
        Ok(Dataset {
            name: row.text("name")?,
            digest: row.text("digest")?,
            source_type: row.text("source_type")?,
            source: row.text("source")?,
            schema: row.maybe_text("schema")?,
            profile: row.maybe_text("profile")?,
            tags: row.json("tags")?,
        })
    };
    rows.iter().map(dataset).collect()
}
