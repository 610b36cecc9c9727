//! `kind: feedback` and `kind: kpi`: what is joined to an answer by its request id.
//!
//! Owns that a metric's labels are of one kind: yes or no, or numbers.

use super::{Draft, DraftRule, margin};
use crate::plan::{Better, Rule, Scale};
use crate::policy::fault::Report;
use crate::policy::fields::Fields;
use crate::policy::limits::from;
use crate::policy::quantity::{AMOUNT, OPEN_UNIT, RATIO, UNIT};
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
    Some(Rule::Feedback { metric: metric?, better, margin: margin?, late_by, min_coverage })
}

/// A ratio multiplies the incumbent's mean, so where higher is better it lies below 1.
pub(super) fn kpi(fields: &Fields<'_>) -> Option<Rule> {
    let Labelled { metric, better, late_by, min_coverage } = labelled(fields);
    let ratio = match better {
        Better::Higher => OPEN_UNIT,
        Better::Lower => RATIO,
    };
    let margin = margin(fields, ratio, AMOUNT);
    Some(Rule::Kpi { metric: metric?, better, margin: margin?, late_by, min_coverage })
}

/// Refuses a metric that is yes or no in one check and a number in another: its labels are counted
/// as one of both.
pub(in crate::policy) fn one_scale(stages: &[&[Draft]], report: &Report) {
    let mut first: Vec<(&str, Scale)> = Vec::new();
    for draft in stages.iter().flat_map(|stage| stage.iter()) {
        let DraftRule::Built(rule) = &draft.rule else { continue };
        let Some(labels) = rule.labels() else { continue };
        match first.iter().find(|(metric, _)| *metric == labels.metric) {
            None => first.push((labels.metric, labels.scale)),
            Some((_, scale)) if *scale == labels.scale => {}
            Some((metric, _)) => {
                let what = format!("the metric `{metric}` is of another kind in another check");
                let allowed = Some("kind: feedback or kind: kpi, the same for a metric".to_owned());
                report.refuse(&draft.spot, what, allowed);
            }
        }
    }
}
