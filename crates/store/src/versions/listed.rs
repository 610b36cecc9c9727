//! Versions as registry clients are told of them: what is said of one and how far it has come. What
//! is sealed in it is not read, so that a page of them is one question to the database and no more
//! work than its answer. A row is one text of JSON: each value that is handed over from the thread of
//! the database costs as much as reading a few.

use super::standing::{self, Stage, Standing};
use super::{Error, Origin};
use crate::row::{Columns, int, to_json};
use crate::{Store, storage, tags};
use futures_util::TryStreamExt as _;
use seatrial_domain::rollout::Rollout;
use seatrial_domain::{Actor, Digest, ModelName, Timestamp, VersionNumber, VersionRef};
use serde::Deserialize;
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

impl Listed {
    /// Roughly what it takes of an answer.
    pub(crate) fn bytes(&self) -> u64 {
        let said = [&self.source, &self.origin.run_link].into_iter().flatten();
        let said = said.chain(&self.aliases).chain([&self.description]);
        tags::bytes(&self.tags, said.map(String::as_str))
    }
}

/// The newest version of each stage, of each model that has one.
pub type Newest = BTreeMap<ModelName, BTreeMap<Stage, Listed>>;

/// Selects versions as `v`, for [`read`].
macro_rules! listed {
    () => {
        concat!(
            "SELECT json_object(
                 'model', v.model, 'number', v.number, 'digest', v.digest,
                 'lifecycle', v.lifecycle, 'client_stage', v.client_stage, 'source', v.source,
                 'run_id', v.run_id, 'run_link', v.run_link, 'model_id', v.model_id,
                 'description', v.description, 'created_at', v.created_at,
                 'updated_at', v.updated_at, 'created_by', json(v.created_by),
                 'phase', r.phase, 'state', json(r.state),
                 'serves', EXISTS (SELECT 1 FROM endpoint WHERE serving ->> 'model' = v.model
                                   AND serving ->> 'number' = v.number),
                 'tags', json(",
            crate::versions::tags_of!(),
            "), 'aliases', json(",
            crate::versions::aliases_of!(),
            ")) AS listed
             FROM version AS v
             LEFT JOIN rollout AS r ON r.id = (SELECT max(id) FROM rollout
                                               WHERE model = v.model AND number = v.number)"
        )
    };
}
pub(crate) use listed;

impl Store {
    /// The version. Errors: [`Error::UnknownVersion`], also for a deleted one.
    pub async fn listed(&self, version: (&ModelName, VersionNumber)) -> Result<Listed, Error> {
        load(&mut *self.reader().await?, version).await
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
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// The newest version of each stage of these models, all in one question: those that a rollout
    /// or a client gave a stage, and of the others the last.
    pub async fn newest_by_stage(&self, models: &[&ModelName]) -> Result<Newest, storage::Error> {
        Ok(self.newest_within(models, u64::MAX).await?.unwrap_or_default().0)
    }

    /// As [`Store::newest_by_stage`], and what they take of an answer; none if that is more than
    /// `most` bytes, and then not all were read.
    pub(crate) async fn newest_within(
        &self,
        models: &[&ModelName],
        most: u64,
    ) -> Result<Option<(Newest, u64)>, storage::Error> {
        if models.is_empty() {
            return Ok(Some((Newest::new(), 0)));
        }
        let mut reader = self.reader().await?;
        let mut rows = sqlx::query(concat!(
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
        .fetch(&mut *reader);
        let (mut newest, mut bytes) = (Newest::new(), 0_u64);
        while let Some(row) = rows.try_next().await? {
            let version = read(&row)?;
            bytes = bytes.saturating_add(version.bytes());
            if bytes > most {
                return Ok(None);
            }
            let stages = newest.entry(version.reference.model.clone()).or_default();
            stages.insert(version.standing.stage, version);
        }
        Ok(Some((newest, bytes)))
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

/// What [`listed!`] says of a version.
#[derive(Deserialize)]
struct Said {
    model: ModelName,
    number: u64,
    digest: Digest,
    lifecycle: String,
    client_stage: String,
    source: Option<String>,
    run_id: Option<String>,
    run_link: Option<String>,
    model_id: Option<String>,
    description: String,
    created_at: i64,
    updated_at: i64,
    created_by: Actor,
    phase: Option<String>,
    state: Option<Rollout>,
    serves: u8,
    tags: BTreeMap<String, String>,
    aliases: Vec<String>,
}

/// A version of a row of [`listed!`].
pub(crate) fn read(row: &SqliteRow) -> Result<Listed, storage::Error> {
    of(row.json("listed")?)
}

/// The versions of a row that has several of [`listed!`] in an array, in their order.
pub(crate) fn read_all(row: &SqliteRow) -> Result<Vec<Listed>, storage::Error> {
    let said: Vec<Said> = row.maybe_json("listed")?.unwrap_or_default();
    said.into_iter().map(of).collect()
}

fn of(said: Said) -> Result<Listed, storage::Error> {
    let mut aliases = said.aliases;
    aliases.sort();
    let standing = standing::Came {
        serves: said.serves != 0,
        phase: said.phase.as_deref(),
        lifecycle: &said.lifecycle,
        client_stage: &said.client_stage,
        rollout: said.state,
    };
    Ok(Listed {
        standing: standing.read()?,
        reference: VersionRef {
            model: said.model,
            number: VersionNumber(said.number),
            digest: said.digest,
        },
        tags: said.tags,
        aliases,
        source: said.source,
        origin: Origin { run_id: said.run_id, run_link: said.run_link, model_id: said.model_id },
        description: said.description,
        created_at: Timestamp::from_micros(said.created_at),
        updated_at: Timestamp::from_micros(said.updated_at),
        created_by: said.created_by,
    })
}
