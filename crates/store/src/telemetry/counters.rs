//! Cumulative counters of one start of a gateway: the larger sequence number replaces.

use crate::row::{int, to_json};
use crate::storage::Error;
use seatrial_domain::telemetry::Telemetry;
use sqlx::SqliteConnection;

pub(super) async fn put(sql: &mut SqliteConnection, from: &Telemetry) -> Result<(), Error> {
    for (rollout, gate, counts) in &from.gates {
        sqlx::query(
            "INSERT INTO gate_counter (rollout, gate, boot, seq, counts)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (rollout, gate, boot) DO UPDATE SET seq = ?4, counts = ?5 WHERE seq < ?4",
        )
        .bind(int(rollout.0))
        .bind(i64::from(gate.0))
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
