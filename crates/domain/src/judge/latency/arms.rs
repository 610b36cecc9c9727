//! Both arms' answers over several strata, side by side.

use super::{Answers, Latency, up_to_each};
use crate::judge::reading::Shown;
use crate::mix::{self, By, float};
use crate::verdict::Counts;
use seatrial_analysis::Stratum;

/// Answers by bucket; those of one arm are weighed.
#[derive(Debug)]
pub(in crate::judge) struct Arms {
    pub(in crate::judge) candidate: Vec<f64>,
    pub(in crate::judge) incumbent: Vec<f64>,
}

impl Latency {
    /// The answers of each stratum, and as bad ones those above the limit (without one: above the
    /// reference's quantile).
    pub(in crate::judge) fn by_stratum(
        &self,
        strata: &[Stratum<Answers<'_>>],
        reference: &[u64],
    ) -> Vec<Counts> {
        let within = self.within(reference);
        let counted = |arm: &[u64]| {
            let (below, above) = arm.split_at(within.min(arm.len()));
            let bad: u64 = above.iter().sum();
            (bad, bad + below.iter().sum::<u64>())
        };
        let counts = |stratum: &Stratum<Answers<'_>>| {
            let (candidate_bad, candidate_total) = counted(&stratum.counts.candidate);
            let (incumbent_bad, incumbent_total) = counted(&stratum.counts.incumbent);
            Counts { candidate_bad, candidate_total, incumbent_bad, incumbent_total }
        };
        strata.iter().map(counts).collect()
    }

    /// Quantiles in milliseconds, and the answers above the limit, of strata as they were counted by
    /// [`Latency::by_stratum`].
    pub(in crate::judge) fn shown(
        &self,
        strata: &[Stratum<Answers<'_>>],
        (counted, by): (&[Counts], By),
    ) -> Shown {
        let counts = mix::sum(counted);
        let (candidate, incumbent) = if let [one] = strata {
            let arms = &one.counts;
            let of = |arm: &[u64], total| self.quantile_ms(up_to_each(arm), total);
            (
                of(&arms.candidate, float(counts.candidate_total)),
                of(&arms.incumbent, float(counts.incumbent_total)),
            )
        } else {
            let arms = self.side_by_side(strata, counted, by);
            let add = |below: &mut f64, count: &f64| {
                *below += count;
                Some(*below)
            };
            let of = |arm: &[f64]| self.quantile_ms(arm.iter().scan(0.0, add), arm.iter().sum());
            (of(&arms.candidate), of(&arms.incumbent))
        };
        Shown { counts, candidate, incumbent }
    }

    /// The answers of the strata that both arms have any in, those of the one arm weighed as the other's; all of
    /// them where there is no such stratum.
    pub(in crate::judge) fn side_by_side(
        &self,
        strata: &[Stratum<Answers<'_>>],
        counts: &[Counts],
        by: By,
    ) -> Arms {
        let units = |counts: &Counts| match by {
            By::Candidate => float(counts.incumbent_total),
            By::Incumbent => float(counts.candidate_total),
        };
        // How many answers of the arm that weighs go with one of the other's; of one stratum exactly one.
        let weights: Vec<Option<f64>> = match mix::parts(counts, by) {
            Some(parts) => {
                let told = || parts.iter().zip(counts).map(|(part, it)| (*part, units(it)));
                let total: f64 = told().filter(|(part, _)| *part > 0.0).map(|(_, it)| it).sum();
                told().map(|(part, it)| (part > 0.0).then(|| part * total / it)).collect()
            }
            None => vec![Some(1.0); counts.len()],
        };
        let none = || vec![0.0; self.edges.buckets()];
        let mut arms = Arms { candidate: none(), incumbent: none() };
        for (stratum, weight) in strata.iter().zip(weights) {
            let Some(weight) = weight else { continue };
            let [candidate, incumbent] = match by {
                By::Candidate => [1.0, weight],
                By::Incumbent => [weight, 1.0],
            };
            add(&mut arms.candidate, (candidate, &stratum.counts.candidate));
            add(&mut arms.incumbent, (incumbent, &stratum.counts.incumbent));
        }
        arms
    }
}

fn add(sum: &mut [f64], (weight, arm): (f64, &[u64])) {
    sum.iter_mut().zip(arm).for_each(|(sum, count)| *sum += weight * float(*count));
}
