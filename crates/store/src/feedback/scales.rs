//! What the labels of a metric are, by the plan pinned by the rollout a request was assigned under.

use crate::row::{Columns, int};
use crate::storage;
use crate::write::Write;
use seatrial_domain::plan::{Plan, Scale};
use std::collections::BTreeMap;

/// The plans that one batch has asked for; a plan never changes.
#[derive(Debug, Default)]
pub(super) struct Scales(BTreeMap<u64, Option<Plan>>);

impl Scales {
    /// Yes or no where no plan asks for a number.
    pub(super) async fn of(
        &mut self,
        write: &mut Write<'_>,
        rollout: Option<u64>,
        metric: &str,
    ) -> Result<Scale, storage::Error> {
        let Some(id) = rollout else { return Ok(Scale::YesNo) };
        let plan = match self.0.entry(id) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => new.insert(plan(write, id).await?),
        };
        Ok(plan.as_ref().and_then(|plan| plan.scale_of(metric)).unwrap_or(Scale::YesNo))
    }
}

async fn plan(write: &mut Write<'_>, rollout: u64) -> Result<Option<Plan>, storage::Error> {
    let row = sqlx::query("SELECT state -> '$.plan' AS plan FROM rollout WHERE id = ?")
        .bind(int(rollout))
        .fetch_optional(write.sql())
        .await?;
    row.map(|row| row.json("plan")).transpose()
}
