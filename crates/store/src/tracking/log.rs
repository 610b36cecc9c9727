//! What a run logs: metrics, parameters, tags, what it read and what it made. One call is one
//! transaction.

use super::datasets::{self, Dataset};
use super::points::{self, Metric, Of};
use super::size::Size;
use super::{Error, LoggedModelId, Pairs, RunId, entries, runs};
use crate::row::Columns;
use crate::{Store, storage};
use sqlx::{Row, SqliteConnection};

/// One call's worth.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Those with [`Of`] are a logged model's too.
    pub metrics: Vec<(Metric, Option<Of>)>,
    pub params: Pairs,
    pub tags: Pairs,
}

/// What a run read.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    pub datasets: Vec<Dataset>,
    pub models: Vec<LoggedModelId>,
}

/// A logged model that a run made, and at which step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub model: LoggedModelId,
    pub step: i64,
}

impl Store {
    /// Errors: [`Error::UnknownRun`], [`Error::UnknownLoggedModel`], [`Error::Changed`],
    /// [`Error::Limit`]; nothing of the batch is logged then.
    pub async fn log(&self, run: &RunId, batch: &Batch) -> Result<(), Error> {
        let limits = &self.inner.options.tracking;
        let mut write = self.write().await?;
        runs::must_exist(write.sql(), run).await?;
        let mut size = Size::default();
        entries::add_params(write.sql(), run.as_str(), &batch.params, &mut size).await?;
        entries::set_tags(write.sql(), run.as_str(), &batch.tags, &mut size).await?;
        if let Some(name) = batch.tags.get(runs::NAME_TAG) {
            runs::rename(write.sql(), run, name, &mut size).await?;
        }
        for (metric, of) in &batch.metrics {
            points::add(write.sql(), run, metric, &mut size).await?;
            if let Some(of) = of {
                let mut size = Size::default();
                points::add_to_model(write.sql(), (run, of), metric, &mut size).await?;
                size.settle(write.sql(), of.model.as_str(), limits).await?;
            }
        }
        size.settle(write.sql(), run.as_str(), limits).await?;
        Ok(write.commit().await?)
    }

    /// Errors: [`Error::UnknownRun`], [`Error::UnknownTag`].
    pub async fn untag_run(&self, run: &RunId, key: &str) -> Result<(), Error> {
        let mut write = self.write().await?;
        runs::must_exist(write.sql(), run).await?;
        let mut size = Size::default();
        entries::remove_tag(write.sql(), run.as_str(), key, &mut size).await?;
        size.settle(write.sql(), run.as_str(), &self.inner.options.tracking).await?;
        Ok(write.commit().await?)
    }

    /// Notes what the run read. A dataset that is noted stays as it was. Errors:
    /// [`Error::UnknownRun`], [`Error::Limit`].
    pub async fn log_inputs(&self, run: &RunId, inputs: &Inputs) -> Result<(), Error> {
        let mut write = self.write().await?;
        runs::must_exist(write.sql(), run).await?;
        let mut size = Size::default();
        for dataset in &inputs.datasets {
            datasets::add(write.sql(), run, dataset, &mut size).await?;
        }
        for model in &inputs.models {
            let input = Output { model: model.clone(), step: 0 };
            relate(write.sql(), (run, "input"), &input, &mut size).await?;
        }
        size.settle(write.sql(), run.as_str(), &self.inner.options.tracking).await?;
        Ok(write.commit().await?)
    }

    /// Notes what the run made. Errors: [`Error::UnknownRun`], [`Error::Limit`].
    pub async fn log_outputs(&self, run: &RunId, outputs: &[Output]) -> Result<(), Error> {
        let mut write = self.write().await?;
        runs::must_exist(write.sql(), run).await?;
        let mut size = Size::default();
        for output in outputs {
            relate(write.sql(), (run, "output"), output, &mut size).await?;
        }
        size.settle(write.sql(), run.as_str(), &self.inner.options.tracking).await?;
        Ok(write.commit().await?)
    }
}

async fn relate(
    sql: &mut SqliteConnection,
    (run, role): (&RunId, &'static str),
    output: &Output,
    size: &mut Size,
) -> Result<(), Error> {
    let known: Option<i64> =
        sqlx::query_scalar("SELECT step FROM run_model WHERE run = ? AND role = ? AND model = ?")
            .bind(run.as_str())
            .bind(role)
            .bind(output.model.as_str())
            .fetch_optional(&mut *sql)
            .await?;
    if known.is_none() {
        size.add(&[output.model.as_str()]);
    }
    sqlx::query(
        "INSERT INTO run_model (run, role, model, step) VALUES (?, ?, ?, ?)
         ON CONFLICT (run, role, model) DO UPDATE SET step = excluded.step",
    )
    .bind(run.as_str())
    .bind(role)
    .bind(output.model.as_str())
    .bind(output.step)
    .execute(sql)
    .await?;
    Ok(())
}

pub(super) async fn inputs(
    sql: &mut SqliteConnection,
    run: &RunId,
) -> Result<Vec<LoggedModelId>, storage::Error> {
    let inputs = related(sql, run, "input").await?;
    Ok(inputs.into_iter().map(|input| input.model).collect())
}

pub(super) async fn outputs(
    sql: &mut SqliteConnection,
    run: &RunId,
) -> Result<Vec<Output>, storage::Error> {
    related(sql, run, "output").await
}

async fn related(
    sql: &mut SqliteConnection,
    run: &RunId,
    role: &'static str,
) -> Result<Vec<Output>, storage::Error> {
    let rows = sqlx::query("SELECT model, step FROM run_model WHERE run = ? AND role = ?")
        .bind(run.as_str())
        .bind(role)
        .fetch_all(sql)
        .await?;
    let output = |row: &sqlx::sqlite::SqliteRow| {
        Ok(Output { model: row.parsed("model")?, step: row.try_get("step")? })
    };
    rows.iter().map(output).collect()
}
