//! A new rollout: its number, its attempt, its place in the queue, its first journal row.

use super::{Phase, Stored};
use crate::row::{Columns, int, to_json};
use crate::write::Write;
use crate::{Store, journal, storage, versions};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::plan::Plan;
use seatrial_domain::rollout::{Bootstrap, Cause, Entry, New, Rollout};
use seatrial_domain::split::Salt;
use seatrial_domain::{Actor, EndpointName, Revision, RolloutId, Share, Timestamp, VersionRef};

/// A rollout before the store has numbered it.
#[derive(Debug, Clone)]
pub struct Draft {
    pub endpoint: EndpointName,
    pub candidate: VersionRef,
    pub plan: Plan,
    pub salt: Salt,
    pub settings: Settings,
    pub bootstrap: Bootstrap,
    pub actor: Actor,
    /// Why it is started, in words.
    pub cause: String,
    pub now: Timestamp,
}

/// Why a rollout could not be created.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no endpoint {0}")]
    UnknownEndpoint(EndpointName),
    /// The candidate is unknown, deleted, or of another digest.
    #[error("there is no version {candidate} of digest {}", .candidate.digest)]
    UnknownVersion { candidate: VersionRef },
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);

impl Store {
    /// Stores a rollout in the queue of its endpoint. Its attempt is one more than the rollouts
    /// the endpoint has had of this candidate.
    pub async fn create_rollout(&self, draft: Draft) -> Result<Stored, Error> {
        let mut write = self.write().await?;
        known(&mut write, &draft).await?;
        let id = next_id(&mut write).await?;
        let attempt = attempts(&mut write, &draft).await?.saturating_add(1);
        let (actor, cause, now) = (draft.actor.clone(), draft.cause.clone(), draft.now);
        let rollout = Rollout::new(numbered(draft, id, attempt), now);
        let revision = Revision(1);
        insert(&mut write, &rollout, revision).await?;
        let entry = entry(&rollout, cause);
        write
            .journal(journal::New::transition((&rollout, &entry, revision), &actor, None, now))
            .await?;
        write.commit().await?;
        Ok(Stored { rollout, revision })
    }
}

fn numbered(draft: Draft, id: RolloutId, attempt: u32) -> New {
    New {
        id,
        endpoint: draft.endpoint,
        attempt,
        candidate: draft.candidate,
        plan: draft.plan,
        salt: draft.salt,
        settings: draft.settings,
        bootstrap: draft.bootstrap,
    }
}

fn entry(rollout: &Rollout, cause: String) -> Entry {
    Entry {
        event: "created".to_owned(),
        from: rollout.stage.name(),
        to: rollout.stage.name(),
        overlays: Vec::new(),
        share: Share::ZERO,
        epoch: rollout.epoch,
        cause: Cause::Said { text: cause },
        effects: Vec::new(),
    }
}

async fn known(write: &mut Write<'_>, draft: &Draft) -> Result<(), Error> {
    let endpoint = sqlx::query("SELECT 1 FROM endpoint WHERE name = ?")
        .bind(draft.endpoint.as_str())
        .fetch_optional(write.sql())
        .await?;
    if endpoint.is_none() {
        return Err(Error::UnknownEndpoint(draft.endpoint.clone()));
    }
    let key = (&draft.candidate.model, draft.candidate.number);
    match versions::load(write.sql(), key).await {
        Ok(version) if version.reference == draft.candidate => Ok(()),
        Err(versions::Error::Storage(error)) => Err(error.into()),
        Ok(_) | Err(_) => Err(Error::UnknownVersion { candidate: draft.candidate.clone() }),
    }
}

async fn next_id(write: &mut Write<'_>) -> Result<RolloutId, storage::Error> {
    let row =
        sqlx::query("UPDATE sequence SET value = value + 1 WHERE name = 'rollout' RETURNING value")
            .fetch_one(write.sql())
            .await?;
    Ok(RolloutId(row.count("value")?))
}

async fn attempts(write: &mut Write<'_>, draft: &Draft) -> Result<u32, storage::Error> {
    let row = sqlx::query(
        "SELECT coalesce(max(attempt), 0) AS attempt FROM rollout
         WHERE endpoint = ? AND digest = ?",
    )
    .bind(draft.endpoint.as_str())
    .bind(draft.candidate.digest.as_str())
    .fetch_one(write.sql())
    .await?;
    u32::try_from(row.count("attempt")?).map_err(|e| storage::Error::corrupt("attempt", &e))
}

async fn insert(
    write: &mut Write<'_>,
    rollout: &Rollout,
    revision: Revision,
) -> Result<(), storage::Error> {
    let stage = rollout.stage.name();
    sqlx::query(
        "INSERT INTO rollout (id, endpoint, model, number, digest, attempt, phase, stage,
                              revision, epoch, state)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(int(rollout.id.0))
    .bind(rollout.endpoint.as_str())
    .bind(rollout.candidate.model.as_str())
    .bind(int(rollout.candidate.number.0))
    .bind(rollout.candidate.digest.as_str())
    .bind(i64::from(rollout.attempt))
    .bind(Phase::of(stage).as_str())
    .bind(stage.as_str())
    .bind(int(revision.0))
    .bind(int(rollout.epoch.0))
    .bind(to_json("rollout", rollout)?)
    .execute(write.sql())
    .await?;
    Ok(())
}
