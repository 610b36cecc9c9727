//! Registered names. A deleted model stays as a tombstone: its numbers are never given again.

mod edit;
mod rename;

use crate::aliases::By;
use crate::page::{Page, Request};
use crate::row::{Columns, int};
use crate::tracking::COMMIT_TAG;
use crate::versions::{self, Error};
use crate::write::{Write, beginning};
use crate::{Store, fill, storage, tags};
use seatrial_domain::{Actor, ModelName, Timestamp, VersionNumber};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

pub use edit::{Created, Said};
pub use rename::RenameError;

/// A registered model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    pub name: ModelName,
    pub description: String,
    pub tags: BTreeMap<String, String>,
    /// By name.
    pub aliases: BTreeMap<String, VersionNumber>,
    /// The newest version that is not deleted.
    pub latest: Option<VersionNumber>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Model {
    /// Roughly what it takes of an answer.
    pub(crate) fn bytes(&self) -> u64 {
        let aliases = self.aliases.keys().map(String::as_str);
        tags::bytes(&self.tags, aliases.chain([self.description.as_str()]))
    }
}

/// Selects models as `m`, for [`read`]: a page of them is one question to the database.
macro_rules! whole {
    () => {
        "SELECT m.*,
             (SELECT max(v.number) FROM version AS v
              WHERE v.model = m.name AND v.deleted_at IS NULL) AS latest,
             (SELECT json_group_object(t.key, t.value) FROM model_tag AS t
              WHERE t.model = m.name) AS tags,
             (SELECT json_group_object(a.name, a.number) FROM alias AS a
              WHERE a.model = m.name) AS aliases
         FROM model AS m"
    };
}
pub(crate) use whole;

impl Store {
    /// The model. Errors: [`Error::UnknownModel`].
    pub async fn model(&self, name: &ModelName) -> Result<Model, Error> {
        let mut connection = self.reader().await?;
        find(&mut connection, name).await?.ok_or_else(|| Error::UnknownModel(name.clone()))
    }

