//! What gateways have counted: flushed in one transaction, summed over their starts.

mod assignments;
pub(crate) mod closing;
pub(crate) mod cohorts;
mod counters;
mod evidence;
mod looks;
mod mature;
pub(crate) mod pairs;
pub(crate) mod slice_values;
pub(crate) mod slices;
mod units;
pub(crate) mod values;

use crate::row::int;
use crate::{Store, storage};
use assignments::{Left, Room};
pub use cohorts::Due;
pub(crate) use looks::Starts;
use seatrial_domain::telemetry::Telemetry;
use sqlx::SqliteConnection;
use std::sync::atomic::{AtomicU64, Ordering};

/// Assignments that were not kept, by who dropped them. Feedback for them is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    /// The gateways' buffers were full.
    pub gateway: u64,
    /// The store had its limit of rows.
    pub store: u64,
}

/// Rows of what is no evidence are one in so many of all.
const UNCOUNTED_PART: u64 = 10;

impl Store {
    /// Takes in one flush. A flush that was taken in before changes nothing.
    pub async fn flush(&self, telemetry: &Telemetry) -> Result<(), storage::Error> {
        let mut write = self.write().await?;
        let sql = write.sql();
        counters::put(sql, telemetry).await?;
        units::put(sql, telemetry).await?;
        closing::put(sql, telemetry).await?;
        let batch = assignments::put(sql, telemetry, self.room()).await?;
        pairs::put(sql, telemetry).await?;
        note_boot(sql, telemetry, batch.dropped).await?;
        write.commit().await?;
        self.inner.assignments.fetch_add(batch.added, Ordering::Relaxed);
        self.inner.uncounted.fetch_add(batch.uncounted, Ordering::Relaxed);
        Ok(())
    }

    /// What is no evidence takes a tenth of the rows at most, however much of it comes: a shadow that
    /// mirrors for long leaves the canary its room.
    fn room(&self) -> Room {
        let limit = self.inner.options.assignments_limit;
        let of = |limit: u64, rows: &AtomicU64| Left {
            rows: limit.saturating_sub(rows.load(Ordering::Relaxed)),
            limit,
        };
        Room {
            all: of(limit, &self.inner.assignments),
            uncounted: of(limit / UNCOUNTED_PART, &self.inner.uncounted),
        }
    }

    /// Assignments lost so far, over every start of every gateway.
    pub async fn dropped_assignments(&self) -> Result<Dropped, storage::Error> {
        let (gateway, store): (i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(gateway_dropped), 0), coalesce(sum(store_dropped), 0) FROM boot",
        )
        .fetch_one(&mut *self.reader().await?)
        .await?;
        let count = |n| u64::try_from(n).unwrap_or(0);
        Ok(Dropped { gateway: count(gateway), store: count(store) })
    }
}

/// Drops are counted once a flush: a repeated one adds nothing.
async fn note_boot(
    sql: &mut SqliteConnection,
    telemetry: &Telemetry,
    dropped: u64,
) -> Result<(), storage::Error> {
    sqlx::query(
        "INSERT INTO boot (id, seq, gateway_dropped, store_dropped) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET seq = ?2, gateway_dropped = ?3,
             store_dropped = store_dropped + ?4
         WHERE seq < ?2",
    )
    .bind(telemetry.boot.cast_signed())
    .bind(int(telemetry.seq))
    .bind(int(telemetry.dropped_assignments))
    .bind(int(dropped))
    .execute(sql)
    .await?;
    Ok(())
}
