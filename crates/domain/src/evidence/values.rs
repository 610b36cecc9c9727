//! Numbers joined to units, of those units that wait for none any more.

use super::ArmCount;
use seatrial_analysis::{counts, kpi};
use serde::{Deserialize, Serialize};

/// Values of one stage that are kept to make a metric's reference.
pub const SAMPLE_MAX: u32 = 10_000;
/// The fewest values of the incumbent's from before the canary that make a reference.
pub const BEFORE_MIN: u32 = 500;
/// Where there are fewer, so many with the first of the canary, which then are no evidence. If they
/// are all alike, as many more.
pub const BURN_IN: u32 = 1_000;

/// Units old enough for their value of one metric to have come, and those it came for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MaturedValues {
    pub units: ArmCount,
    /// Units with a value, also those whose value made the reference.
    pub labelled: ArmCount,
    /// Those that count.
    pub values: kpi::Counts,
}

/// Values that are to make a metric's reference, of which there is none yet.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Unmade {
    pub values: u64,
    pub least: f64,
    pub most: f64,
}

impl Unmade {
    /// Why there is none, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let values = self.values;
        if values > 1 && self.least.total_cmp(&self.most).is_eq() {
            format!("no reference yet: {values} values, all alike")
        } else {
            format!("no reference yet: {values} values")
        }
    }
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
