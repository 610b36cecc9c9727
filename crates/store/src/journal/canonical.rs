//! The bytes that are hashed. A row as stored, column by column, without its own hash.

use crate::row::{Columns, to_json};
use crate::storage::Error;
use seatrial_domain::Digest;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;

/// One row's columns. Fields are declared in the order they are written: sorted by name. JSON
/// columns are hashed as the text they are stored as, never parsed and written again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Stored {
    pub(crate) actor: String,
    pub(crate) at: i64,
    pub(crate) cause: String,
    pub(crate) effects: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) epoch: Option<u64>,
    pub(crate) event: String,
    pub(crate) evidence: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) overlays: Option<String>,
    pub(crate) plan_hash: Option<String>,
    pub(crate) previous: String,
    pub(crate) revision: Option<u64>,
    pub(crate) rollout: Option<u64>,
    pub(crate) seq: u64,
    pub(crate) serving: Option<String>,
    pub(crate) share: Option<u64>,
    pub(crate) subject: Option<String>,
    pub(crate) to: Option<String>,
}

/// What the first row names as its previous row's hash: the sha256 of nothing.
pub fn genesis() -> Digest {
    Digest::of(b"")
}

impl Stored {
    /// The canonical bytes, which are text.
    pub(crate) fn canonical(&self) -> Result<String, Error> {
        to_json("journal row", self)
    }

    /// The sha256 of the canonical bytes.
    pub(crate) fn hash(&self) -> Result<Digest, Error> {
        Ok(Digest::of(self.canonical()?.as_bytes()))
    }

    pub(crate) fn read(row: &SqliteRow) -> Result<Self, Error> {
        Ok(Self {
            actor: row.text("actor")?,
            at: row.time("at")?.as_micros(),
            cause: row.text("cause")?,
            effects: row.text("effects")?,
            endpoint: row.maybe_text("endpoint")?,
            epoch: row.maybe_count("epoch")?,
            event: row.text("event")?,
            evidence: row.maybe_text("evidence")?,
            from: row.maybe_text("from_stage")?,
            overlays: row.maybe_text("overlays")?,
            plan_hash: row.maybe_text("plan_hash")?,
            previous: row.text("previous")?,
            revision: row.maybe_count("revision")?,
            rollout: row.maybe_count("rollout")?,
            seq: row.count("seq")?,
            serving: row.maybe_text("serving")?,
            share: row.maybe_count("share")?,
            subject: row.maybe_text("subject")?,
            to: row.maybe_text("to_stage")?,
        })
    }
}
