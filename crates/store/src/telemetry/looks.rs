//! What looks have found that later ones must not lose: the largest evidence against the candidate,
//! the reference that latencies are compared with, and the sums with which windows began.

use crate::row::{Columns, int, to_json};
use crate::{Store, storage};
use seatrial_domain::RolloutId;
use seatrial_domain::evidence::{self, Evidence, Start};
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

impl Store {
    /// Keeps each check's largest log e-value against the candidate; a smaller one changes nothing.
    pub async fn raise_maxima(
        &self,
        rollout: RolloutId,
        found: &BTreeMap<String, f64>,
    ) -> Result<(), storage::Error> {
        let mut write = self.write().await?;
        for (name, log_e) in found {
            sqlx::query(
                "INSERT INTO evidence_maximum (rollout, name, log_e) VALUES (?1, ?2, ?3)
                 ON CONFLICT (rollout, name) DO UPDATE SET log_e = ?3 WHERE log_e < ?3",
            )
            .bind(int(rollout.0))
            .bind(name)
            .bind(log_e)
            .execute(write.sql())
            .await?;
        }
        write.commit().await
    }

    /// Freezes the incumbent's latencies in the shadow as they are in `evidence`; the first time
    /// counts.
    pub async fn freeze_reference(
        &self,
        rollout: RolloutId,
        latency: &[u64],
    ) -> Result<(), storage::Error> {
        let mut write = self.write().await?;
        sqlx::query("INSERT OR IGNORE INTO latency_reference (rollout, counts) VALUES (?, ?)")
            .bind(int(rollout.0))
            .bind(to_json("counts", &latency)?)
            .execute(write.sql())
            .await?;
        write.commit().await
    }

    /// Keeps what had been counted when a window began; the first time counts.
    pub async fn begin_window(
        &self,
        rollout: RolloutId,
        window: u8,
        start: &Start,
    ) -> Result<(), storage::Error> {
        let mut write = self.write().await?;
        sqlx::query("INSERT OR IGNORE INTO window_start (rollout, number, start) VALUES (?, ?, ?)")
            .bind(int(rollout.0))
            .bind(i64::from(window))
            .bind(to_json("start", start)?)
            .execute(write.sql())
            .await?;
        write.commit().await
    }
}

/// Rollouts whose starts are kept; those of more are read anew.
const KEPT_MAX: usize = 32;

/// Windows' starts by rollout, as they were read: one that is stored never changes, and every look asks
/// for all of them.
#[derive(Debug, Default)]
pub(crate) struct Starts(Mutex<BTreeMap<RolloutId, evidence::Starts>>);

impl Starts {
    pub(super) async fn read(
        &self,
        sql: &mut SqliteConnection,
        rollout: RolloutId,
        into: &mut Evidence,
    ) -> Result<(), storage::Error> {
        let stored: Vec<i64> =
            sqlx::query_scalar("SELECT number FROM window_start WHERE rollout = ? ORDER BY number")
                .bind(int(rollout.0))
                .fetch_all(&mut *sql)
                .await?;
        let mut starts = self.known(rollout, &stored);
        let first = starts.numbers().last().map_or(-1, i64::from);
        let rows = sqlx::query(
            "SELECT number, start FROM window_start WHERE rollout = ? AND number > ? ORDER BY number",
        )
        .bind(int(rollout.0))
        .bind(first)
        .fetch_all(sql)
        .await?;
        for row in &rows {
            let window = u8::try_from(row.count("number")?)
                .map_err(|e| storage::Error::corrupt("number", &e))?;
            starts.insert(window, row.json("start")?);
        }
        if !rows.is_empty() {
            self.keep(rollout, &starts);
        }
        into.starts = starts;
        Ok(())
    }

    /// Those that are known, if they are the first of what is stored; none of evidence that was forgotten.
    fn known(&self, rollout: RolloutId, stored: &[i64]) -> evidence::Starts {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let numbers =
            |starts: &evidence::Starts| starts.numbers().map(i64::from).collect::<Vec<_>>();
        if kept.get(&rollout).is_some_and(|starts| !stored.starts_with(&numbers(starts))) {
            kept.remove(&rollout);
        }
        kept.get(&rollout).cloned().unwrap_or_default()
    }

    fn keep(&self, rollout: RolloutId, starts: &evidence::Starts) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX && !kept.contains_key(&rollout) {
            // The oldest rollout is the likeliest to be over.
            kept.pop_first();
        }
        kept.insert(rollout, starts.clone());
    }
}

pub(super) async fn maxima(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows = sqlx::query("SELECT name, log_e FROM evidence_maximum WHERE rollout = ?")
        .bind(int(rollout.0))
        .fetch_all(sql)
        .await?;
    for row in &rows {
        into.maxima.insert(row.text("name")?, row.try_get("log_e")?);
    }
    Ok(())
}

/// What is frozen stands for what was counted since.
pub(super) async fn reference(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let row = sqlx::query("SELECT counts FROM latency_reference WHERE rollout = ?")
        .bind(int(rollout.0))
        .fetch_optional(sql)
        .await?;
    if let Some(row) = row {
        into.shadow.incumbent_latency = row.json("counts")?;
    }
    Ok(())
}
