//! A transition becomes fact: compared with the revision it was decided on, journalled, and
//! carried out on everything that moves with it, in one transaction.

use super::{Phase, Stored, effects};
use crate::row::{Columns, int, to_json};
use crate::write::Write;
use crate::{Store, journal, storage};
use seatrial_domain::rollout::{Rollout, Transition};
use seatrial_domain::{Actor, Epoch, Revision, RolloutId, Timestamp};
use serde_json::Value;

/// A decided transition, and who decided it when.
#[derive(Debug, Clone, Copy)]
pub struct Commit<'a> {
    pub transition: &'a Transition,
    /// The revision the transition was decided on.
    pub expected: Revision,
    pub actor: &'a Actor,
    /// What the decision rests on, beyond what the entry's cause holds.
    pub evidence: Option<&'a Value>,
    pub now: Timestamp,
}

/// What is now true.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// With the epoch the store has issued: this, not the transition's, is to be enforced.
    pub stored: Stored,
    /// The journal row's number.
    pub seq: u64,
}

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no rollout {0}")]
    Unknown(RolloutId),
    /// Somebody else committed first: load, decide again.
    #[error("the rollout is at revision {current}, decided was on {expected}")]
    Conflict { expected: Revision, current: Revision },
    /// Another rollout of the endpoint is past the queue.
    #[error("rollout {active} is running on the endpoint")]
    Occupied { active: RolloutId },
    #[error(transparent)]
    Storage(#[from] storage::Error),
}
storage::from_storage!(Error);

impl Store {
    /// The last epoch the store has issued, on any endpoint.
    pub async fn epoch(&self) -> Result<Epoch, storage::Error> {
        let row = sqlx::query("SELECT value FROM sequence WHERE name = 'epoch'")
            .fetch_one(&mut *self.reader().await?)
            .await?;
        Ok(Epoch(row.count("value")?))
    }

    /// Commits `commit.transition`. On any error nothing has changed.
    pub async fn commit(&self, commit: Commit<'_>) -> Result<Committed, Error> {
        let mut write = self.write().await?;
        let mut next = commit.transition.next.clone();
        let mut entry = commit.transition.journal.clone();
        let before = compare(&mut write, next.id, commit.expected).await?;
        if next.epoch > before {
            // The transition knows only that it needs a newer table; the number is the store's.
            next.epoch = issue(&mut write, next.epoch).await?;
            entry.epoch = next.epoch;
        }
        refuse_second(&mut write, &next).await?;
        let revision = commit.expected.next();
        swap(&mut write, &next, revision).await?;
        let by = effects::By { rollout: &next, entry: &entry, actor: commit.actor };
        effects::carry_out(write.sql(), by, commit.now).await?;
        let seq = write
            .journal(journal::New::transition(
                (&next, &entry, revision),
                commit.actor,
                commit.evidence,
                commit.now,
            ))
            .await?;
        write.commit().await?;
        Ok(Committed { stored: Stored { rollout: next, revision }, seq })
    }
}

/// The epoch stored so far, if the revision is still the expected one.
async fn compare(write: &mut Write<'_>, id: RolloutId, expected: Revision) -> Result<Epoch, Error> {
    let row = sqlx::query("SELECT revision, epoch FROM rollout WHERE id = ?")
        .bind(int(id.0))
        .fetch_optional(write.sql())
        .await?
        .ok_or(Error::Unknown(id))?;
    let current = Revision(row.count("revision")?);
    if current == expected {
        Ok(Epoch(row.count("epoch")?))
    } else {
        Err(Error::Conflict { expected, current })
    }
}

/// The next number of the store's one sequence of epochs, at least `wanted`.
async fn issue(write: &mut Write<'_>, wanted: Epoch) -> Result<Epoch, storage::Error> {
    let row = sqlx::query(
        "UPDATE sequence SET value = max(value + 1, ?) WHERE name = 'epoch' RETURNING value",
    )
    .bind(int(wanted.0))
    .fetch_one(write.sql())
    .await?;
    Ok(Epoch(row.count("value")?))
}

/// The database's unique index holds the rule; this names the rollout in the way.
async fn refuse_second(write: &mut Write<'_>, next: &Rollout) -> Result<(), Error> {
    if Phase::of(next.stage.name()) != Phase::Active {
        return Ok(());
    }
    let other =
        sqlx::query("SELECT id FROM rollout WHERE endpoint = ? AND phase = 'active' AND id <> ?")
            .bind(next.endpoint.as_str())
            .bind(int(next.id.0))
            .fetch_optional(write.sql())
            .await?;
    match other {
        Some(row) => Err(Error::Occupied { active: RolloutId(row.count("id")?) }),
        None => Ok(()),
    }
}

async fn swap(
    write: &mut Write<'_>,
    next: &Rollout,
    revision: Revision,
) -> Result<(), storage::Error> {
    let stage = next.stage.name();
    sqlx::query(
        "UPDATE rollout SET phase = ?, stage = ?, revision = ?, epoch = ?, state = ? WHERE id = ?",
    )
    .bind(Phase::of(stage).as_str())
    .bind(stage.as_str())
    .bind(int(revision.0))
    .bind(int(next.epoch.0))
    .bind(to_json("rollout", next)?)
    .bind(int(next.id.0))
    .execute(write.sql())
    .await?;
    Ok(())
}
