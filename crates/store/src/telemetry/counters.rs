//! Cumulative counters of one start of a gateway: the larger sequence number replaces. Those of starts
//! that are over are cut once: what they waited for never comes.

use crate::Store;
use crate::row::{Columns, int, to_json};
use crate::storage::Error;
use seatrial_domain::RolloutId;
use seatrial_domain::evidence::GateCounts;
use seatrial_domain::telemetry::Telemetry;
use sqlx::{Row, SqliteConnection};

impl Store {
    /// Cuts the open windows of every start of a gateway but `alive` (docs/adr/0012): before the
    /// rollout's units are counted again. Doing it twice changes nothing.
    pub async fn cut_windows(&self, rollout: RolloutId, alive: u64) -> Result<(), Error> {
        let mut write = self.write().await?;
        let rows = sqlx::query(
            "SELECT gate, seen, boot, counts FROM gate_counter WHERE rollout = ? AND boot <> ?",
        )
        .bind(int(rollout.0))
        .bind(alive.cast_signed())
        .fetch_all(write.sql())
        .await?;
        for row in &rows {
            let before: GateCounts = row.json("counts")?;
            let mut counts = before.clone();
            counts.cut();
            if counts == before {
                continue;
            }
            let boot: i64 = row.try_get("boot")?;
            sqlx::query(
                "UPDATE gate_counter SET counts = ?
                 WHERE rollout = ? AND gate = ? AND seen = ? AND boot = ?",
            )
            .bind(to_json("counts", &counts)?)
            .bind(int(rollout.0))
            .bind(int(row.count("gate")?))
            .bind(int(row.count("seen")?))
            .bind(boot)
            .execute(write.sql())
            .await?;
        }
        write.commit().await
    }
}

pub(super) async fn put(sql: &mut SqliteConnection, from: &Telemetry) -> Result<(), Error> {
    for (rollout, stratum, counts) in &from.gates {
        sqlx::query(
            "INSERT INTO gate_counter (rollout, gate, seen, boot, seq, counts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (rollout, gate, seen, boot) DO UPDATE SET seq = ?5, counts = ?6
             WHERE seq < ?5",
        )
        .bind(int(rollout.0))
        .bind(i64::from(stratum.gate.0))
        .bind(i64::from(stratum.seen.share().basis_points()))
        .bind(from.boot.cast_signed())
        .bind(int(from.seq))
        .bind(to_json("counts", counts)?)
        .execute(&mut *sql)
        .await?;
    }
    for (rollout, counts) in &from.shadow {
        sqlx::query(
            "INSERT INTO shadow_counter (rollout, boot, seq, counts) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (rollout, boot) DO UPDATE SET seq = ?3, counts = ?4 WHERE seq < ?3",
        )
        .bind(int(rollout.0))
        .bind(from.boot.cast_signed())
        .bind(int(from.seq))
        .bind(to_json("counts", counts)?)
        .execute(&mut *sql)
        .await?;
    }
    Ok(())
}
