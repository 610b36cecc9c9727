//! Releasing a retired version whose rollout's plan does not keep its artifacts: the version is
//! deleted, unless anything else needs it, and its bytes are garbage. Done again, it changes nothing,
//! so whoever was interrupted begins anew.

use super::{Error, delete_in};
use crate::aliases::By;
use crate::row::{Columns, int};
use crate::write::Write;
use crate::{Store, storage};
use seatrial_domain::{Actor, EndpointName, RolloutId, Timestamp, VersionRef};
use sqlx::sqlite::SqliteRow;

/// A retired version that its plan does not keep, and that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Releasable {
    pub version: VersionRef,
    /// The rollout that retired it, and is over.
    pub rollout: RolloutId,
    pub endpoint: EndpointName,
}

impl Store {
    /// What waits to be released, by rollout. Of the rollouts that retired a version on an
    /// endpoint, the plan of the last one counts. As many known-good versions as that plan keeps
    /// to go back to (`standby.keep.versions`) do not wait.
    pub async fn releasable(&self) -> Result<Vec<Releasable>, storage::Error> {
        let rows = sqlx::query(
            "SELECT r.id, r.endpoint, r.state -> '$.incumbent' AS version,
                    r.state ->> '$.plan.standby.keep_versions' AS keep
             FROM rollout AS r
             JOIN version AS v ON v.model = r.state ->> '$.incumbent.model'
                              AND v.number = r.state ->> '$.incumbent.number'
             WHERE r.phase = 'ended' AND r.stage = 'completed'
               AND r.state ->> '$.plan.decommission.artifacts' = 'release'
               AND v.lifecycle = 'retired' AND v.deleted_at IS NULL
               AND NOT EXISTS (
                   SELECT 1 FROM rollout AS later
                   WHERE later.endpoint = r.endpoint AND later.id > r.id
                     AND later.stage = 'completed'
                     AND later.state ->> '$.incumbent.model' = v.model
                     AND later.state ->> '$.incumbent.number' = v.number)
             ORDER BY r.id",
        )
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let mut releasable = Vec::new();
        for row in &rows {
            let retired = read(row)?;
            if !self.is_a_way_back(&retired, row.count("keep")?).await? {
                releasable.push(retired);
            }
        }
        Ok(releasable)
    }

    /// Whether it is among the last `keep` versions that its endpoint may be restored to.
    async fn is_a_way_back(&self, retired: &Releasable, keep: u64) -> Result<bool, storage::Error> {
        let endpoint = self.endpoint(&retired.endpoint).await?;
        let serving = endpoint.and_then(|endpoint| endpoint.serving);
        let known = self.known_good(&retired.endpoint).await?;
        let others = known.iter().filter(|known| Some(&known.version) != serving.as_ref());
        let mut kept = others.take(usize::try_from(keep).unwrap_or(usize::MAX));
        Ok(kept.any(|known| known.version == retired.version))
    }

    /// Deletes the version; the bytes only it had are garbage from then on. Errors: [`Error::Referenced`] by an
    /// alias, an endpoint that serves it or may go back to it, or a rollout that has not ended.
    pub async fn release_version(&self, what: &Releasable, now: Timestamp) -> Result<(), Error> {
        let mut write = self.write().await?;
        if let Some(by) = name_or_way_back(&mut write, what).await? {
            return Err(Error::Referenced { version: what.version.clone(), by });
        }
        let cause = format!("released after rollout {} (keepArtifacts: false)", what.rollout);
        let by = By { actor: &Actor::Seatrial, cause: &cause, now };
        delete_in(&mut write, (&what.version.model, what.version.number), by).await?;
        Ok(write.commit().await?)
    }
}

/// What needs a version beyond what keeps any version from being deleted, in words.
async fn name_or_way_back(
    write: &mut Write<'_>,
    what: &Releasable,
) -> Result<Option<String>, storage::Error> {
    let row = sqlx::query(
        "SELECT 'alias ' || name AS referrer FROM alias WHERE model = ?1 AND number = ?2
         UNION ALL
         SELECT 'endpoint ' || endpoint || ', as known to be good' FROM known_good
         WHERE model = ?1 AND number = ?2 AND endpoint <> ?3
         LIMIT 1",
    )
    .bind(what.version.model.as_str())
    .bind(int(what.version.number.0))
    .bind(what.endpoint.as_str())
    .fetch_optional(write.sql())
    .await?;
    row.map(|row| row.text("referrer")).transpose()
}

fn read(row: &SqliteRow) -> Result<Releasable, storage::Error> {
    Ok(Releasable {
        version: row.json("version")?,
        rollout: RolloutId(row.count("id")?),
        endpoint: row.parsed("endpoint")?,
    })
}
