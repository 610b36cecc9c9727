//! `kind: feedback` and `kind: kpi`: what is joined to an answer by its request id.
//!
//! Owns that a metric's labels are of one kind, yes or no or numbers, and that one value of a unit is
//! made of them.

use super::{Draft, margin};
use crate::plan::{Analysis, Better, Labels, PerUnit, Rule, Shadow};
use crate::policy::fault::{Report, Spot};
use crate::policy::fields::Fields;
use crate::policy::limits::from;
use crate::policy::quantity::{AMOUNT, OPEN_UNIT, RATIO, UNIT, show_duration};
use crate::policy::value::Value;
use std::time::Duration;

/// What both kinds say of their labels.
struct Labelled {
    metric: Option<String>,
    better: Better,
    late_by: Duration,
    min_coverage: f64,
}

fn labelled(fields: &Fields<'_>) -> Labelled {
    let better = [("higher", Better::Higher), ("lower", Better::Lower)];
    Labelled {
        metric: fields.required("metric", Value::word),
        better: fields.or("better", Better::Higher, |value| value.choice(&better)),
        late_by: fields.or("lateBy", Duration::ZERO, |value| value.duration(from(0))),
        min_coverage: fields.or("minCoverage", 0.5, |value| value.number(UNIT)),
    }
}

pub(super) fn feedback(fields: &Fields<'_>) -> Option<Rule> {
    let Labelled { metric, better, late_by, min_coverage } = labelled(fields);
    let margin = margin(fields, RATIO, OPEN_UNIT);
    let per_unit = fields.or("perUnit", PerUnit::First, yes_or_no_of_a_unit);
    Some(Rule::Feedback {
        metric: metric?,
        better,
        margin: margin?,
        late_by,
        min_coverage,
        per_unit,
    })
}

/// A mean of yes and no is neither: the tests of two outcomes have no place for it, and to round it
/// would be another question. Numbers have tests of means, and 0 and 1 are numbers.
fn yes_or_no_of_a_unit(value: &Value<'_>) -> Option<PerUnit> {
    let choices = [("first", PerUnit::First), ("any", PerUnit::Any), ("mean", PerUnit::Mean)];
    match value.choice(&choices)? {
        PerUnit::Mean => value.refuse(
            "a mean of yes and no is neither",
            "first, any; or kind: kpi with perUnit: mean, which takes 0 and 1 as numbers",
        ),
        per_unit @ (PerUnit::First | PerUnit::Any) => Some(per_unit),
    }
}

fn number_of_a_unit(value: &Value<'_>) -> Option<PerUnit> {
    value.choice(&[("first", PerUnit::First), ("mean", PerUnit::Mean)])
}

/// A ratio multiplies the incumbent's mean, so where higher is better it lies below 1.
pub(super) fn kpi(fields: &Fields<'_>) -> Option<Rule> {
    let Labelled { metric, better, late_by, min_coverage } = labelled(fields);
    let ratio = match better {
        Better::Higher => OPEN_UNIT,
        Better::Lower => RATIO,
    };
    let margin = margin(fields, ratio, AMOUNT);
    let per_unit = fields.or("perUnit", PerUnit::First, number_of_a_unit);
    Some(Rule::Kpi { metric: metric?, better, margin: margin?, late_by, min_coverage, per_unit })
}

/// Refuses a metric that is yes or no in one check and a number in another, or of which units have two
/// values: its labels are counted as one of both.
pub(in crate::policy) fn one_scale(stages: &[&[Draft]], report: &Report) {
    let mut first: Vec<Labels<'_>> = Vec::new();
    for draft in stages.iter().flat_map(|stage| stage.iter()) {
        let Some(labels) = draft.labels() else { continue };
        let metric = labels.metric;
        let Some(known) = first.iter().find(|known| known.metric == metric) else {
            first.push(labels);
            continue;
        };
        let refuse = |what: &str, allowed: &str| {
            let what = format!("the metric `{metric}` {what} in another check");
            report.refuse(&draft.spot, what, Some(allowed.to_owned()));
        };
        if known.scale != labels.scale {
            refuse("is of another kind", "kind: feedback or kind: kpi, the same for a metric");
        } else if known.per_unit != labels.per_unit {
            refuse("has another perUnit", "one perUnit for a metric");
        }
    }
}

/// Refuses values of several labels where a unit has but one request, and stages that are over before
/// the first such value is closed; `stages` are the drafts of each with its duration.
pub(in crate::policy) fn closed_in_time(
    stages: &[(Duration, &[Draft])],
    analysis: &Analysis,
    report: &Report,
) {
    let mut told: Vec<&Spot> = Vec::new();
    for (stage, draft) in stages.iter().flat_map(|(stage, of)| of.iter().map(move |it| (stage, it)))
    {
        let Some(labels) = draft.labels().filter(|labels| !labels.per_unit.is_first()) else {
            continue;
        };
        let needed = analysis.awaits(&labels);
        let fault = if analysis.unit_window.is_zero() {
            let what =
                format!("`{}` takes all labels of a unit, which has one request", draft.name);
            Some((
                what,
                "a routing.key and an analysis.unitWindow above 0s; or perUnit: first".into(),
            ))
        } else if *stage < needed {
            let (stage, needed) = (show_duration(*stage), show_duration(needed));
            let name = &draft.name;
            let what = format!("{stage} are over before the first value of `{name}` is closed");
            Some((what, format!("a stage from {needed}: analysis.unitWindow and lateBy")))
        } else {
            None
        };
        let Some((what, allowed)) = fault.filter(|_| !told.contains(&&draft.spot)) else {
            continue;
        };
        told.push(&draft.spot);
        report.refuse(&draft.spot, what, Some(allowed));
    }
}

/// Refuses a check on the metric that tells the shadow which class is right: a class is no outcome.
pub(in crate::policy) fn told_apart(stages: &[&[Draft]], shadow: &Shadow, report: &Report) {
    let Some(right) = &shadow.labels else { return };
    let mut told: Vec<&Spot> = Vec::new();
    for draft in stages.iter().flat_map(|stage| stage.iter()) {
        let of_class = draft.labels().is_some_and(|labels| labels.metric == right.metric);
        if of_class && !told.contains(&&draft.spot) {
            told.push(&draft.spot);
            let what = format!("the metric `{}` tells the shadow the right class", right.metric);
            report.refuse(&draft.spot, what, Some("another metric than shadow.labels".to_owned()));
        }
    }
}
