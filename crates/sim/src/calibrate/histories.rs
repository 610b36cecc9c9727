//! What units of a gate may have shown before, and the strata that makes.

use super::cell::{Cell, Error};
use seatrial_analysis::Pi;
use seatrial_domain::Share;
use seatrial_domain::exposure::Exposure;

/// The probabilities that strata of a cell can have.
#[derive(Debug)]
pub(super) struct Chances {
    /// Of all gates.
    pub(super) each: Vec<Pi>,
    pub(super) gates: Vec<Vec<Pi>>,
}

impl Cell {
    /// As routing tables have them. Shares are checked to be within their range.
    pub(super) fn routed_shares(&self) -> Vec<Share> {
        #[expect(clippy::cast_possible_truncation, reason = "at most 10,000")]
        #[expect(clippy::cast_sign_loss, reason = "shares are above 0")]
        let basis_points = |share: &f64| (10_000.0 * share).round() as u16;
        let known = |share: &f64| Share::new(basis_points(share)).unwrap_or(Share::ZERO);
        self.shares.iter().map(known).collect()
    }

    /// Of units that come but once the gates' shares; of those that come again also what is left of each
    /// share once an earlier gate has shown them on the incumbent. Errors: [`Error::Counts`].
    pub(super) fn chances(&self) -> Result<Chances, Error> {
        let gates: Vec<Vec<Pi>> = if self.traffic.is_sticky() {
            let shares = self.routed_shares();
            let of_gate = |gate| of_gate(&shares, gate).into_iter().map(|(_, pi)| pi).collect();
            (0..shares.len()).map(of_gate).collect()
        } else {
            self.shares.iter().map(|pi| Ok(vec![Pi::new(*pi)?])).collect::<Result<_, Error>>()?
        };
        let mut each: Vec<Pi> = Vec::new();
        for pi in gates.iter().flatten() {
            if !each.contains(pi) {
                each.push(*pi);
            }
        }
        Ok(Chances { each, gates })
    }
}

/// The histories whose arm is open in a gate, new units first, with their probabilities.
pub(super) fn of_gate(shares: &[Share], gate: usize) -> Vec<(Exposure, Pi)> {
    let Some(share) = shares.get(gate) else { return Vec::new() };
    let earlier = shares.iter().take(gate).map(|seen| Exposure::up_to(*seen));
    let mut all: Vec<Exposure> = std::iter::once(Exposure::NONE).chain(earlier).collect();
    all.dedup();
    all.into_iter().filter_map(|seen| seen.pi(*share).map(|pi| (seen, pi))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cell::Traffic;
    use super::*;

    #[test]
    fn a_gate_of_users_has_a_stratum_for_each_gate_before_and_others_have_one() {
        let cell = Cell { shares: vec![0.05, 0.25, 0.5], ..Cell::default() };
        let of = |traffic| {
            let chances = Cell { traffic, ..cell.clone() }.chances().unwrap();
            let gates: Vec<usize> = chances.gates.iter().map(Vec::len).collect();
            (gates, chances.each.last().unwrap().get())
        };
        assert_eq!(of(Traffic::Constant), (vec![1, 1, 1], 0.5));
        assert_eq!(of(Traffic::Users), (vec![1, 2, 3], 2_500.0 / 7_500.0));
    }
}
