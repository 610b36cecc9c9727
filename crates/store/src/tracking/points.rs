//! Metrics: every point of a run's, the newest of each, and those of logged models. Infinities are
//! kept as the largest numbers, as MLflow's server does.

use super::size::Size;
use super::{Error, LoggedModelId, RunId, logged_models, runs};
use crate::row::Columns;
use crate::{Store, storage};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row, SqliteConnection};
use std::fmt;

/// One point of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    pub key: String,
    pub value: f64,
    /// By the client's clock.
    pub at_ms: i64,
    pub step: i64,
}

/// Which logged model a metric is of, and on which data it was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Of {
    pub model: LoggedModelId,
    pub dataset: Option<String>,
    pub digest: Option<String>,
}

/// A point of a logged model's metric.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelMetric {
    pub metric: Metric,
    pub run: RunId,
    pub of: Of,
}

/// A part of a metric's history, by time, step and value.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    pub metrics: Vec<Metric>,
    /// Where it goes on; none: this was the last part.
    pub next: Option<HistoryMark>,
}

/// The last point of a part, as text that means nothing to clients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoryMark {
    at_ms: i64,
    step: i64,
    value: Stored,
}

impl HistoryMark {
    /// None: it was made up.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let at_ms = parts.next()?.parse().ok()?;
        let step = parts.next()?.parse().ok()?;
        let number = f64::from_bits(u64::from_str_radix(parts.next()?, 16).ok()?);
        let nan = parts.next()?.parse().ok()?;
        let whole = parts.next().is_none() && number.is_finite();
        whole.then_some(Self { at_ms, step, value: Stored { number, nan } })
    }
}

impl fmt::Display for HistoryMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stored { number, nan } = self.value;
        write!(f, "{}.{}.{:x}.{nan}", self.at_ms, self.step, number.to_bits())
    }
}

/// A value as SQLite keeps it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stored {
    number: f64,
    nan: i64,
}

impl Stored {
    fn of(value: f64) -> Self {
        if value.is_nan() {
            return Self { number: 0.0, nan: 1 };
        }
        Self { number: value.clamp(f64::MIN, f64::MAX), nan: 0 }
    }
}

impl Store {
    /// Points of one metric, at most `limit`. Errors: [`Error::UnknownRun`].
    pub async fn metric_history(
        &self,
        (run, key): (&RunId, &str),
        after: Option<&HistoryMark>,
        limit: u32,
    ) -> Result<History, Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        runs::must_exist(&mut tx, run).await?;
        let first = HistoryMark { at_ms: i64::MIN, step: 0, value: Stored::of(0.0) };
        let after = after.copied().unwrap_or(first);
        let rows = sqlx::query(
            "SELECT * FROM run_point
             WHERE run = ? AND key = ? AND (at_ms, step, value, nan) > (?, ?, ?, ?)
             ORDER BY at_ms, step, value, nan LIMIT ?",
        )
        .bind(run.as_str())
        .bind(key)
        .bind(after.at_ms)
        .bind(after.step)
        .bind(after.value.number)
        .bind(after.value.nan)
        .bind(i64::from(limit) + 1)
        .fetch_all(&mut *tx)
        .await?;
        let mut metrics = rows.iter().map(read).collect::<Result<Vec<Metric>, _>>()?;
        let full = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = metrics.len() > full;
        metrics.truncate(full);
        let mark = |last: &Metric| HistoryMark {
            at_ms: last.at_ms,
            step: last.step,
            value: Stored::of(last.value),
        };
        let next = metrics.last().filter(|_| more).map(mark);
        Ok(History { metrics, next })
    }
}

/// Adds a point, unless it is there.
pub(super) async fn add(
    sql: &mut SqliteConnection,
    run: &RunId,
    metric: &Metric,
    size: &mut Size,
) -> Result<(), Error> {
    let Stored { number, nan } = Stored::of(metric.value);
    let added = sqlx::query(
        "INSERT INTO run_point (run, key, at_ms, step, value, nan) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(run.as_str())
    .bind(&metric.key)
    .bind(metric.at_ms)
    .bind(metric.step)
    .bind(number)
    .bind(nan)
    .execute(&mut *sql)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(());
    }
    size.add_point(&metric.key);
    let known = known(sql, run, &metric.key).await?;
    if !known {
        size.add(&[&metric.key]);
    }
    sqlx::query(
        "INSERT INTO run_metric (run, key, at_ms, step, value, nan) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (run, key) DO UPDATE SET at_ms = excluded.at_ms, step = excluded.step,
             value = excluded.value, nan = excluded.nan
         WHERE (excluded.step, excluded.at_ms, excluded.value) > (step, at_ms, value)",
    )
    .bind(run.as_str())
    .bind(&metric.key)
    .bind(metric.at_ms)
    .bind(metric.step)
    .bind(number)
    .bind(nan)
    .execute(sql)
    .await?;
    Ok(())
}

async fn known(sql: &mut SqliteConnection, run: &RunId, key: &str) -> Result<bool, sqlx::Error> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM run_metric WHERE run = ? AND key = ?")
            .bind(run.as_str())
            .bind(key)
            .fetch_optional(sql)
            .await?;
    Ok(found.is_some())
}

/// Adds a point to a logged model's. Errors: [`Error::UnknownLoggedModel`].
pub(super) async fn add_to_model(
    sql: &mut SqliteConnection,
    (run, of): (&RunId, &Of),
    metric: &Metric,
    size: &mut Size,
) -> Result<(), Error> {
    logged_models::must_exist(sql, &of.model).await?;
    let Stored { number, nan } = Stored::of(metric.value);
    let added = sqlx::query(
        "INSERT INTO logged_model_point
             (model, run, key, at_ms, step, value, nan, dataset, digest)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(of.model.as_str())
    .bind(run.as_str())
    .bind(&metric.key)
    .bind(metric.at_ms)
    .bind(metric.step)
    .bind(number)
    .bind(nan)
    .bind(&of.dataset)
    .bind(&of.digest)
    .execute(sql)
    .await?;
    if added.rows_affected() > 0 {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        size.add(&[run.as_str(), &metric.key, &text(&of.dataset), &text(&of.digest)]);
    }
    Ok(())
}

/// The newest point of each of the run's metrics.
pub(super) async fn newest(
    sql: &mut SqliteConnection,
    run: &RunId,
) -> Result<Vec<Metric>, storage::Error> {
    let rows = sqlx::query("SELECT * FROM run_metric WHERE run = ? ORDER BY key")
        .bind(run.as_str())
        .fetch_all(sql)
        .await?;
    rows.iter().map(read).collect()
}

pub(super) async fn of_model(
    sql: &mut SqliteConnection,
    model: &LoggedModelId,
) -> Result<Vec<ModelMetric>, storage::Error> {
    let rows = sqlx::query("SELECT * FROM logged_model_point WHERE model = ?")
        .bind(model.as_str())
        .fetch_all(sql)
        .await?;
    let point = |row: &SqliteRow| {
        let (dataset, digest) = (row.maybe_text("dataset")?, row.maybe_text("digest")?);
        let of = Of { model: model.clone(), dataset, digest };
        Ok(ModelMetric { metric: read(row)?, run: row.parsed("run")?, of })
    };
    rows.iter().map(point).collect()
}

fn read(row: &SqliteRow) -> Result<Metric, storage::Error> {
    let nan: i64 = row.try_get("nan")?;
    let value = if nan == 0 { row.try_get("value")? } else { f64::NAN };
    let (at_ms, step) = (row.try_get("at_ms")?, row.try_get("step")?);
    Ok(Metric { key: row.text("key")?, value, at_ms, step })
}
