//! The candidate's answers of each stratum of a gate, with what is [staked](crate::gate) on them.
//!
//! Owns that strata are never added up: each has the same bets at its own part of the stake.

use std::borrow::Cow;

use super::bernoulli::Bernoulli;
use crate::counts::Stratum;
use crate::gate;

/// What was counted of one stratum, and the bets on it.
#[derive(Debug)]
pub(super) struct Staked<'a, T> {
    bets: Cow<'a, Bernoulli>,
    counts: T,
}

/// Each stratum's bets; those of strata without a unit are left out, when they have had their say in the
/// stakes of the others.
pub(super) fn strata<'a, C, T>(
    bets: &'a Bernoulli,
    strata: &[Stratum<C>],
    counts: impl Fn(&C) -> Option<T>,
) -> Vec<Staked<'a, T>> {
    let counted = strata.iter().zip(gate::stakes(strata));
    let staked = counted.filter_map(|(stratum, part)| {
        Some(Staked { counts: counts(&stratum.counts)?, bets: bets.staking(part) })
    });
    staked.collect()
}

/// Each bet's logarithm over all strata, for the answers of each that exceed an edge and do not.
pub(super) fn each<T>(
    strata: &[Staked<'_, T>],
    split: impl Fn(&T) -> (f64, f64),
) -> [f64; Bernoulli::BETS] {
    let mut sums = [0.0; Bernoulli::BETS];
    for Staked { bets, counts } in strata {
        let (exceeding, within) = split(counts);
        let each = bets.each(exceeding, within);
        sums.iter_mut().zip(each).for_each(|(sum, log)| *sum += log);
    }
    sums
}
