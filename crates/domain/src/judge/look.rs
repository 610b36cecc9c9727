//! The evidence as one look sees it: gates up to the present one, in strata of one probability each.
//!
//! Owns the probability of a stratum: that of its gate's share, given what its units had shown of
//! their arm before. Refuses strata whose arm was certain (a share of nothing or of all, or units known
//! before): they carry no evidence.

use super::distinct::Rules;
use super::histories::Histories;
use super::late::Begun;
use super::seen::Seen;
use super::tells::Tells;
use crate::Share;
use crate::evidence::{ArmCount, Evidence, GateCounts, GateIndex, GateStratum, Outcomes, Sums};
use crate::exposure::Exposure;
use crate::verdict::SliceLabel;
use seatrial_analysis::{Pi, Stratum};

#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) gate: GateIndex,
    pub(super) shares: &'a [Share],
    /// What the units of each gate may have shown before.
    pub(super) histories: &'a Histories,
    /// What the tests keep of the starts of the evidence's windows.
    pub(super) begun: &'a Begun,
    /// Whose units are seen; none: all.
    pub(super) slice: Option<&'a SliceLabel>,
    pub(super) tells: Tells,
}

/// One check's counts of every gate it applies in so far.
#[derive(Debug)]
pub(super) struct Samples<T> {
    /// Oldest gate first.
    pub(super) all: Vec<Stratum<T>>,
    /// From which on they are of the present gate.
    from: usize,
}

impl<T> Samples<T> {
    /// Those of the present gate.
    pub(super) fn here(&self) -> &[Stratum<T>] {
        self.all.get(self.from..).unwrap_or_default()
    }
}

impl<'a> Look<'a> {
    /// The same look at other evidence.
    pub(super) const fn on(&self, evidence: &'a Evidence) -> Self {
        Self { evidence, ..*self }
    }

    /// The same look at the units of one slice alone.
    pub(super) const fn of_slice(&self, label: &'a SliceLabel) -> Self {
        Self { slice: Some(label), ..*self }
    }

    /// Whether the present gate has any unit, answered or not.
    pub(super) fn has_units(&self) -> bool {
        let mut here = self.so_far(|gate| gate == self.gate);
        here.any(|(_, _, seen)| seen.assigned().total() > 0)
    }

    /// The present gate's units.
    pub(super) fn units(&self) -> ArmCount {
        let mut units = ArmCount::default();
        let here = self.evidence.of_gate(self.gate);
        here.for_each(|(_, counts)| units.merge(self.seen(counts).units()));
        units
    }

    /// The strata of the gates so far that are wanted, oldest gate first; of one gate there may be
    /// several.
    pub(super) fn strata<T>(
        &self,
        wanted: impl Fn(GateIndex) -> bool,
        counts: impl Fn(Seen<'a>) -> T,
    ) -> Vec<Stratum<T>> {
        let strata = self.so_far(wanted);
        strata.map(|(_, pi, seen)| Stratum { pi, counts: counts(seen) }).collect()
    }

    /// The same, each with what it is of.
    pub(super) fn by_stratum<T>(
        &self,
        wanted: impl Fn(GateIndex) -> bool,
        counts: impl Fn(Seen<'a>) -> T,
    ) -> Vec<(GateStratum, Stratum<T>)> {
        let strata = self.so_far(wanted);
        strata.map(|(of, pi, seen)| (of, Stratum { pi, counts: counts(seen) })).collect()
    }

    fn so_far(
        &self,
        wanted: impl Fn(GateIndex) -> bool,
    ) -> impl Iterator<Item = (GateStratum, Pi, Seen<'a>)> {
        let so_far = self.evidence.gates.range(..=self.gate.after(Exposure::KNOWN));
        so_far
            .filter(move |(of, _)| wanted(of.gate))
            .filter_map(|(of, counts)| Some((*of, self.pi(*of)?, self.seen(counts))))
    }

    fn seen(&self, counts: &'a GateCounts) -> Seen<'a> {
        match self.slice {
            None => Seen::All(counts),
            Some(label) => Seen::Slice(counts.slices.get(&label.column, &label.value)),
        }
    }

    /// Of the present gate's units that no earlier gate had seen; none counted yet is a stratum of
    /// nothing. None where the share leaves no arm open.
    pub(super) fn new_units<T: Default>(
        &self,
        counts: impl Fn(Seen<'a>) -> T,
    ) -> Option<Stratum<T>> {
        let of = self.gate.unseen();
        let found = self.evidence.gates.get(&of).map(|found| counts(self.seen(found)));
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
    pub(super) fn pi(&self, of: GateStratum) -> Option<Pi> {
        of.seen.pi(*self.shares.get(usize::from(of.gate.0))?)
    }

    /// What a check with these rules may see.
    pub(super) fn samples<T>(&self, rules: &Rules, counts: impl Fn(Seen<'a>) -> T) -> Samples<T> {
        let strata = self.by_stratum(|gate| rules.apply_in(gate), counts);
        // The present gate is the last one.
        let from = strata.partition_point(|(of, _)| of.gate < self.gate);
        Samples { all: strata.into_iter().map(|(_, stratum)| stratum).collect(), from }
    }

    /// Of that, what is of the present gate.
    pub(super) fn here<T>(&self, rules: &Rules, counts: impl Fn(Seen<'a>) -> T) -> Vec<Stratum<T>> {
        self.strata(|gate| gate == self.gate && rules.apply_in(gate), counts)
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
