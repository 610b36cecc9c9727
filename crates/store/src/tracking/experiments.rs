//! Experiments: names that runs and logged models are gathered under.

use super::size::Size;
use super::{Error, ExperimentId, Pairs, entries};
use crate::row::Columns;
use crate::{Store, storage};
use seatrial_domain::Timestamp;
use sqlx::Connection as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experiment {
    pub id: ExperimentId,
    pub name: String,
    pub tags: Pairs,
    pub created_at: Timestamp,
}

impl Experiment {
    /// Where artifacts of its runs and models are.
    pub fn artifact_location(&self) -> String {
        format!("mlflow-artifacts:/{}", self.id)
    }
}

impl Store {
    /// Errors: [`Error::Exists`], [`Error::Limit`].
    pub async fn create_experiment(
        &self,
        name: &str,
        tags: &Pairs,
        now: Timestamp,
    ) -> Result<ExperimentId, Error> {
        let mut write = self.write().await?;
        let made: Option<i64> = sqlx::query_scalar(
            "INSERT INTO experiment (name, created_at) VALUES (?, ?)
             ON CONFLICT (name) DO NOTHING RETURNING id",
        )
        .bind(name)
        .bind(now.as_micros())
        .fetch_optional(write.sql())
        .await?;
        let id = made.ok_or_else(|| Error::Exists(name.to_owned()))?;
        let id = u32::try_from(id).map_err(|e| storage::Error::corrupt("id", &e))?;
        let owner = id.to_string();
        let mut size = Size::of_row(&[name]);
        entries::set_tags(write.sql(), &owner, tags, &mut size).await?;
        size.settle(write.sql(), &owner, &self.inner.options.tracking).await?;
        write.commit().await?;
        Ok(ExperimentId(id))
    }

    /// Errors: [`Error::UnknownExperiment`].
    pub async fn experiment(&self, id: ExperimentId) -> Result<Experiment, Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        let row = sqlx::query("SELECT * FROM experiment WHERE id = ?")
            .bind(i64::from(id.0))
            .fetch_optional(&mut *tx)
            .await?;
        let row = row.ok_or(Error::UnknownExperiment(id))?;
        Ok(read(&mut tx, &row).await?)
    }

    pub async fn experiment_by_name(
        &self,
        name: &str,
    ) -> Result<Option<Experiment>, storage::Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        let row = sqlx::query("SELECT * FROM experiment WHERE name = ?")
            .bind(name)
            .fetch_optional(&mut *tx)
            .await?;
        match row {
            Some(row) => read(&mut tx, &row).await.map(Some),
            None => Ok(None),
        }
    }
}

async fn read(sql: &mut SqliteConnection, row: &SqliteRow) -> Result<Experiment, storage::Error> {
    let id = id(row, "id")?;
    Ok(Experiment {
        name: row.text("name")?,
        tags: entries::tags(sql, &id.to_string()).await?,
        created_at: row.time("created_at")?,
        id,
    })
}

pub(super) fn id(row: &SqliteRow, column: &str) -> Result<ExperimentId, storage::Error> {
    let number = u32::try_from(row.count(column)?);
    number.map(ExperimentId).map_err(|e| storage::Error::corrupt(column, &e))
}

/// Errors: [`Error::UnknownExperiment`].
pub(super) async fn must_exist(sql: &mut SqliteConnection, id: ExperimentId) -> Result<(), Error> {
    let found: Option<i64> = sqlx::query_scalar("SELECT id FROM experiment WHERE id = ?")
        .bind(i64::from(id.0))
        .fetch_optional(sql)
        .await?;
    found.map(|_| ()).ok_or(Error::UnknownExperiment(id))
}
