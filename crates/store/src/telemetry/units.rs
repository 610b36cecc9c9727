//! The hashes of units already counted, with what they have shown of their arm, so that a restarted
//! gateway counts none twice and each by its own probability.

use super::evidence::exposure;
use crate::row::{Columns, int, to_json};
use crate::{Store, storage};
use seatrial_domain::RolloutId;
use seatrial_domain::telemetry::{SeenUnits, Telemetry};
use sqlx::{Connection as _, Row, SqliteConnection};

impl Store {
    /// The units seen in a rollout, to seed a gateway with before it routes.
    pub async fn seen_units(&self, rollout: RolloutId) -> Result<SeenUnits, storage::Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        let level = level(&mut tx, rollout).await?;
        let rows = sqlx::query("SELECT hash, seen FROM seen_unit WHERE rollout = ?")
            .bind(int(rollout.0))
            .fetch_all(&mut *tx)
            .await?;
        let mut seen = SeenUnits { level, ..SeenUnits::default() };
        for row in &rows {
            let hash: i64 = row.try_get("hash")?;
            seen.units.insert(hash.cast_unsigned(), exposure(row)?);
        }
        Ok(seen)
    }
}

pub(super) async fn put(
    sql: &mut SqliteConnection,
    from: &Telemetry,
) -> Result<(), storage::Error> {
    for (rollout, units, flushed) in &from.units {
        let before = level(sql, *rollout).await?;
        let level = before.max(*flushed);
        let within: Vec<(i64, u16)> = units
            .iter()
            .filter(|(hash, _)| hash.leading_zeros() >= level)
            .map(|(hash, seen)| (hash.cast_signed(), seen.share().basis_points()))
            .collect();
        // What is known of a unit only grows, in whatever order flushes come.
        sqlx::query(
            "INSERT INTO seen_unit (rollout, hash, seen)
             SELECT ?, value ->> 0, value ->> 1 FROM json_each(?) WHERE true
             ON CONFLICT (rollout, hash) DO UPDATE SET seen = max(seen, excluded.seen)",
        )
        .bind(int(rollout.0))
        .bind(to_json("units", &within)?)
        .execute(&mut *sql)
        .await?;
        if level > before {
            raise(sql, *rollout, level).await?;
        }
    }
    Ok(())
}

async fn level(sql: &mut SqliteConnection, rollout: RolloutId) -> Result<u32, storage::Error> {
    let row = sqlx::query("SELECT level FROM seen_level WHERE rollout = ?")
        .bind(int(rollout.0))
        .fetch_optional(sql)
        .await?;
    let level = row.map_or(Ok(0), |row| row.count("level"))?;
    u32::try_from(level).map_err(|e| storage::Error::corrupt("level", &e))
}

/// Narrows the sample: units outside it are forgotten, as the gateway forgot them.
async fn raise(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    level: u32,
) -> Result<(), storage::Error> {
    sqlx::query(
        "INSERT INTO seen_level (rollout, level) VALUES (?1, ?2)
         ON CONFLICT (rollout) DO UPDATE SET level = ?2",
    )
    .bind(int(rollout.0))
    .bind(i64::from(level))
    .execute(&mut *sql)
    .await?;
    // Hashes of at least one leading zero bit are not negative when read as signed.
    let largest = u64::MAX.checked_shr(level).unwrap_or(0);
    sqlx::query("DELETE FROM seen_unit WHERE rollout = ? AND (hash < 0 OR hash > ?)")
        .bind(int(rollout.0))
        .bind(largest.cast_signed())
        .execute(sql)
        .await?;
    Ok(())
}
