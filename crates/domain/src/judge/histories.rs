//! Which histories the units of a gate may have, and the gate's strata with none left out.
//!
//! Owns that what is staked on a history does not depend on when it is first met: a pass is about all
//! units of its gate, so its bets are fixed by the strata that there may be, not by those that were
//! counted so far. Without a routing key each request is a unit, and none has a history.

use super::distinct::Rules;
use super::look::Look;
use super::seen::Seen;
use crate::Share;
use crate::evidence::{GateIndex, GateStratum};
use crate::exposure::Exposure;
use crate::mix::By;
use crate::plan::Plan;
use seatrial_analysis::{Alpha, Pi, Stratum};

/// By gate, what a unit may have shown before.
#[derive(Debug)]
pub(super) struct Histories(Vec<Vec<Exposure>>);

/// The probabilities that strata can have.
#[derive(Debug)]
pub(super) struct Chances {
    /// Every one, whatever the gate and the units, each once.
    pub(super) each: Vec<Pi>,
    /// By gate, those of its strata, in their order.
    pub(super) gates: Vec<Vec<Pi>>,
}

impl Histories {
    /// Of a plan with these shares.
    pub(super) fn new(plan: &Plan, shares: &[Share]) -> Self {
        let of = |(gate, share): (usize, &Share)| {
            let seen = if plan.routing.key.is_empty() { 0 } else { gate };
            let earlier = shares.iter().take(seen).map(|seen| Exposure::up_to(*seen));
            let mut all: Vec<_> = std::iter::once(Exposure::NONE).chain(earlier).collect();
            all.retain(|seen| seen.leaves_open(*share));
            all.sort_unstable();
            all.dedup();
            all
        };
        Self(shares.iter().enumerate().map(of).collect())
    }

    /// Their probabilities at these shares.
    pub(super) fn chances(&self, shares: &[Share]) -> Chances {
        let of = |(seen, share): (&Vec<Exposure>, &Share)| {
            seen.iter().filter_map(|seen| seen.pi(*share)).collect()
        };
        let gates = self.0.iter().zip(shares).map(of).collect();
        Chances { each: super::look::probabilities(shares), gates }
    }

    fn of(&self, gate: GateIndex) -> &[Exposure] {
        self.0.get(usize::from(gate.0)).map_or(&[], Vec::as_slice)
    }
}

impl<'a> Look<'a> {
    /// α shared among the strata that what is told may be of: those that the present gate may have, and of
    /// a fail those of every gate that the check applies in, the holdback's too, since it may come in any.
    /// Fixed before the first is met, so that together they have no more than all of it.
    pub(super) fn share_of_each(&self, (alpha, by): (Alpha, By), rules: &Rules) -> Alpha {
        let may_be_of = |gate| match by {
            By::Incumbent => gate == self.gate,
            By::Candidate => rules.apply_in(gate),
        };
        let gates = (0..).map(GateIndex).zip(&self.histories.0);
        let strata: usize =
            gates.filter(|(gate, _)| may_be_of(*gate)).map(|(_, seen)| seen.len()).sum();
        #[expect(clippy::cast_precision_loss, reason = "strata are few")]
        let each = alpha.get() / strata.max(1) as f64;
        Alpha::new(each).unwrap_or(alpha)
    }

    /// What a check with these rules may see of the present gate, with nothing in each stratum that may
    /// come and has not. None where the check does not apply.
    pub(super) fn together<T>(
        &self,
        rules: &Rules,
        counts: impl Fn(Seen<'a>) -> T,
    ) -> Vec<Stratum<T>> {
        if !rules.apply_in(self.gate) {
            return Vec::new();
        }
        let mut strata = self.by_stratum(|gate| gate == self.gate, &counts);
        for (of, pi) in self.yet_to_come() {
            strata.push((of, Stratum { pi, counts: counts(Seen::Slice(None)) }));
        }
        strata.sort_by_key(|(of, _)| *of);
        strata.into_iter().map(|(_, stratum)| stratum).collect()
    }

    /// The strata of the present gate that may come and have not.
    pub(super) fn yet_to_come(&self) -> impl Iterator<Item = (GateStratum, Pi)> {
        let may_come = self.histories.of(self.gate).iter().map(|seen| self.gate.after(*seen));
        let yet_to_come = may_come.filter(|of| !self.evidence.gates.contains_key(of));
        yet_to_come.filter_map(|of| Some((of, self.pi(of)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::fixture::{errors, plan, share};
    use super::*;
    use crate::plan::KeySource;

    fn histories(key: &[KeySource]) -> (Histories, Vec<Share>) {
        let mut plan = plan(&[errors(0.005)]);
        plan.routing.key = key.to_vec();
        let shares = [500, 2_500, 2_500, 5_000].map(share).to_vec();
        (Histories::new(&plan, &shares), shares)
    }

    #[test]
    fn a_keyed_unit_may_have_been_in_any_gate_before_and_a_request_in_none() {
        let key = [KeySource::Header("x-user-id".to_owned())];
        let (of_users, shares) = histories(&key);
        let known = |gate| -> Vec<u16> {
            let seen = of_users.of(GateIndex(gate)).iter();
            seen.map(|seen| seen.share().basis_points()).collect()
        };
        assert_eq!(
            [0, 1, 2, 3].map(known),
            [vec![0], vec![0, 500], vec![0, 500], vec![0, 500, 2_500]]
        );
        assert_eq!(of_users.chances(&shares).gates[1].len(), 2);
        let (of_requests, _) = histories(&[]);
        assert!((0..4).all(|gate| of_requests.of(GateIndex(gate)) == [Exposure::NONE]));
        assert!(of_requests.of(GateIndex(4)).is_empty());
    }
}
