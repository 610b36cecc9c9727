//! Rollouts, each stored as a whole beside the columns it is searched by.

mod commit;
mod create;
mod effects;

pub use commit::{Commit, Committed, Error as CommitError};
pub use create::{Draft, Error as CreateError};

use crate::page::{Page, Request};
use crate::row::{Columns, int};
use crate::{Store, storage};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::rollout::{Rollout, StageName};
use seatrial_domain::{EndpointName, Epoch, Revision, RolloutId};
use sqlx::sqlite::SqliteRow;

/// A rollout as it was last committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub rollout: Rollout,
    /// To be named by the next commit.
    pub revision: Revision,
}

/// How far a rollout is, for searching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Queued,
    /// Past the queue; at most one an endpoint.
    Active,
    Ended,
}

impl Phase {
    /// The phase of a stage.
    pub const fn of(stage: StageName) -> Self {
        match stage {
            StageName::Queued => Self::Queued,
            StageName::Staging
            | StageName::Validating
            | StageName::Shadow
            | StageName::Canary
            | StageName::Ramp
            | StageName::Cutover
            | StageName::Stabilizing
            | StageName::Decommissioning
            | StageName::RollingBack => Self::Active,
            StageName::Completed
            | StageName::Rejected
            | StageName::RolledBack
            | StageName::Aborted
            | StageName::Superseded => Self::Ended,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }
}

/// Which rollouts are wanted; every condition that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub endpoint: Option<EndpointName>,
    pub phase: Option<Phase>,
}

impl Store {
    /// The rollout, if there is one of this number.
    pub async fn rollout(&self, id: RolloutId) -> Result<Option<Stored>, storage::Error> {
        let row = sqlx::query("SELECT * FROM rollout WHERE id = ?")
            .bind(int(id.0))
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Rollouts, the newest first; the page's key is a rollout's number.
    pub async fn rollouts(
        &self,
        filter: &Filter,
        page: &Request<RolloutId>,
    ) -> Result<Page<Stored, RolloutId>, storage::Error> {
        let rows = sqlx::query(
            "SELECT * FROM rollout
             WHERE id < ?1 AND (?2 IS NULL OR endpoint = ?2) AND (?3 IS NULL OR phase = ?3)
             ORDER BY id DESC LIMIT ?4",
        )
        .bind(page.after.map_or(i64::MAX, |id| int(id.0)))
        .bind(filter.endpoint.as_ref().map(EndpointName::as_str))
        .bind(filter.phase.map(Phase::as_str))
        .bind(page.rows())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let rollouts = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Page::cut(rollouts, page, |stored| stored.rollout.id))
    }

    /// Every rollout that has not ended, in the order of their numbers: what a start goes on with.
    pub async fn open_rollouts(&self) -> Result<Vec<Stored>, storage::Error> {
        let rows = sqlx::query("SELECT * FROM rollout WHERE phase <> 'ended' ORDER BY id")
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.iter().map(read).collect()
    }

    /// The endpoint's one rollout past the queue.
    pub async fn active_rollout(
        &self,
        endpoint: &EndpointName,
    ) -> Result<Option<Stored>, storage::Error> {
        let row = sqlx::query("SELECT * FROM rollout WHERE endpoint = ? AND phase = 'active'")
            .bind(endpoint.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The last epoch issued for the endpoint; 0 before the first.
    pub async fn last_epoch(&self, endpoint: &EndpointName) -> Result<Epoch, storage::Error> {
        let row =
            sqlx::query("SELECT coalesce(max(epoch), 0) AS epoch FROM rollout WHERE endpoint = ?")
                .bind(endpoint.as_str())
                .fetch_one(&mut *self.reader().await?)
                .await?;
        Ok(Epoch(row.count("epoch")?))
    }

    /// The settings in force on the endpoint outside a rollout: those under which its serving version
    /// was promoted. None before the first.
    pub async fn settings_in_force(
        &self,
        endpoint: &EndpointName,
    ) -> Result<Option<Settings>, storage::Error> {
        let row = sqlx::query(
            "SELECT * FROM rollout WHERE endpoint = ? AND stage = 'completed'
             ORDER BY epoch DESC LIMIT 1",
        )
        .bind(endpoint.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await?;
        Ok(row.as_ref().map(read).transpose()?.map(|stored| stored.rollout.settings))
    }

    /// The endpoint's queue, in the order of turns.
    pub async fn queued_rollouts(
        &self,
        endpoint: &EndpointName,
    ) -> Result<Vec<Stored>, storage::Error> {
        let rows = sqlx::query(
            "SELECT * FROM rollout WHERE endpoint = ? AND phase = 'queued' ORDER BY id",
        )
        .bind(endpoint.as_str())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &SqliteRow) -> Result<Stored, storage::Error> {
    Ok(Stored { rollout: row.json("state")?, revision: Revision(row.count("revision")?) })
}
