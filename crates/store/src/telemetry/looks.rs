//! What looks have found that later ones must not lose: the largest evidence against the candidate,
//! the reference that latencies are compared with, and the sums with which windows began.

use crate::row::{Columns, int, to_json};
use crate::{Store, storage};
use seatrial_domain::RolloutId;
use seatrial_domain::evidence::{Evidence, Start};
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;

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

pub(super) async fn starts(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows =
        sqlx::query("SELECT number, start FROM window_start WHERE rollout = ? ORDER BY number")
            .bind(int(rollout.0))
            .fetch_all(sql)
            .await?;
    for row in &rows {
        let window = u8::try_from(row.count("number")?)
            .map_err(|e| storage::Error::corrupt("number", &e))?;
        into.starts.insert(window, row.json("start")?);
    }
    Ok(())
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
