//! One metric's verdict.

use super::super::brief::brief;
use super::super::metric::{self, Better};
use super::super::report::{Check, Evaluation, Failure, Group, SliceValue};
use super::slices;
use seatrial_domain::plan::Metric;

/// The check of one metric; none for a slice that only reports.
pub(super) fn check(evaluation: &Evaluation) -> Option<Check> {
    if evaluation.slice.is_some() && evaluation.max_drop.is_none() {
        return None;
    }
    let naming = Group::Holdout.named(name(evaluation.metric, evaluation.slice.as_ref()));
    let n = evaluation.rows;
    let Some(value) = evaluation.candidate else {
        return Some(naming.fail(format!("undefined on these rows (holdout n={n})")));
    };
    let naming = naming.value(value);
    if let Some(min) = evaluation.min
        && !reaches(evaluation, value, min)
    {
        let (limit, sign) = match metric::better(evaluation.metric) {
            Better::Higher => ("min", "<"),
            Better::Lower => ("max", ">"),
        };
        let detail = format!("{value:.3} {sign} {limit} {min:.3} (holdout n={n})");
        return Some(naming.limit(min).fail(detail));
    }
    let Some(max_drop) = evaluation.max_drop else {
        let naming = if let Some(min) = evaluation.min { naming.limit(min) } else { naming };
        return Some(naming.pass(format!("{value:.3} (holdout n={n})")));
    };
    let Some(incumbent) = evaluation.incumbent else {
        return Some(match evaluation.min {
            Some(min) => naming.limit(min).pass(format!("{value:.3} (holdout n={n})")),
            None => {
                naming.skip(format!("{value:.3}; no incumbent to compare with (holdout n={n})"))
            }
        });
    };
    let naming = naming.limit(-max_drop);
    let versus = format!("{value:.3} vs {incumbent:.3}");
    let drop = match metric::better(evaluation.metric) {
        Better::Higher => incumbent - value,
        Better::Lower => value - incumbent,
    };
    // Where nobody could pass, a candidate that is no worse has not failed.
    if let Some(needed) = metric::rows_needed(evaluation.metric, max_drop)
        && n < needed
        && drop <= max_drop
    {
        let detail = format!("{versus}, and {needed} rows are needed (holdout n={n})");
        return Some(naming.error(detail));
    }
    Some(match evaluation.drop_bound {
        None => naming.fail(format!("{versus}, drop bound undefined (holdout n={n})")),
        Some(bound) => {
            let passes = bound > -max_drop;
            let sign = if passes { ">" } else { "<" };
            let detail =
                format!("{versus}, drop bound {bound:.3} {sign} {:.3} (holdout n={n})", -max_drop);
            naming.judge(if passes { Ok(detail) } else { Err(detail) })
        }
    })
}

/// The failure of a metric that the outputs or the labels do not allow; none for a slice that only
/// reports.
pub(super) fn undefined(metric: &Metric, rows: &slices::Rows, failure: &Failure) -> Option<Check> {
    if rows.value.is_some() && metric.max_drop.is_none() {
        return None;
    }
    let naming = Group::Holdout.named(name(metric.name, rows.value.as_ref()));
    let why = format!("{} (holdout n={})", failure.why, rows.rows.len());
    Some(naming.blame(Failure { why, fault: failure.fault }))
}

fn reaches(evaluation: &Evaluation, value: f64, min: f64) -> bool {
    match metric::better(evaluation.metric) {
        Better::Higher => value >= min,
        Better::Lower => value <= min,
    }
}

fn name(metric: seatrial_domain::plan::MetricName, slice: Option<&SliceValue>) -> String {
    let metric = metric::name(metric);
    slice.map_or_else(
        || metric.to_owned(),
        |slice| format!("{metric}[{}={}]", slice.column, brief(&slice.value)),
    )
}
