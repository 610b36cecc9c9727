//! Two arms side by side over several strata.
//!
//! Owns what is comparable: shares rise from gate to gate, and a unit's history changes its chance, so
//! that the arms' units are spread over strata differently. Added up they differ where no stratum does
//! (Simpson). So the strata of one arm weigh as the other's units do. For what is shown: tests estimate
//! nothing, they bet in each stratum by its own chance.

use crate::verdict::{CheckVerdict, Counts};

/// By whose units strata weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Of several gates, whose units together are nobody's: the candidate is told as it is.
    Candidate,
    /// Of one gate: the incumbent's units are a fair sample of everybody who comes under it, of whom a pass
    /// speaks (docs/adr/0018).
    Incumbent,
}

impl By {
    /// What a verdict is told by: a fail rests on all gates, any other on the present one.
    pub(crate) const fn told(verdict: CheckVerdict) -> Self {
        match verdict {
            CheckVerdict::Fail => Self::Candidate,
            CheckVerdict::Pass | CheckVerdict::Inconclusive | CheckVerdict::Error => {
                Self::Incumbent
            }
        }
    }
}

/// Each stratum's part of these units, of those strata in which both arms have any; the others' is zero.
/// None where there is no such stratum.
pub(crate) fn parts(strata: &[Counts], by: By) -> Option<Vec<f64>> {
    let comparable = |it: &Counts| it.candidate_total > 0 && it.incumbent_total > 0;
    let total = |it: &Counts| match by {
        By::Candidate => float(it.candidate_total),
        By::Incumbent => float(it.incumbent_total),
    };
    let units = |it: &Counts| if comparable(it) { total(it) } else { 0.0 };
    let total: f64 = strata.iter().map(units).sum();
    (total > 0.0).then(|| strata.iter().map(|it| units(it) / total).collect())
}

/// The candidate's rate of bad outcomes and the incumbent's, for as many units in each stratum. Where
/// no stratum has both arms, each arm's own; none for an arm without units.
pub(crate) fn rates(strata: &[Counts], by: By) -> (Option<f64>, Option<f64>) {
    let Some(parts) = parts(strata, by) else {
        let all = sum(strata);
        return (
            rate(all.candidate_bad, all.candidate_total),
            rate(all.incumbent_bad, all.incumbent_total),
        );
    };
    let (candidate, incumbent) = weighed(&parts, strata.iter().copied());
    (Some(candidate), Some(incumbent))
}

/// The same where each stratum's part is known.
pub(crate) fn weighed(parts: &[f64], strata: impl Iterator<Item = Counts>) -> (f64, f64) {
    let rate = |bad: u64, total: u64| rate(bad, total).unwrap_or(0.0);
    parts.iter().zip(strata).fold((0.0, 0.0), |(candidate, incumbent), (part, it)| {
        (
            candidate + part * rate(it.candidate_bad, it.candidate_total),
            incumbent + part * rate(it.incumbent_bad, it.incumbent_total),
        )
    })
}

/// All units, whatever stratum they are in.
pub(crate) fn sum(strata: &[Counts]) -> Counts {
    strata.iter().fold(Counts::default(), |sum, it| Counts {
        candidate_bad: sum.candidate_bad + it.candidate_bad,
        candidate_total: sum.candidate_total + it.candidate_total,
        incumbent_bad: sum.incumbent_bad + it.incumbent_bad,
        incumbent_total: sum.incumbent_total + it.incumbent_total,
    })
}

/// A part of a whole; none of nothing.
pub(crate) fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| float(part) / float(whole))
}

/// A count as a float: exact up to 2^53, far beyond the units of any rollout.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(
        [candidate_bad, candidate_total, incumbent_bad, incumbent_total]: [u64; 4],
    ) -> Counts {
        Counts { candidate_bad, candidate_total, incumbent_bad, incumbent_total }
    }

    fn told(strata: &[[u64; 4]]) -> (Option<f64>, Option<f64>) {
        rates(&strata.iter().copied().map(counts).collect::<Vec<_>>(), By::Candidate)
    }

    #[test]
    fn of_everybody_both_arms_weigh_as_the_incumbents_units_do() {
        let strata = [[3_000, 30_000, 6_000, 30_000], [1_000, 20_000, 1_000, 40_000]].map(counts);
        let (candidate, incumbent) = rates(&strata, By::Incumbent);
        assert!((candidate.unwrap() - (0.1 * 3.0 + 0.05 * 4.0) / 7.0).abs() < 1e-12);
        assert!((incumbent.unwrap() - 0.1).abs() < 1e-12, "as it was counted");
        let alone = counts([0, 0, 9, 9]);
        assert_eq!(rates(&[strata[0], alone], By::Incumbent), (Some(0.1), Some(0.2)));
    }

    #[test]
    fn one_stratum_is_told_as_it_was_counted() {
        assert_eq!(told(&[[3, 7, 5, 11]]), (Some(3.0 / 7.0), Some(5.0 / 11.0)));
        assert_eq!(told(&[[0, 0, 0, 0], [3, 7, 5, 11]]), (Some(3.0 / 7.0), Some(5.0 / 11.0)));
    }

    #[test]
    fn arms_that_are_equal_in_each_stratum_are_equal() {
        let (candidate, incumbent) = told(&[[10, 1_000, 190, 19_000], [800, 10_000, 800, 10_000]]);
        assert!((candidate.unwrap() - incumbent.unwrap()).abs() < 1e-12);
        assert!((candidate.unwrap() - 810.0 / 11_000.0).abs() < 1e-12);
    }

    #[test]
    fn a_stratum_of_one_arm_is_no_comparison_and_all_there_is_where_no_other_is() {
        assert_eq!(told(&[[9, 9, 0, 0], [1, 10, 2, 10]]), (Some(0.1), Some(0.2)));
        assert_eq!(told(&[[9, 9, 0, 0], [0, 1, 0, 0]]), (Some(0.9), None));
        assert_eq!(told(&[[0, 3, 0, 0], [0, 0, 1, 2]]), (Some(0.0), Some(0.5)));
        assert_eq!(told(&[]), (None, None));
    }
}
