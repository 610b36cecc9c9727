//! Adding a row: the next number, linked to the row before.

use super::canonical::{Stored, genesis};
use crate::batch::Batch;
use crate::row::{Columns, int, to_json};
use crate::storage::Error;
use seatrial_domain::rollout::{Cause, Effect, Entry, Rollout};
use seatrial_domain::{Actor, EndpointName, Revision, Timestamp};
use serde_json::Value;
use sqlx::SqliteConnection;

/// A row before it has its number and its hashes.
#[derive(Debug, Clone)]
pub struct New<'a> {
    at: Timestamp,
    actor: &'a Actor,
    event: &'a str,
    cause: Cause,
    subject: Option<&'a str>,
    endpoint: Option<&'a EndpointName>,
    evidence: Option<&'a Value>,
    transition: Option<(&'a Rollout, &'a Entry, Revision)>,
}

impl<'a> New<'a> {
    /// Something that happened to `subject`, outside any rollout.
    pub fn about(subject: &'a str, event: &'a str, actor: &'a Actor, at: Timestamp) -> Self {
        let cause = Cause::Said { text: String::new() };
        let (subject, endpoint) = (Some(subject), None);
        Self { at, actor, event, cause, subject, endpoint, evidence: None, transition: None }
    }

    /// A rollout's transition to `revision`.
    pub(crate) fn transition(
        (next, entry, revision): (&'a Rollout, &'a Entry, Revision),
        actor: &'a Actor,
        evidence: Option<&'a Value>,
        at: Timestamp,
    ) -> Self {
        Self {
            at,
            actor,
            event: &entry.event,
            cause: entry.cause.clone(),
            subject: None,
            endpoint: Some(&next.endpoint),
            evidence,
            transition: Some((next, entry, revision)),
        }
    }

    /// Why, in words.
    #[must_use]
    pub fn because(mut self, text: String) -> Self {
        self.cause = Cause::Said { text };
        self
    }

    /// Resting on this.
    #[must_use]
    pub const fn with(mut self, evidence: Option<&'a Value>) -> Self {
        self.evidence = evidence;
        self
    }

    /// On this endpoint.
    #[must_use]
    pub const fn on(mut self, endpoint: &'a EndpointName) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    fn stored(&self, seq: u64, previous: String) -> Result<Stored, Error> {
        let entry = self.transition.map(|(_, entry, _)| entry);
        let effects = entry.map_or(&[][..], |entry| &entry.effects);
        let overlays = entry.map(|entry| to_json("overlays", &entry.overlays)).transpose()?;
        Ok(Stored {
            actor: to_json("actor", self.actor)?,
            at: self.at.as_micros(),
            cause: to_json("cause", &self.cause)?,
            effects: to_json("effects", &effects)?,
            endpoint: self.endpoint.map(ToString::to_string),
            epoch: entry.map(|entry| entry.epoch.0),
            event: self.event.to_owned(),
            evidence: self.evidence.map(|value| to_json("evidence", value)).transpose()?,
            from: entry.map(|entry| entry.from.to_string()),
            overlays,
            plan_hash: self.transition.map(|(next, ..)| next.plan_hash.to_string()),
            previous,
            revision: self.transition.map(|(.., revision)| revision.0),
            rollout: self.transition.map(|(next, ..)| next.id.0),
            seq,
            serving: serving(effects)?,
            share: entry.map(|entry| u64::from(entry.share.basis_points())),
            subject: self.subject.map(str::to_owned),
            to: entry.map(|entry| entry.to.to_string()),
        })
    }
}

/// The version served from this row on, if the row changes it: JSON, `null` for none.
fn serving(effects: &[Effect]) -> Result<Option<String>, Error> {
    let changed = effects.iter().rev().find_map(|effect| match effect {
        Effect::Serving { version, .. } => Some(version),
        Effect::Quarantine { .. }
        | Effect::KnownGood { .. }
        | Effect::Retired { .. }
        | Effect::Skipped { .. } => None,
    });
    changed.map(|version| to_json("serving", version)).transpose()
}

/// A row's number and hash: what the next one is linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) seq: u64,
    pub(crate) hash: String,
}

impl Tip {
    /// The last row's.
    pub(crate) async fn read(sql: &mut SqliteConnection) -> Result<Self, Error> {
        let last = sqlx::query("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
            .fetch_optional(sql)
            .await?;
        Ok(match last {
            Some(row) => Self { seq: row.count("seq")?, hash: row.text("hash")? },
            None => Self { seq: 0, hash: genesis().to_string() },
        })
    }
}

/// Adds what inserts the row after `tip`, and gives the row's own.
pub(crate) fn append(batch: &mut Batch, tip: Tip, new: &New<'_>) -> Result<Tip, Error> {
    let row = new.stored(tip.seq.saturating_add(1), tip.hash)?;
    let tip = Tip { seq: row.seq, hash: row.hash()?.to_string() };
    insert(batch, row, &tip.hash);
    Ok(tip)
}

fn insert(batch: &mut Batch, row: Stored, hash: &str) {
    batch
        .add(
            "INSERT INTO journal (seq, at, actor, event, subject, endpoint, rollout, revision,
                              from_stage, to_stage, overlays, share, epoch, cause, effects,
                              serving, plan_hash, evidence, previous, hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(int(row.seq))
        .bind(row.at)
        .bind(row.actor)
        .bind(row.event)
        .bind(row.subject)
        .bind(row.endpoint)
        .bind(row.rollout.map(int))
        .bind(row.revision.map(int))
        .bind(row.from)
        .bind(row.to)
        .bind(row.overlays)
        .bind(row.share.map(int))
        .bind(row.epoch.map(int))
        .bind(row.cause)
        .bind(row.effects)
        .bind(row.serving)
        .bind(row.plan_hash)
        .bind(row.evidence)
        .bind(row.previous)
        .bind(hash);
}
