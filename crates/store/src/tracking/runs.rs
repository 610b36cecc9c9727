//! Runs: made, ended, renamed, and read whole.

use super::datasets::{self, Dataset};
use super::log::{self, Output};
use super::points::{self, Metric};
use super::size::Size;
use super::{Error, ExperimentId, LoggedModelId, Pairs, RunId, entries, experiments};
use crate::row::Columns;
use crate::{Store, storage};
use seatrial_domain::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row, SqliteConnection};
use std::str::FromStr;

/// The tag that is the run's name too.
pub(super) const NAME_TAG: &str = "mlflow.runName";
/// Where a client notes the commit that a run was started from.
pub const COMMIT_TAG: &str = "mlflow.source.git.commit";

/// How far a run is, in the words of its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    Running,
    Scheduled,
    Finished,
    Failed,
    Killed,
}

impl RunStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Scheduled => "SCHEDULED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
        }
    }
}

impl FromStr for RunStatus {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        use RunStatus::{Failed, Finished, Killed, Running, Scheduled};
        let all = [Running, Scheduled, Finished, Failed, Killed];
        all.into_iter().find(|status| status.as_str() == text).ok_or_else(|| text.to_owned())
    }
}

/// A run as its client begins it.
#[derive(Debug, Clone)]
pub struct NewRun {
    pub id: RunId,
    pub experiment: ExperimentId,
    pub name: String,
    pub user: String,
    /// By the client's clock.
    pub started_ms: Option<i64>,
    pub tags: Pairs,
    pub now: Timestamp,
}

/// What may change of a run itself; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    pub name: Option<String>,
    pub status: Option<RunStatus>,
    pub ended_ms: Option<i64>,
}

/// A run with all that was logged, of metrics the newest points.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub id: RunId,
    pub experiment: ExperimentId,
    pub name: String,
    pub user: String,
    pub status: RunStatus,
    pub started_ms: Option<i64>,
    pub ended_ms: Option<i64>,
    pub created_at: Timestamp,
    pub tags: Pairs,
    pub params: Pairs,
    pub metrics: Vec<Metric>,
    pub datasets: Vec<Dataset>,
    /// Logged models it read.
    pub inputs: Vec<LoggedModelId>,
    /// Logged models it made.
    pub outputs: Vec<Output>,
}

impl Run {
    /// Where its artifacts are, below the artifact root.
    pub fn artifact_path(&self) -> String {
        format!("{}/{}/artifacts", self.experiment, self.id)
    }

    pub fn artifact_uri(&self) -> String {
        format!("mlflow-artifacts:/{}", self.artifact_path())
    }
}

impl Store {
    /// Errors: [`Error::UnknownExperiment`], [`Error::Limit`].
    pub async fn create_run(&self, new: &NewRun) -> Result<Run, Error> {
        let mut write = self.write().await?;
        experiments::must_exist(write.sql(), new.experiment).await?;
        sqlx::query(
            "INSERT INTO run (id, experiment, name, user, status, started_ms, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.id.as_str())
        .bind(i64::from(new.experiment.0))
        .bind(&new.name)
        .bind(&new.user)
        .bind(RunStatus::Running.as_str())
        .bind(new.started_ms)
        .bind(new.now.as_micros())
        .execute(write.sql())
        .await?;
        let mut size = Size::of_row(&[&new.name, &new.user]);
        let mut tags = new.tags.clone();
        tags.insert(NAME_TAG.to_owned(), new.name.clone());
        entries::set_tags(write.sql(), new.id.as_str(), &tags, &mut size).await?;
        size.settle(write.sql(), new.id.as_str(), &self.inner.options.tracking).await?;
        let run = load(write.sql(), &new.id).await?;
        write.commit().await?;
        Ok(run)
    }

    /// The run. Errors: [`Error::UnknownRun`].
    pub async fn run(&self, id: &RunId) -> Result<Run, Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        load(&mut tx, id).await
    }

    /// Errors: [`Error::UnknownRun`], [`Error::Limit`].
    pub async fn edit_run(&self, id: &RunId, edit: &Edit) -> Result<Run, Error> {
        let mut write = self.write().await?;
        must_exist(write.sql(), id).await?;
        sqlx::query(
            "UPDATE run SET status = coalesce(?, status), ended_ms = coalesce(?, ended_ms)
             WHERE id = ?",
        )
        .bind(edit.status.map(RunStatus::as_str))
        .bind(edit.ended_ms)
        .bind(id.as_str())
        .execute(write.sql())
        .await?;
        if let Some(name) = &edit.name {
            let mut size = Size::default();
            let tag = Pairs::from([(NAME_TAG.to_owned(), name.clone())]);
            entries::set_tags(write.sql(), id.as_str(), &tag, &mut size).await?;
            rename(write.sql(), id, name, &mut size).await?;
            size.settle(write.sql(), id.as_str(), &self.inner.options.tracking).await?;
        }
        let run = load(write.sql(), id).await?;
        write.commit().await?;
        Ok(run)
    }
}

pub(super) async fn rename(
    sql: &mut SqliteConnection,
    id: &RunId,
    name: &str,
    size: &mut Size,
) -> Result<(), Error> {
    let old: String = sqlx::query_scalar("SELECT name FROM run WHERE id = ?")
        .bind(id.as_str())
        .fetch_one(&mut *sql)
        .await?;
    size.remove(&[&old]);
    size.add(&[name]);
    sqlx::query("UPDATE run SET name = ? WHERE id = ?")
        .bind(name)
        .bind(id.as_str())
        .execute(sql)
        .await?;
    Ok(())
}

/// Errors: [`Error::UnknownRun`].
pub(super) async fn must_exist(sql: &mut SqliteConnection, id: &RunId) -> Result<(), Error> {
    let found: Option<String> = sqlx::query_scalar("SELECT id FROM run WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(sql)
        .await?;
    found.map(|_| ()).ok_or_else(|| Error::UnknownRun(id.clone()))
}

async fn load(sql: &mut SqliteConnection, id: &RunId) -> Result<Run, Error> {
    let row = sqlx::query("SELECT * FROM run WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(&mut *sql)
        .await?;
    let row = row.ok_or_else(|| Error::UnknownRun(id.clone()))?;
    Ok(read(sql, &row, id).await?)
}

async fn read(
    sql: &mut SqliteConnection,
    row: &SqliteRow,
    id: &RunId,
) -> Result<Run, storage::Error> {
    Ok(Run {
        id: id.clone(),
        experiment: experiments::id(row, "experiment")?,
        name: row.text("name")?,
        user: row.text("user")?,
        status: row.parsed("status")?,
        started_ms: row.try_get("started_ms")?,
        ended_ms: row.try_get("ended_ms")?,
        created_at: row.time("created_at")?,
        tags: entries::tags(sql, id.as_str()).await?,
        params: entries::params(sql, id.as_str()).await?,
        metrics: points::newest(sql, id).await?,
        datasets: datasets::of_run(sql, id).await?,
        inputs: log::inputs(sql, id).await?,
        outputs: log::outputs(sql, id).await?,
    })
}