    /// Whether there is or was a model of this name.
    pub async fn ever_had(&self, name: &ModelName) -> Result<bool, storage::Error> {
        let row = sqlx::query("SELECT 1 FROM model WHERE name = ?")
            .bind(name.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        Ok(row.is_some())
    }

    /// Models by name.
    pub async fn models(
        &self,
        page: &Request<ModelName>,
    ) -> Result<Page<Model, ModelName>, storage::Error> {
        let mut reader = self.reader().await?;
        let rows = sqlx::query(concat!(
            whole!(),
            " WHERE m.deleted_at IS NULL AND m.name > ? ORDER BY m.name LIMIT ?"
        ))
        .bind(page.after.as_ref().map_or("", ModelName::as_str))
        .bind(page.rows())
        .fetch(&mut *reader);
        Ok(fill::from(rows, read, Model::bytes).await?.page(page, |model| model.name.clone()))
    }

    /// Deletes the model and all its versions. Errors: unknown, or something refers to a version.
    pub async fn delete_model(
        &self,
        name: &ModelName,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut write = self.write().await?;
        let numbers: Vec<i64> = sqlx::query_scalar(
            "SELECT number FROM version WHERE model = ? AND deleted_at IS NULL ORDER BY number",
        )
        .bind(name.as_str())
        .fetch_all(write.sql())
        .await?;
        for number in numbers {
            let number = VersionNumber(u64::try_from(number).unwrap_or(0));
            let by = By { actor, cause: "with its model", now };
            versions::delete_in(&mut write, (name, number), by).await?;
        }
        let done = sqlx::query(
            "UPDATE model SET deleted_at = ?, updated_at = ? WHERE name = ? AND deleted_at IS NULL",
        )
        .bind(now.as_micros())
        .bind(now.as_micros())
        .bind(name.as_str())
        .execute(write.sql())
        .await?;
        if done.rows_affected() == 0 {
            return Err(Error::UnknownModel(name.clone()));
        }
        sqlx::query("DELETE FROM model_tag WHERE model = ?")
            .bind(name.as_str())
            .execute(write.sql())
            .await?;
        Ok(write.commit().await?)
    }
}

/// Makes the model if it is new, or deleted, and gives its next version's number.
pub(crate) async fn next_number(
    sql: &mut SqliteConnection,
    name: &ModelName,
    now: Timestamp,
) -> Result<VersionNumber, storage::Error> {
    let number: i64 = sqlx::query_scalar(
        "INSERT INTO model (name, description, last_number, created_at, updated_at)
         VALUES (?1, '', 1, ?2, ?2)
         ON CONFLICT (name) DO UPDATE SET
             last_number = last_number + 1,
             description = CASE WHEN deleted_at IS NULL THEN description ELSE '' END,
             created_at = CASE WHEN deleted_at IS NULL THEN created_at ELSE ?2 END,
             updated_at = ?2,
             deleted_at = NULL
         RETURNING last_number",
    )
    .bind(name.as_str())
    .bind(now.as_micros())
    .fetch_one(sql)
    .await?;
    u64::try_from(number).map(VersionNumber).map_err(|e| storage::Error::corrupt("number", &e))
}

/// Begins a transaction with the next version's number of a model that is there, and the commit that
/// its run was started from, if it is a run of this server's that says so: one question for all.
pub(crate) async fn write_numbering<'a>(
    store: &'a Store,
    (name, run_id): (&ModelName, Option<&str>),
    now: Timestamp,
) -> Result<(Write<'a>, VersionNumber, Option<String>), Error> {
    let number = sqlx::query(beginning!(
        "UPDATE model SET last_number = last_number + 1, updated_at = ?2
         WHERE name = ?1 AND deleted_at IS NULL
         RETURNING last_number,
             (SELECT value FROM tracked_tag WHERE owner = ?3 AND key = ?4) AS code"
    ))
    .bind(name.as_str())
    .bind(now.as_micros())
    .bind(run_id)
    .bind(COMMIT_TAG);
    let (write, row) = store.write_asking(number).await?;
    let row = row.ok_or_else(|| Error::UnknownModel(name.clone()))?;
    Ok((write, VersionNumber(row.count("last_number")?), row.maybe_text("code")?))
}

/// The model, unless there is none or it was deleted.
pub(crate) async fn find(
    sql: &mut SqliteConnection,
    name: &ModelName,
) -> Result<Option<Model>, storage::Error> {
    let row = sqlx::query(concat!(whole!(), " WHERE m.name = ? AND m.deleted_at IS NULL"))
        .bind(name.as_str())
        .fetch_optional(sql)
        .await?;
    row.as_ref().map(read).transpose()
}

/// A model of a row of [`whole!`].
pub(crate) fn read(row: &SqliteRow) -> Result<Model, storage::Error> {
    Ok(Model {
        name: row.parsed("name")?,
        description: row.text("description")?,
        tags: row.json("tags")?,
        aliases: row.json("aliases")?,
        latest: row.maybe_count("latest")?.map(VersionNumber),
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// Notes that something of the version, and so of its model, changed.
pub(crate) async fn touch(
    sql: &mut SqliteConnection,
    (name, number): (&ModelName, VersionNumber),
    now: Timestamp,
) -> Result<(), Error> {
    let known = sqlx::query(
        "UPDATE version SET updated_at = ?
         WHERE model = ? AND number = ? AND deleted_at IS NULL",
    )
    .bind(now.as_micros())
    .bind(name.as_str())
    .bind(int(number.0))
    .execute(&mut *sql)
    .await?;
    if known.rows_affected() == 0 {
        return Err(Error::UnknownVersion(name.clone(), number));
    }
    sqlx::query("UPDATE model SET updated_at = ? WHERE name = ?")
        .bind(now.as_micros())
        .bind(name.as_str())
        .execute(sql)
        .await?;
    Ok(())
}
