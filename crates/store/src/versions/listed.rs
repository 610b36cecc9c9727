//! Versions as registry clients are told of them: what is said of one and how far it has come. What
//! is sealed in it is not read, so that a page of them is one question to the database and no more
//! work than its answer.

use super::standing::{self, Stage, Standing};
use super::{Error, Origin, aliases, origin, reference};
use crate::row::{Columns, int, to_json};
use crate::{Store, storage};
use seatrial_domain::{Actor, ModelName, Timestamp, VersionNumber, VersionRef};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

/// A registered version and its standing, without what is sealed in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub reference: VersionRef,
    pub standing: Standing,
    pub tags: BTreeMap<String, String>,
    pub aliases: Vec<String>,
    pub source: Option<String>,
    pub origin: Origin,
    pub description: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub created_by: Actor,
}

/// The newest version of each stage, of each model that has one.
pub type Newest = BTreeMap<ModelName, BTreeMap<Stage, Listed>>;

/// Selects versions as `v`, for [`read`].
macro_rules! listed {
    () => {
        concat!(
            "SELECT v.model, v.number, v.digest, v.lifecycle, v.client_stage, v.source, v.run_id,
                 v.run_link, v.model_id, v.description, v.created_at, v.updated_at, v.created_by,
                 r.phase, r.state,
                 EXISTS (SELECT 1 FROM endpoint WHERE serving ->> 'model' = v.model
                         AND serving ->> 'number' = v.number) AS serves, ",
            crate::versions::names!(),
            " FROM version AS v
              LEFT JOIN rollout AS r ON r.id = (SELECT max(id) FROM rollout
                                                WHERE model = v.model AND number = v.number)"
        )
    };
}
pub(crate) use listed;

impl Store {
    /// The version. Errors: [`Error::UnknownVersion`], also for a deleted one.
    pub async fn listed(&self, version: (&ModelName, VersionNumber)) -> Result<Listed, Error> {
        load(&mut *self.readers().acquire().await?, version).await
    }

    /// The version `alias` points at; none where it points at none.
    pub async fn listed_as(
        &self,
        model: &ModelName,
        alias: &str,
    ) -> Result<Option<Listed>, storage::Error> {
        let row = sqlx::query(concat!(
            listed!(),
            " WHERE v.deleted_at IS NULL AND v.model = ?1
              AND v.number = (SELECT number FROM alias WHERE model = ?1 AND name = ?2)"
        ))
        .bind(model.as_str())
        .bind(alias)
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// The newest version of each stage of these models, all in one question: those that a rollout
    /// or a client gave a stage, and of the others the last.
    pub async fn newest_by_stage(&self, models: &[&ModelName]) -> Result<Newest, storage::Error> {
        let rows = sqlx::query(concat!(
            listed!(),
            " WHERE v.deleted_at IS NULL AND v.rowid IN (
                  SELECT s.rowid FROM json_each(?1) AS asked
                  CROSS JOIN rollout AS o ON o.model = asked.value
                  CROSS JOIN version AS s ON s.model = o.model AND s.number = o.number
                  UNION
                  SELECT s.rowid FROM json_each(?1) AS asked
                  CROSS JOIN version AS s ON s.model = asked.value AND s.client_stage <> 'None'
                  UNION
                  SELECT (
                      SELECT s.rowid FROM version AS s
                      WHERE s.model = asked.value AND s.deleted_at IS NULL
                        AND s.client_stage = 'None'
                        AND NOT EXISTS (SELECT 1 FROM rollout
                                        WHERE model = s.model AND number = s.number)
                      ORDER BY number DESC LIMIT 1)
                  FROM json_each(?1) AS asked)
              ORDER BY v.model, v.number"
        ))
        .bind(to_json("models", &models)?)
        .fetch_all(self.readers())
        .await?;
        let mut newest = Newest::new();
        for row in &rows {
            let version = read(row)?;
            let stages = newest.entry(version.reference.model.clone()).or_default();
            stages.insert(version.standing.stage, version);
        }
        Ok(newest)
    }
}

pub(crate) async fn load(
    sql: &mut SqliteConnection,
    (model, number): (&ModelName, VersionNumber),
) -> Result<Listed, Error> {
    let query = concat!(listed!(), " WHERE v.model = ? AND v.number = ? AND v.deleted_at IS NULL");
    let row =
        sqlx::query(query).bind(model.as_str()).bind(int(number.0)).fetch_optional(sql).await?;
    match row {
        Some(row) => Ok(read(&row)?),
        None => Err(Error::UnknownVersion(model.clone(), number)),
    }
}

/// A version of a row of [`listed!`].
pub(crate) fn read(row: &SqliteRow) -> Result<Listed, storage::Error> {
    Ok(Listed {
        reference: reference(row)?,
        standing: standing::read(row)?,
        tags: row.json("tags")?,
        aliases: aliases(row)?,
        source: row.maybe_text("source")?,
        origin: origin(row)?,
        description: row.text("description")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        created_by: row.json("created_by")?,
    })
}
