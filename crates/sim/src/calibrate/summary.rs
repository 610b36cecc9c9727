//! What many runs of a cell amount to.

use super::Method;
use super::bounds::clopper_pearson;
use super::engine::{Ending, Found};
use super::outcomes::float;
use super::prepared::Prepared;
use serde::Serialize;

/// One method's result in one cell. `mean_units` and `median_units` are over all runs, and an
/// undecided run counts with all its units: where some are undecided, the true mean is larger.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub runs: u64,
    /// Runs that were decided: for rollback, or where that is the question, as healthy.
    pub rolled_back: u64,
    pub rate: f64,
    /// The ends of the exact central 95 % interval of the rate.
    pub lower_95: f64,
    pub upper_95: f64,
    /// Units over both arms until the decision.
    pub mean_units: f64,
    pub median_units: f64,
    /// The candidate's of them.
    pub mean_candidate_units: f64,
    /// The limit of information, ln(1/α)/I. None where there is nothing to be found, and for users
    /// and bursts. Over gates, a ramp or days: the units that bring ln(1/α).
    pub kl_units: Option<f64>,
    /// The mean information until the decision as a multiple of ln(1/α), nowhere below one on average
    /// if all runs are decided: `mean_units` over `kl_units` where neither share nor base changes.
    pub over_kl: Option<f64>,
    /// The same of what is left to a test whose score does not fall with badness; for the published table.
    #[serde(skip)]
    pub over_monotone: Option<f64>,
}

impl Summary {
    /// Of all runs' endings, the method's.
    pub fn of(prepared: &Prepared, method: Method, endings: &[Ending]) -> Self {
        let found: Vec<Option<Found>> =
            endings.iter().map(|ending| ending.found.get(&method).copied().flatten()).collect();
        let runs = endings.len() as u64;
        let rolled_back = found.iter().flatten().count() as u64;
        let until: Vec<Found> =
            found.iter().zip(endings).map(|(found, ending)| found.unwrap_or(ending.end)).collect();
        let mean = |of: fn(&Found) -> u64| {
            until.iter().map(|found| float(of(found))).sum::<f64>() / float(runs.max(1))
        };
        let bounds = clopper_pearson(rolled_back, runs);
        let over = |multiple: fn(&Prepared, u64) -> Option<f64>| {
            let sum: Option<f64> = until.iter().map(|found| multiple(prepared, found.units)).sum();
            sum.map(|sum| sum / float(runs.max(1)))
        };
        Self {
            runs,
            rolled_back,
            rate: float(rolled_back) / float(runs.max(1)),
            lower_95: bounds.lower,
            upper_95: bounds.upper,
            mean_units: mean(|found| found.units),
            median_units: median(until.iter().map(|found| found.units).collect()),
            mean_candidate_units: mean(|found| found.candidate_units),
            kl_units: prepared.kl_units(),
            over_kl: prepared.kl_units().and(over(Prepared::over_kl)),
            over_monotone: prepared.kl_units().and(over(Prepared::over_monotone)),
        }
    }
}

fn median(mut units: Vec<u64>) -> f64 {
    units.sort_unstable();
    let middle = units.len() / 2;
    let at = |rank: usize| units.get(rank).copied().map_or(0.0, float);
    if units.len() % 2 == 1 {
        at(middle)
    } else {
        (at(middle.saturating_sub(1)) + at(middle)) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn a_median_of_an_even_number_is_between_its_middles() {
        assert!((median(vec![9, 1, 5]) - 5.0).abs() < 1e-12);
        assert!((median(vec![9, 1, 5, 7]) - 6.0).abs() < 1e-12);
    }
}
