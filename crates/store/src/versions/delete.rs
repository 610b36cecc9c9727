//! Deleting a version: a tombstone keeps its number; whatever something refers to stays.

use super::{Error, load};
use crate::aliases::{self, By};
use crate::row::{Columns, int};
use crate::write::Write;
use crate::{Store, journal, storage};
use seatrial_domain::{Actor, ModelName, Timestamp, VersionNumber, VersionRef};

impl Store {
    /// Deletes a version and its aliases. Errors: unknown, or referred to by an endpoint or a
    /// rollout that has not ended.
    pub async fn delete_version(
        &self,
        version: (&ModelName, VersionNumber),
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut write = self.write().await?;
        let by = By { actor, cause: "by hand", now };
        delete_in(&mut write, version, by).await?;
        Ok(write.commit().await?)
    }
}

pub(crate) async fn delete_in(
    write: &mut Write<'_>,
    key: (&ModelName, VersionNumber),
    by: By<'_>,
) -> Result<(), Error> {
    let version = load(write.sql(), key).await?;
    if let Some(by) = referrer(write, &version.reference).await? {
        return Err(Error::Referenced { version: version.reference, by });
    }
    let moved = By { cause: "the version was deleted", ..by };
    for alias in &version.aliases {
        aliases::remove(write.sql(), key.0, alias, moved).await?;
    }
    sqlx::query("DELETE FROM version_tag WHERE model = ? AND number = ?")
        .bind(key.0.as_str())
        .bind(int(key.1.0))
        .execute(write.sql())
        .await?;
    sqlx::query("UPDATE version SET deleted_at = ? WHERE model = ? AND number = ?")
        .bind(by.now.as_micros())
        .bind(key.0.as_str())
        .bind(int(key.1.0))
        .execute(write.sql())
        .await?;
    let subject = version.reference.to_string();
    let row = journal::New::about(&subject, "deleted", by.actor, by.now)
        .because(format!("{}, was {}", by.cause, version.reference.digest));
    write.journal(row).await?;
    Ok(())
}

/// What still needs the version, in words.
async fn referrer(
    write: &mut Write<'_>,
    version: &VersionRef,
) -> Result<Option<String>, storage::Error> {
    let row = sqlx::query(
        "SELECT 'endpoint ' || name AS referrer FROM endpoint
         WHERE serving ->> 'model' = ?1 AND serving ->> 'number' = ?2
         UNION ALL
         SELECT 'rollout ' || id FROM rollout
         WHERE phase <> 'ended' AND (
             (model = ?1 AND number = ?2)
             OR (state ->> '$.incumbent.model' = ?1 AND state ->> '$.incumbent.number' = ?2))
         LIMIT 1",
    )
    .bind(version.model.as_str())
    .bind(int(version.number.0))
    .fetch_optional(write.sql())
    .await?;
    row.map(|row| row.text("referrer")).transpose()
}
