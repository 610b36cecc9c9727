//! What the labels of a metric are, and what a unit's value is made of, by the plan pinned by the rollout a request was assigned under.

use crate::row::{Columns, int};
use crate::storage;
use crate::write::Write;
use seatrial_domain::plan::{PerUnit, Plan, Scale};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;

/// The plans that one batch has asked for; a plan never changes.
#[derive(Debug, Default)]
pub(super) struct Scales(BTreeMap<u64, Option<Plan>>);

/// A metric's labels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels {
    pub(super) scale: Scale,
    pub(super) used: Use,
    pub(super) asked: Asked,
}

/// Who wants the labels of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    ByThePlan,
    ByNobody,
}

/// What becomes of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It counts as it comes, for the unit of which its request is the first.
    AsItComes,
    /// It counts with the others of its unit, when that is closed.
    Closed,
    /// It tells which of the shadow's pair was right.
    RightClass,
}

impl Labels {
    fn of(plan: &Plan, metric: &str) -> Self {
        let used = match plan.per_unit_of(metric) {
            PerUnit::First if plan.tells_right_class(metric) => Use::RightClass,
            PerUnit::First => Use::AsItComes,
            PerUnit::Any | PerUnit::Mean => Use::Closed,
        };
        match plan.scale_of(metric) {
            Some(scale) => Self { scale, used, asked: Asked::ByThePlan },
            None => Self { scale: Scale::YesNo, used, asked: Asked::ByNobody },
        }
    }
}

impl Scales {
    /// The first yes or no where no plan asks for anything else.
    pub(super) async fn of(
        &mut self,
        write: &mut Write<'_>,
        rollout: Option<u64>,
        metric: &str,
    ) -> Result<Labels, storage::Error> {
        let none = Labels { scale: Scale::YesNo, used: Use::AsItComes, asked: Asked::ByNobody };
        let Some(id) = rollout else { return Ok(none) };
        let plan = match self.0.entry(id) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert(plan(write.sql(), id).await?)
            }
        };
        Ok(plan.as_ref().map_or(none, |plan| Labels::of(plan, metric)))
    }
}

/// The plan that a rollout pinned; none where there is no such rollout.
pub(crate) async fn plan(
    sql: &mut SqliteConnection,
    rollout: u64,
) -> Result<Option<Plan>, storage::Error> {
    let row = sqlx::query("SELECT state -> '$.plan' AS plan FROM rollout WHERE id = ?")
        .bind(int(rollout))
        .fetch_optional(sql)
        .await?;
    row.map(|row| row.json("plan")).transpose()
}
