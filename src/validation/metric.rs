//! Metrics of one version on some rows, and the paired bound of two versions' difference.
//!
//! | metric | value | lower bound of the difference |
//! |---|---|---|
//! | accuracy | share of rows whose class is right | Tango's score bound (`seatrial_analysis::paired`) |
//! | log loss, MAE | mean of a loss a row | Student's bound on the differences a row |
//! | F1 | of the greater class where there are two, else macro | paired bootstrap, seeded |
//! | ROC-AUC | of the greater class where there are two, else macro one-versus-rest | paired bootstrap, seeded |
//! | RMSE | root of the mean squared error | paired bootstrap, seeded |
//!
//! All bounds but accuracy's are taken from the scatter of the rows themselves: below [`ROWS_MIN`]
//! rows there is none. Of F1 and ROC-AUC, which are shares, as accuracy is, the bound is never
//! closer to the difference than accuracy's is for two versions that never disagree: rows that do
//! not scatter prove no more than that.

mod bootstrap;
mod ground;
mod reading;
mod statistic;

pub(super) use ground::Ground;
pub(super) use reading::Reading;

use ground::Known;
use seatrial_analysis::paired::{self, Discordance, mean_lower_bound};
use seatrial_domain::plan::MetricName;
use statistic::Statistic;

/// Fewer rows show too little of their own scatter.
pub(super) const ROWS_MIN: usize = 30;

/// The name in policies and reports.
pub(super) const fn name(metric: MetricName) -> &'static str {
    match metric {
        MetricName::Accuracy => "accuracy",
        MetricName::F1 => "f1",
        MetricName::RocAuc => "rocAuc",
        MetricName::LogLoss => "logLoss",
        MetricName::Rmse => "rmse",
        MetricName::Mae => "mae",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Better {
    Higher,
    Lower,
}

pub(super) const fn better(metric: MetricName) -> Better {
    match metric {
        MetricName::Accuracy | MetricName::F1 | MetricName::RocAuc => Better::Higher,
        MetricName::LogLoss | MetricName::Rmse | MetricName::Mae => Better::Lower,
    }
}

/// What a metric is computed from, in the order of the rows.
#[derive(Debug)]
pub(super) enum Measured {
    Correct(Vec<bool>),
    /// A loss a row; the metric is their mean.
    Losses(Vec<f64>),
    Whole(Statistic),
}

/// Measures a version on these rows. The error says what its outputs or the labels lack.
pub(super) fn measure(
    metric: MetricName,
    ground: &Ground,
    known: &Known,
    rows: &[usize],
) -> Result<Measured, String> {
    match metric {
        MetricName::Accuracy => {
            let pairs = ground.classes_of(known, rows)?;
            Ok(Measured::Correct(
                pairs.iter().map(|(truth, predicted)| truth == predicted).collect(),
            ))
        }
        MetricName::F1 => {
            let pairs = ground.classes_of(known, rows)?;
            Ok(Measured::Whole(Statistic::f1(pairs, ground.class_count())))
        }
        MetricName::RocAuc => Ok(Measured::Whole(Statistic::auc(ground.ranked(known, rows)?))),
        MetricName::LogLoss => {
            let given = ground.probabilities_of_truth(known, rows)?;
            Ok(Measured::Losses(given.iter().map(|p| -p.max(f64::EPSILON).ln()).collect()))
        }
        MetricName::Mae => {
            let errors = ground.errors(known, rows)?;
            Ok(Measured::Losses(errors.iter().map(|error| error.abs()).collect()))
        }
        MetricName::Rmse => {
            let errors = ground.errors(known, rows)?;
            Ok(Measured::Whole(Statistic::rmse(&errors)))
        }
    }
}

impl Measured {
    fn rows(&self) -> usize {
        match self {
            Self::Correct(v) => v.len(),
            Self::Losses(v) => v.len(),
            Self::Whole(statistic) => statistic.rows(),
        }
    }

    /// None where it is undefined: no rows, or for ROC-AUC one class only.
    pub(super) fn value(&self) -> Option<f64> {
        match self {
            Self::Correct(v) => {
                mean(v.iter().map(|correct| if *correct { 1.0 } else { 0.0 }), v.len())
            }
            Self::Losses(v) => mean(v.iter().copied(), v.len()),
            Self::Whole(statistic) => statistic.value(&vec![1; self.rows()]),
        }
    }
}

fn mean(values: impl Iterator<Item = f64>, count: usize) -> Option<f64> {
    (count > 0).then(|| values.sum::<f64>() / float(count))
}

/// The 95 % lower bound of candidate − incumbent on the same rows, oriented so that higher is
/// better.
pub(super) fn lower_bound(
    metric: MetricName,
    candidate: &Measured,
    incumbent: &Measured,
) -> Option<f64> {
    match (candidate, incumbent) {
        (Measured::Correct(candidate), Measured::Correct(incumbent)) => {
            let count = |pick: fn(bool, bool) -> bool| {
                let pairs = candidate.iter().zip(incumbent);
                pairs.filter(|(c, i)| pick(**c, **i)).fold(0_u64, |count, _| count + 1)
            };
            let pairs = count(|_, _| true);
            let candidate_only = count(|c, i| c && !i);
            let incumbent_only = count(|c, i| i && !c);
            Discordance { pairs, candidate_only, incumbent_only }.lower_bound()
        }
        (Measured::Losses(candidate), Measured::Losses(incumbent)) => {
            if candidate.len() < ROWS_MIN {
                return None;
            }
            let saved: Vec<f64> = candidate.iter().zip(incumbent).map(|(c, i)| i - c).collect();
            mean_lower_bound(&saved)
        }
        (Measured::Whole(candidate), Measured::Whole(incumbent)) => {
            if candidate.rows() < ROWS_MIN {
                return None;
            }
            let bound = bootstrap::lower_bound(candidate, incumbent, better(metric))?;
            let widest = match kind(metric) {
                Kind::Share => {
                    let all = vec![1; candidate.rows()];
                    let found = candidate.value(&all)? - incumbent.value(&all)?;
                    found - paired::least_width(u64::try_from(candidate.rows()).ok()?)
                }
                Kind::Loss => bound,
            };
            Some(bound.min(widest))
        }
        (Measured::Correct(_) | Measured::Losses(_) | Measured::Whole(_), _) => None,
    }
}

/// Rows without which no candidate passes this limit, be it as good as the incumbent on each of
/// them; none where rows alone never suffice.
pub(super) fn rows_needed(metric: MetricName, max_drop: f64) -> Option<usize> {
    let by_limit = || usize::try_from(paired::pairs_needed(max_drop)?).ok();
    match (metric, kind(metric)) {
        (MetricName::Accuracy, _) => by_limit(),
        (_, Kind::Share) => Some(by_limit()?.max(ROWS_MIN)),
        (_, Kind::Loss) => Some(ROWS_MIN),
    }
}

/// Whether a metric lies between 0 and 1, or has no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Share,
    Loss,
}

const fn kind(metric: MetricName) -> Kind {
    match metric {
        MetricName::Accuracy | MetricName::F1 | MetricName::RocAuc => Kind::Share,
        MetricName::LogLoss | MetricName::Rmse | MetricName::Mae => Kind::Loss,
    }
}

#[expect(clippy::cast_precision_loss, reason = "rows are far below 2^53")]
const fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
