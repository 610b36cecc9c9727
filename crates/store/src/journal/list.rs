//! Reading the journal: by page, and by what a row is about.

use super::canonical::Stored;
use crate::Store;
use crate::page::{Page, Request};
use crate::row::{Columns, int};
use crate::storage::Error;
use seatrial_domain::rollout::{Cause, Effect};
use seatrial_domain::{
    Actor, Digest, EndpointName, Epoch, PlanHash, Revision, RolloutId, Share, Timestamp,
};
use serde::Serialize;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub seq: u64,
    pub at: Timestamp,
    pub actor: Actor,
    pub event: String,
    /// What it is about, outside a rollout: `model/v3`, `policy standard`, …
    pub subject: Option<String>,
    pub endpoint: Option<EndpointName>,
    pub rollout: Option<RolloutId>,
    pub revision: Option<Revision>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub overlays: Vec<String>,
    pub share: Option<Share>,
    pub epoch: Option<Epoch>,
    pub cause: Cause,
    pub effects: Vec<Effect>,
    pub plan_hash: Option<PlanHash>,
    pub evidence: Option<Value>,
    pub previous: Digest,
    pub hash: Digest,
    /// The bytes that were hashed (docs/reference/journal.md): the columns as they are stored.
    #[serde(skip)]
    pub canonical: String,
}

/// Which rows are wanted; every condition that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub endpoint: Option<EndpointName>,
    pub rollout: Option<RolloutId>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl Store {
    /// Rows in order, the earliest first; the page's key is a row's number. What follows row `n`
    /// is the page after `n`: so the event stream reads.
    pub async fn journal(
        &self,
        filter: &Filter,
        page: &Request<u64>,
    ) -> Result<Page<Row, u64>, Error> {
        let rows = sqlx::query(
            "SELECT * FROM journal
             WHERE seq > ?1
               AND (?2 IS NULL OR endpoint = ?2)
               AND (?3 IS NULL OR rollout = ?3)
               AND (?4 IS NULL OR at >= ?4)
               AND (?5 IS NULL OR at <= ?5)
             ORDER BY seq LIMIT ?6",
        )
        .bind(int(page.after.unwrap_or(0)))
        .bind(filter.endpoint.as_ref().map(EndpointName::as_str))
        .bind(filter.rollout.map(|id| int(id.0)))
        .bind(filter.from.map(Timestamp::as_micros))
        .bind(filter.until.map(Timestamp::as_micros))
        .bind(page.rows())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let rows = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page::cut(rows, page, |row| row.seq))
    }
}

pub(super) fn read(row: &SqliteRow) -> Result<Row, Error> {
    let share = row.maybe_count("share")?.map(|points| {
        let points = u16::try_from(points).map_err(|e| Error::corrupt("share", &e))?;
        Share::new(points).map_err(|e| Error::corrupt("share", &e))
    });
    let plan_hash = row.maybe_text("plan_hash")?.map(|text| text.parse()).transpose();
    let endpoint = row.maybe_text("endpoint")?.map(|text| text.parse()).transpose();
    Ok(Row {
        seq: row.count("seq")?,
        at: row.time("at")?,
        actor: row.json("actor")?,
        event: row.text("event")?,
        subject: row.maybe_text("subject")?,
        endpoint: endpoint.map_err(|e| Error::corrupt("endpoint", &e))?,
        rollout: row.maybe_count("rollout")?.map(RolloutId),
        revision: row.maybe_count("revision")?.map(Revision),
        from: row.maybe_text("from_stage")?,
        to: row.maybe_text("to_stage")?,
        overlays: row.maybe_json("overlays")?.unwrap_or_default(),
        share: share.transpose()?,
        epoch: row.maybe_count("epoch")?.map(Epoch),
        cause: row.json("cause")?,
        effects: row.json("effects")?,
        plan_hash: plan_hash.map_err(|e| Error::corrupt("plan_hash", &e))?,
        evidence: row.maybe_json("evidence")?,
        previous: row.parsed("previous")?,
        hash: row.parsed("hash")?,
        canonical: Stored::read(row)?.canonical()?,
    })
}
