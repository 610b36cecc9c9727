//! Which labels and values are due: those of units that wait for none any more.

use super::cohorts::{self, Due};
use super::{closing, slice_values, slices, values};
use crate::{Store, storage};
use seatrial_domain::RolloutId;
use seatrial_domain::evidence::Evidence;
use seatrial_domain::plan::Scale;
use sqlx::Connection as _;

impl Store {
    /// Adds to a rollout's evidence the units of each of `due` and what came for them, of all and by
    /// slice, at one instant.
    pub async fn mature(
        &self,
        rollout: RolloutId,
        due: &[Due],
        into: &mut Evidence,
    ) -> Result<(), storage::Error> {
        let mut reader = self.reader().await?;
        let mut tx = reader.begin().await?;
        // Units are in the slices they were routed in.
        let by_slice = into.gates.values().any(|counts| !counts.slices.is_empty());
        for due in due {
            let before = closing::settled_before(&mut tx, rollout, due).await?;
            let of = (rollout, due);
            match due.scale {
                Scale::YesNo => cohorts::mature(&mut tx, of, before, into).await?,
                Scale::Number => values::mature(&mut tx, of, before, into).await?,
            }
            if by_slice {
                slices::mature(&mut tx, of, before, into).await?;
                match due.scale {
                    Scale::YesNo => slices::mature_labels(&mut tx, of, before, into).await?,
                    Scale::Number => slice_values::mature(&mut tx, of, before, into).await?,
                }
            }
        }
        into.bound_slices().map_err(|error| storage::Error::corrupt("slice", &error))
    }
}
