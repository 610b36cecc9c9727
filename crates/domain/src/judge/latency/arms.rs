//! Both arms' answers over several strata, side by side.

use super::Latency;
use crate::mix::{self, float};
use crate::verdict::Counts;
use seatrial_analysis::{ArmHistogram, Stratum};

/// Answers by bucket; the incumbent's are weighed.
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
        strata: &[Stratum<ArmHistogram>],
        reference: &[u64],
    ) -> Vec<Counts> {
        let within = self.within(reference);
        let above = |arm: &[u64]| arm.iter().skip(within).sum();
        let counted = |ArmHistogram { candidate, incumbent }: &ArmHistogram| Counts {
            candidate_bad: above(candidate),
            candidate_total: candidate.iter().sum(),
            incumbent_bad: above(incumbent),
            incumbent_total: incumbent.iter().sum(),
        };
        strata.iter().map(|stratum| counted(&stratum.counts)).collect()
    }

    /// The answers of the strata that both arms have any in, the incumbent's weighed as the candidate's;
    /// all of them where there is no such stratum.
    pub(in crate::judge) fn side_by_side(&self, strata: &[Stratum<ArmHistogram>]) -> Arms {
        let counts = self.by_stratum(strata, &[]);
        let units = |counts: &Counts| float(counts.incumbent_total);
        // How many of the candidate's answers go with one of the incumbent's; of one stratum exactly one.
        let weights: Vec<Option<f64>> = match mix::parts(&counts) {
            Some(parts) => {
                let told = || parts.iter().zip(&counts).map(|(part, it)| (*part, units(it)));
                let total: f64 = told().filter(|(part, _)| *part > 0.0).map(|(_, it)| it).sum();
                told().map(|(part, it)| (part > 0.0).then(|| part * total / it)).collect()
            }
            None => vec![Some(1.0); counts.len()],
        };
        let none = || vec![0.0; self.edges.buckets()];
        let mut arms = Arms { candidate: none(), incumbent: none() };
        for (stratum, weight) in strata.iter().zip(weights) {
            let Some(weight) = weight else { continue };
            add(&mut arms.candidate, (1.0, &stratum.counts.candidate));
            add(&mut arms.incumbent, (weight, &stratum.counts.incumbent));
        }
        arms
    }
}

fn add(sum: &mut [f64], (weight, arm): (f64, &[u64])) {
    sum.iter_mut().zip(arm).for_each(|(sum, count)| *sum += weight * float(*count));
}
