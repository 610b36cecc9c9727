//! The evidence of one rollout: every start's counters added up, with the labels joined.

use super::{closing, looks, pairs, slice_values, slices, values};
use crate::row::{Columns, int};
use crate::{Store, storage};
use seatrial_analysis::counts::Cells;
use seatrial_domain::evidence::{Evidence, GateCounts, GateIndex, GateStratum, ShadowCounts};
use seatrial_domain::exposure::Exposure;
use seatrial_domain::{RolloutId, Share};
use sqlx::Connection as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

impl Store {
    /// All that is known of a rollout's live traffic, at one instant; which labels are due is asked
    /// apart ([`Store::mature`]).
    pub async fn evidence(&self, rollout: RolloutId) -> Result<Evidence, storage::Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        let mut evidence = Evidence::default();
        gates(&mut tx, rollout, &mut evidence).await?;
        shadow(&mut tx, rollout, &mut evidence).await?;
        pairs::read(&mut tx, rollout, &mut evidence).await?;
        labels(&mut tx, rollout, &mut evidence).await?;
        slices::labels(&mut tx, rollout, &mut evidence).await?;
        closing::late(&mut tx, rollout, &mut evidence).await?;
        values::read(&mut tx, rollout, &mut evidence).await?;
        slice_values::read(&mut tx, rollout, &mut evidence).await?;
        evidence.bound_slices().map_err(|error| storage::Error::corrupt("slice", &error))?;
        looks::reference(&mut tx, rollout, &mut evidence).await?;
        looks::maxima(&mut tx, rollout, &mut evidence).await?;
        self.inner.starts.read(&mut tx, rollout, &mut evidence).await?;
        Ok(evidence)
    }
}

async fn gates(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows = sqlx::query("SELECT gate, seen, counts FROM gate_counter WHERE rollout = ?")
        .bind(int(rollout.0))
        .fetch_all(sql)
        .await?;
    for row in &rows {
        let counts: GateCounts = row.json("counts")?;
        let sum = into.gates.entry(stratum(row)?).or_default();
        sum.merge(&counts).map_err(|e| storage::Error::corrupt("counts", &e))?;
    }
    Ok(())
}

async fn shadow(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows = sqlx::query("SELECT counts FROM shadow_counter WHERE rollout = ? ORDER BY boot")
        .bind(int(rollout.0))
        .fetch_all(sql)
        .await?;
    for row in &rows {
        let counts: ShadowCounts = row.json("counts")?;
        into.shadow.merge(&counts);
    }
    Ok(())
}

async fn labels(
    sql: &mut SqliteConnection,
    rollout: RolloutId,
    into: &mut Evidence,
) -> Result<(), storage::Error> {
    let rows = sqlx::query("SELECT * FROM feedback_cell WHERE rollout = ?")
        .bind(int(rollout.0))
        .fetch_all(sql)
        .await?;
    for row in &rows {
        let counts = into.gates.entry(stratum(row)?).or_default();
        counts.feedback.entry(row.text("metric")?).or_default().merge(&cells(row)?);
    }
    Ok(())
}

/// A row's outcomes by arm.
pub(super) fn cells(row: &SqliteRow) -> Result<Cells, storage::Error> {
    Ok(Cells {
        candidate_bad: row.count("candidate_bad")?,
        candidate_good: row.count("candidate_good")?,
        incumbent_bad: row.count("incumbent_bad")?,
        incumbent_good: row.count("incumbent_good")?,
    })
}

/// The stratum a row is of.
pub(super) fn stratum(row: &SqliteRow) -> Result<GateStratum, storage::Error> {
    let index =
        u8::try_from(row.count("gate")?).map_err(|e| storage::Error::corrupt("gate", &e))?;
    Ok(GateIndex(index).after(exposure(row)?))
}

/// What a row knows of its units' arm.
pub(super) fn exposure(row: &SqliteRow) -> Result<Exposure, storage::Error> {
    let basis_points = u16::try_from(row.count("seen")?);
    let basis_points = basis_points.map_err(|e| storage::Error::corrupt("seen", &e))?;
    let share = Share::new(basis_points).map_err(|e| storage::Error::corrupt("seen", &e))?;
    Ok(Exposure::up_to(share))
}
