//! Logged models: what a client calls a model before, and without, its registration.

use super::points::{self, ModelMetric};
use super::size::Size;
use super::{Error, ExperimentId, LoggedModelId, Pairs, RunId, entries, experiments};
use crate::row::Columns;
use crate::{Store, storage};
use seatrial_domain::Timestamp;
use sqlx::Connection as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::str::FromStr;

/// Whether its files are there, as its client says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelStatus {
    Pending,
    Ready,
    UploadFailed,
}

impl ModelStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "LOGGED_MODEL_PENDING",
            Self::Ready => "LOGGED_MODEL_READY",
            Self::UploadFailed => "LOGGED_MODEL_UPLOAD_FAILED",
        }
    }
}

impl FromStr for ModelStatus {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Pending, Self::Ready, Self::UploadFailed];
        all.into_iter().find(|status| status.as_str() == text).ok_or_else(|| text.to_owned())
    }
}

/// A logged model as its client begins it.
#[derive(Debug, Clone)]
pub struct NewLoggedModel {
    pub id: LoggedModelId,
    pub experiment: ExperimentId,
    pub name: String,
    pub model_type: String,
    /// In the client's words: a run of this server, or of another.
    pub source_run: Option<String>,
    pub tags: Pairs,
    pub params: Pairs,
    pub now: Timestamp,
}

/// A logged model with all that was logged of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedModel {
    pub id: LoggedModelId,
    pub experiment: ExperimentId,
    pub name: String,
    pub model_type: String,
    pub status: ModelStatus,
    pub source_run: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub tags: Pairs,
    pub params: Pairs,
    pub metrics: Vec<ModelMetric>,
}

impl LoggedModel {
    /// Where its files are, below the artifact root.
    pub fn artifact_path(&self) -> String {
        format!("{}/models/{}/artifacts", self.experiment, self.id)
    }

    pub fn artifact_uri(&self) -> String {
        format!("mlflow-artifacts:/{}", self.artifact_path())
    }

    /// The run it was made by, if that may be one of this server.
    pub fn run(&self) -> Option<RunId> {
        self.source_run.as_deref().and_then(RunId::parse)
    }
}

impl Store {
    /// Errors: [`Error::UnknownExperiment`], [`Error::Limit`].
    pub async fn create_logged_model(&self, new: &NewLoggedModel) -> Result<LoggedModel, Error> {
        let mut write = self.write().await?;
        experiments::must_exist(write.sql(), new.experiment).await?;
        sqlx::query(
            "INSERT INTO logged_model (id, experiment, name, model_type, status, source_run,
                                       created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        )
        .bind(new.id.as_str())
        .bind(i64::from(new.experiment.0))
        .bind(&new.name)
        .bind(&new.model_type)
        .bind(ModelStatus::Pending.as_str())
        .bind(&new.source_run)
        .bind(new.now.as_micros())
        .execute(write.sql())
        .await?;
        let owner = new.id.as_str();
        let mut size = Size::of_row(&[&new.name, &new.model_type]);
        entries::set_tags(write.sql(), owner, &new.tags, &mut size).await?;
        entries::add_params(write.sql(), owner, &new.params, &mut size).await?;
        size.settle(write.sql(), owner, &self.inner.options.tracking).await?;
        let model = load(write.sql(), &new.id).await?;
        write.commit().await?;
        Ok(model)
    }

    /// The logged model. Errors: [`Error::UnknownLoggedModel`].
    pub async fn logged_model(&self, id: &LoggedModelId) -> Result<LoggedModel, Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        load(&mut tx, id).await
    }

    /// Errors: [`Error::UnknownLoggedModel`].
    pub async fn finalize_logged_model(
        &self,
        id: &LoggedModelId,
        status: ModelStatus,
        now: Timestamp,
    ) -> Result<LoggedModel, Error> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE logged_model SET status = ?, updated_at = ? WHERE id = ?")
            .bind(status.as_str())
            .bind(now.as_micros())
            .bind(id.as_str())
            .execute(write.sql())
            .await?;
        let model = load(write.sql(), id).await?;
        write.commit().await?;
        Ok(model)
    }

    /// Errors: [`Error::UnknownLoggedModel`], [`Error::Changed`], [`Error::Limit`].
    pub async fn describe_logged_model(
        &self,
        id: &LoggedModelId,
        tags: &Pairs,
        params: &Pairs,
    ) -> Result<(), Error> {
        let mut write = self.write().await?;
        must_exist(write.sql(), id).await?;
        let mut size = Size::default();
        entries::set_tags(write.sql(), id.as_str(), tags, &mut size).await?;
        entries::add_params(write.sql(), id.as_str(), params, &mut size).await?;
        size.settle(write.sql(), id.as_str(), &self.inner.options.tracking).await?;
        Ok(write.commit().await?)
    }

    /// Errors: [`Error::UnknownLoggedModel`], [`Error::UnknownTag`].
    pub async fn untag_logged_model(&self, id: &LoggedModelId, key: &str) -> Result<(), Error> {
        let mut write = self.write().await?;
        must_exist(write.sql(), id).await?;
        let mut size = Size::default();
        entries::remove_tag(write.sql(), id.as_str(), key, &mut size).await?;
        size.settle(write.sql(), id.as_str(), &self.inner.options.tracking).await?;
        Ok(write.commit().await?)
    }
}

/// Errors: [`Error::UnknownLoggedModel`].
pub(super) async fn must_exist(
    sql: &mut SqliteConnection,
    id: &LoggedModelId,
) -> Result<(), Error> {
    let found: Option<String> = sqlx::query_scalar("SELECT id FROM logged_model WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(sql)
        .await?;
    found.map(|_| ()).ok_or_else(|| Error::UnknownLoggedModel(id.clone()))
}

async fn load(sql: &mut SqliteConnection, id: &LoggedModelId) -> Result<LoggedModel, Error> {
    let row = sqlx::query("SELECT * FROM logged_model WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(&mut *sql)
        .await?;
    let row = row.ok_or_else(|| Error::UnknownLoggedModel(id.clone()))?;
    Ok(read(sql, &row).await?)
}

pub(crate) async fn read(
    sql: &mut SqliteConnection,
    row: &SqliteRow,
) -> Result<LoggedModel, storage::Error> {
    let id: LoggedModelId = row.parsed("id")?;
    Ok(LoggedModel {
        experiment: experiments::id(row, "experiment")?,
        name: row.text("name")?,
        model_type: row.text("model_type")?,
        status: row.parsed("status")?,
        source_run: row.maybe_text("source_run")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        tags: entries::tags(sql, id.as_str()).await?,
        params: entries::params(sql, id.as_str()).await?,
        metrics: points::of_model(sql, &id).await?,
        id,
    })
}
