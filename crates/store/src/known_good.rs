//! Versions an endpoint may be restored to: they completed their stability window, or served
//! before the present one. Set by rollouts' commits.

use crate::row::{Columns, int};
use crate::{Store, storage};
use seatrial_domain::{EndpointName, RolloutId, Timestamp, VersionNumber, VersionRef};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

/// A version to go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownGood {
    pub version: VersionRef,
    /// The rollout that showed it.
    pub rollout: RolloutId,
    /// When it was last shown.
    pub at: Timestamp,
}

impl Store {
    /// The endpoint's known-good versions, the last shown first. Deleted ones are left out, and
    /// those in quarantine.
    pub async fn known_good(
        &self,
        endpoint: &EndpointName,
    ) -> Result<Vec<KnownGood>, storage::Error> {
        let rows = sqlx::query(
            "SELECT k.* FROM known_good AS k
             JOIN version AS v ON v.model = k.model AND v.number = k.number
             WHERE k.endpoint = ? AND v.deleted_at IS NULL
               AND k.digest NOT IN (SELECT digest FROM quarantine WHERE lifted_at IS NULL)
             ORDER BY k.at DESC, k.rollout DESC, k.number DESC",
        )
        .bind(endpoint.as_str())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &SqliteRow) -> Result<KnownGood, storage::Error> {
    let version = VersionRef {
        model: row.parsed("model")?,
        number: VersionNumber(row.count("number")?),
        digest: row.parsed("digest")?,
    };
    Ok(KnownGood { version, rollout: RolloutId(row.count("rollout")?), at: row.time("at")? })
}

pub(crate) async fn note(
    sql: &mut SqliteConnection,
    endpoint: &EndpointName,
    known: &KnownGood,
) -> Result<(), storage::Error> {
    sqlx::query(
        "INSERT INTO known_good (endpoint, model, number, digest, rollout, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (endpoint, model, number) DO UPDATE SET rollout = ?5, at = ?6",
    )
    .bind(endpoint.as_str())
    .bind(known.version.model.as_str())
    .bind(int(known.version.number.0))
    .bind(known.version.digest.as_str())
    .bind(int(known.rollout.0))
    .bind(known.at.as_micros())
    .execute(sql)
    .await?;
    Ok(())
}
