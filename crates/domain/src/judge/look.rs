//! The evidence as one look sees it: gates up to the present one, in strata of one probability each.
//!
//! Owns the probability of a stratum: that of its gate's share, given what its units had shown of
//! their arm before. Refuses strata whose arm was certain (a share of nothing or of all, or units known
//! before): they carry no evidence.

use super::distinct::Rules;
use super::late::Begun;
use crate::Share;
use crate::evidence::{ArmCount, Evidence, GateCounts, GateIndex, GateStratum, Outcomes, Sums};
use crate::exposure::Exposure;
use seatrial_analysis::{Pi, Stratum};

#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) gate: GateIndex,
    pub(super) shares: &'a [Share],
    /// What the tests keep of the starts of the evidence's windows.
    pub(super) begun: &'a Begun,
}

/// One check's counts: of every gate it applies in so far, and of the present gate.
#[derive(Debug)]
pub(super) struct Samples<T> {
    pub(super) all: Vec<Stratum<T>>,
    pub(super) here: Vec<Stratum<T>>,
}

impl<'a> Look<'a> {
    /// The same look at other evidence: that of one slice.
    pub(super) const fn on(&self, evidence: &'a Evidence) -> Self {
        Self { evidence, ..*self }
    }

    /// Whether the present gate has any unit, answered or not.
    pub(super) fn has_units(&self) -> bool {
        let here = self.strata(|gate| gate == self.gate, GateCounts::assigned);
        here.iter().any(|stratum| stratum.counts.total() > 0)
    }

    /// The present gate's units.
    pub(super) fn units(&self) -> ArmCount {
        let mut units = ArmCount::default();
        self.evidence.of_gate(self.gate).for_each(|(_, counts)| units.merge(counts.units));
        units
    }

    /// The strata of the gates so far that are wanted, oldest gate first; of one gate there may be
    /// several.
    pub(super) fn strata<T>(
        &self,
        wanted: impl Fn(GateIndex) -> bool,
        counts: impl Fn(&'a GateCounts) -> T,
    ) -> Vec<Stratum<T>> {
        self.by_stratum(wanted, counts).into_iter().map(|(_, stratum)| stratum).collect()
    }

    /// The same, each with what it is of.
    pub(super) fn by_stratum<T>(
        &self,
        wanted: impl Fn(GateIndex) -> bool,
        counts: impl Fn(&'a GateCounts) -> T,
    ) -> Vec<(GateStratum, Stratum<T>)> {
        let so_far = self.evidence.gates.range(..=self.gate.after(Exposure::KNOWN));
        let stratum = |(of, found): (&GateStratum, &'a GateCounts)| {
            Some((*of, Stratum { pi: self.pi(*of)?, counts: counts(found) }))
        };
        so_far.filter(|(of, _)| wanted(of.gate)).filter_map(stratum).collect()
    }

    /// Of the present gate's units that no earlier gate had seen; none counted yet is a stratum of
    /// nothing. None where the share leaves no arm open.
    pub(super) fn new_units<T: Default>(
        &self,
        counts: impl Fn(&'a GateCounts) -> T,
    ) -> Option<Stratum<T>> {
        let of = self.gate.unseen();
        let found = self.evidence.gates.get(&of).map(counts);
        Some(Stratum { pi: self.pi(of)?, counts: found.unwrap_or_default() })
    }

    /// The same strata as they were when each window began, oldest first, of those starts that tell
    /// the counts of all of them. Strata of later gates must have been left out.
    pub(super) fn starts<T>(
        &self,
        wanted: impl Fn(GateIndex) -> bool,
        counts: impl Fn(&Outcomes) -> Option<T>,
    ) -> Vec<Vec<Stratum<T>>> {
        let strata = |sums: Vec<(GateStratum, T)>| {
            let stratum = |(of, counts)| Some(Stratum { pi: self.pi(of)?, counts });
            sums.into_iter().filter_map(stratum).collect()
        };
        self.sums(wanted, counts).into_iter().map(strata).collect()
    }

    /// The same, each with what it is of.
    pub(super) fn sums<T>(
        &self,
        wanted: impl Fn(GateIndex) -> bool,
        counts: impl Fn(&Outcomes) -> Option<T>,
    ) -> Vec<Vec<(GateStratum, T)>> {
        let start = |sums: &Sums| {
            let so_far = sums.gates.iter();
            so_far
                .filter(|(of, _)| wanted(of.gate))
                .map(|(of, outcomes)| Some((*of, counts(outcomes)?)))
                .collect()
        };
        self.evidence.starts.iter().filter_map(start).collect()
    }

    /// None where the arm was certain.
    fn pi(&self, of: GateStratum) -> Option<Pi> {
        of.seen.pi(*self.shares.get(usize::from(of.gate.0))?)
    }

    /// What a check with these rules may see.
    pub(super) fn samples<T>(
        &self,
        rules: &Rules,
        counts: impl Fn(&'a GateCounts) -> T,
    ) -> Samples<T> {
        Samples {
            all: self.strata(|gate| rules.apply_in(gate), &counts),
            here: self.strata(|gate| gate == self.gate && rules.apply_in(gate), &counts),
        }
    }
}

/// Every probability that a stratum of these gates can have, each once.
pub(super) fn probabilities(shares: &[Share]) -> Vec<Pi> {
    let mut all: Vec<Pi> = Vec::new();
    for (gate, share) in shares.iter().enumerate() {
        let seen = shares.iter().take(gate).map(|seen| Exposure::up_to(*seen));
        for pi in [Exposure::NONE].into_iter().chain(seen).filter_map(|seen| seen.pi(*share)) {
            if !all.contains(&pi) {
                all.push(pi);
            }
        }
    }
    all
}
