//! Numbers joined to units, of those units that wait for none any more.

use super::ArmCount;
use seatrial_analysis::{counts, kpi};
use serde::{Deserialize, Serialize};

/// Units old enough for their value of one metric to have come, and those it came for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MaturedValues {
    pub units: ArmCount,
    /// Units with a value, also those whose value made the reference.
    pub labelled: ArmCount,
    /// Those that count.
    pub values: kpi::Counts,
}

impl MaturedValues {
    /// Adds another's counts. Errors: [`counts::Error::Buckets`]; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), counts::Error> {
        self.values.merge(&other.values)?;
        self.units.merge(other.units);
        self.labelled.merge(other.labelled);
        Ok(())
    }
}
