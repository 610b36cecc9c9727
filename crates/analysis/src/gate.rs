//! One statement on all units of a gate, from strata with a π each.
//!
//! Owns whom a pass is about, and what is staked on a unit of each stratum. A pass says something of
//! everyone who comes under the gate; a fail says that the candidate is worse somewhere, so that its tests
//! need nothing of this and let each stratum bet by itself.
//!
//! **Whom.** A unit's place in the draw is u, even on [0, 1), and it is the candidate's at the share w
//! iff u < w. A unit that earlier gates have shown on the incumbent, at shares up to s, has u ≥ s, so
//! that π = (w − s)/(1 − s); one that they have shown on the candidate is known, and no evidence. The
//! incumbent's units are those with u ≥ w, whatever they had shown: a fair sample of all who come. The
//! candidate's are those with s ≤ u < w, the part w − s that this gate moves, and that part is not the
//! same for all histories. Added up, units seen before are too few among the candidate's, and a candidate
//! that is too slow for them alone, or for all alike, looks faster than it is (Simpson). So a unit of
//! the candidate's is to stand for 1/(w − s) of its history, and one of the incumbent's for 1/(1 − w).
//! As (1 − π)(1 − s) = 1 − w, these are in proportion (1 − π)/π and 1: what is needed of a history is its π.
//!
//! **What is staked.** On the candidate's units of a stratum the part odds_min/odds of the stake, where
//! odds = π/(1 − π) and the least is that of all strata that the gate *may* have: fixed before the first
//! unit, so that no bet changes when a history is first met, and none ever stakes more than it has. On
//! the incumbent's, all of it. With one stratum nothing changes.
//!
//! **Why it is fair.** Let a bet on the candidate be 1 + f·odds_min/odds_s·x(y), x its gain at the whole
//! stake, and one on the incumbent 1 + g·z(y). Given all that was before, the next unit is of stratum s
//! with the probability φ_s, which may drift as it likes, and then the candidate's with π_s, by a draw
//! that knows no outcome. It multiplies the wealth by one of the two, on average by
//!
//! ```text
//! 1 + Σ φ_s·π_s·f·(odds_min/odds_s)·E₁[x | s] + Σ φ_s·(1 − π_s)·g·E₀[z | s]
//!   = 1 + f·odds_min·Σ φ_s(1 − π_s)·E₁[x | s] + g·Σ φ_s(1 − π_s)·E₀[z | s].
//! ```
//!
//! 1 − π_s is (1 − w)/(1 − s). So both sums are averages over one population, in which a unit of
//! history s stands for 1/(1 − s) units: itself, and those who had the same history and are known to be the
//! candidate's. A null about that population (so many of its answers exceed an edge on the candidate, at
//! most so many on the incumbent) makes neither positive, whatever the strata's own parts are; wealth is a
//! supermartingale, at every look, and mixtures and means of such are (Ville). What the candidate makes
//! of some strata may be worse than the null as long as all together are not: that is what is said.
//!
//! With [`Contrast`](crate::two_outcome::Contrast)s the same holds of 1 + λ·(1 − π_s)·X_c with one λ for
//! all strata, since E X_c = p₁ − a·p₀ − t in each.
//!
//! **What it costs.** What nobody knows is whether those of whom the gate moves least are those who are
//! badly off. Without any exceedance (all the others: much less) a gate needs odds/odds_min times as
//! many units of the other strata: from 25 to 50 % twice as many new ones, and as many as before of those
//! seen. No valid test of this population needs fewer: a null that has all of its exceedances in that
//! stratum shows as little in the others.

use crate::counts::{Pi, Stratum};

/// What part of the whole stake is put on the candidate's units of each stratum, in their order: one for
/// the least odds.
pub(crate) fn stakes<T>(strata: &[Stratum<T>]) -> impl Iterator<Item = f64> {
    let odds = || strata.iter().map(|stratum| stratum.pi.odds());
    let least = odds().fold(f64::INFINITY, f64::min);
    odds().map(move |odds| least / odds)
}

/// The same of a stratum with this π beside these.
pub(crate) fn stake_beside<T>(strata: &[Stratum<T>], pi: Pi) -> f64 {
    let odds = strata.iter().map(|stratum| stratum.pi.odds());
    odds.fold(pi.odds(), f64::min) / pi.odds()
}

/// How many units of the gate one of this stratum stands for, up to a factor of all strata.
pub(crate) fn stands_for(pi: Pi) -> f64 {
    1.0 - pi.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pis: &[f64]) -> Vec<f64> {
        let strata: Vec<_> = pis.iter().map(|pi| Stratum::new(*pi, ()).unwrap()).collect();
        stakes(&strata).collect()
    }

    #[test]
    fn one_stratum_stakes_everything() {
        for pi in [0.01, 0.05, 0.3, 0.5, 0.95] {
            assert_eq!(of(&[pi]), [1.0]);
        }
        assert_eq!(of(&[]), [0.0; 0]);
    }

    /// At 50 %, of new units half are moved, and of those seen at 5 and 25 % so much as lies between.
    #[test]
    fn a_unit_stands_for_its_history_by_the_part_that_is_moved() {
        let strata = [0.0, 0.05, 0.25].map(|seen| (seen, (0.5 - seen) / (1.0 - seen)));
        for (stake, (seen, pi)) in of(&strata.map(|(_, pi)| pi)).into_iter().zip(strata) {
            assert!((stake - 0.25 / (0.5 - seen)).abs() < 1e-12, "{seen}");
            let stands_for = stands_for(Pi::new(pi).unwrap());
            assert!((stands_for - 0.5 / (1.0 - seen)).abs() < 1e-12, "{seen}");
        }
    }
}
