//! Two arms side by side over several strata.
//!
//! Owns what is comparable: shares rise from gate to gate, and a unit's history changes its chance, so
//! that the arms' units are spread over strata differently. Added up they differ where no stratum does
//! (Simpson). So the incumbent's strata weigh as the candidate's units do; the candidate is told as it
//! is. For what is shown: tests estimate nothing, they bet in each stratum by its own chance.

use crate::verdict::Counts;

/// Each stratum's part of the candidate's units, of those strata in which both arms have any; the
/// others' is zero. None where there is no such stratum.
pub(crate) fn parts(strata: &[Counts]) -> Option<Vec<f64>> {
    let comparable = |it: &Counts| it.candidate_total > 0 && it.incumbent_total > 0;
    let units = |it: &Counts| if comparable(it) { float(it.candidate_total) } else { 0.0 };
    let total: f64 = strata.iter().map(units).sum();
    (total > 0.0).then(|| strata.iter().map(|it| units(it) / total).collect())
}

/// The candidate's rate of bad outcomes and the incumbent's, for as many units in each stratum. Where
/// no stratum has both arms, each arm's own; none for an arm without units.
pub(crate) fn rates(strata: &[Counts]) -> (Option<f64>, Option<f64>) {
    let Some(parts) = parts(strata) else {
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
        rates(&strata.iter().copied().map(counts).collect::<Vec<_>>())
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
