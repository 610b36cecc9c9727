//! The evidence as one look sees it: gates up to the present one, each with its own share.
//!
//! Refuses gates without a live control (a share of nothing or of all): they carry no evidence.

use super::distinct::Rules;
use crate::evidence::{ArmCount, Evidence, GateCounts, GateIndex};
use seatrial_analysis::{Pi, Stratum};

#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) gate: GateIndex,
    pub(super) shares: &'a [Option<Pi>],
}

/// One check's counts: of every gate it applies in so far, and of the present gate.
#[derive(Debug)]
pub(super) struct Samples<T> {
    pub(super) all: Vec<Stratum<T>>,
    pub(super) here: Vec<Stratum<T>>,
}

impl Look<'_> {
    /// The present gate's units.
    pub(super) fn units(&self) -> ArmCount {
        self.evidence.gates.get(&self.gate).map(|counts| counts.units).unwrap_or_default()
    }

    /// The strata of the gates so far that are wanted, oldest first.
    pub(super) fn strata<T>(
        &self,
        wanted: impl Fn(GateIndex) -> bool,
        counts: impl Fn(&GateCounts) -> T,
    ) -> Vec<Stratum<T>> {
        let so_far = self.evidence.gates.range(..=self.gate).filter(|(gate, _)| wanted(**gate));
        let stratum = |(gate, found): (&GateIndex, &GateCounts)| {
            let pi = self.shares.get(usize::from(gate.0)).copied().flatten()?;
            Some(Stratum { pi, counts: counts(found) })
        };
        so_far.filter_map(stratum).collect()
    }

    /// What a check with these rules may see.
    pub(super) fn samples<T>(
        &self,
        rules: &Rules,
        counts: impl Fn(&GateCounts) -> T,
    ) -> Samples<T> {
        Samples {
            all: self.strata(|gate| rules.apply_in(gate), &counts),
            here: self.strata(|gate| gate == self.gate && rules.apply_in(gate), &counts),
        }
    }
}
