//! `checks`: the rules of a gate as written, before each has its part of alpha.

mod drift;
mod labelled;

pub(super) use labelled::{closed_in_time, one_scale, told_apart};

use super::fault::Spot;
use super::fields::Fields;
use super::limits::millis;
use super::quantity::{OPEN_UNIT, PART, RATIO, Range};
use super::value::Value;
use crate::plan::{Labels, Margin, Rule};
use std::ops::Bound;
use std::time::Duration;

/// A check as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    pub(super) spot: Spot,
    pub(super) name: String,
    pub(super) weight: Option<f64>,
    pub(super) rule: DraftRule,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum DraftRule {
    Built(Rule),
    /// An outside provider: valid, and planned.
    Prometheus {
        query: String,
        margin: Margin,
    },
}

/// The defaults; a list in the file replaces them.
pub(super) fn standard(spot: &Spot) -> Vec<Draft> {
    let margin = Margin { ratio: Some(2.0), absolute: Some(0.005) };
    let draft = |name: &str, weight, rule| Draft {
        spot: spot.clone(),
        name: name.to_owned(),
        weight: Some(weight),
        rule: DraftRule::Built(rule),
    };
    vec![
        draft("errorRate", 0.4, Rule::Errors { margin }),
        draft(
            "latencyP99",
            0.3,
            Rule::Latency { quantile: 0.99, limit_ms: Some(250), ratio: None },
        ),
    ]
}

pub(super) fn checks(value: &Value<'_>) -> Option<Vec<Draft>> {
    let drafts = value.list(|item| item.fields(|fields| draft(item, fields)))?;
    if drafts.is_empty() && !value.is_empty_list() {
        // What is wrong with each is told; that none is left would say nothing new.
        return None;
    }
    for (index, draft) in drafts.iter().enumerate() {
        if drafts.iter().take(index).any(|earlier| earlier.name == draft.name) {
            value.report.refuse(
                &draft.spot,
                format!("`{}` is given twice", draft.name),
                Some("each name once in a list".to_owned()),
            );
        }
    }
    Some(drafts)
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Errors,
    Latency,
    Feedback,
    Kpi,
    Drift,
    Prometheus,
}

fn draft(item: &Value<'_>, fields: &Fields<'_>) -> Option<Draft> {
    let kinds = [
        ("errors", Kind::Errors),
        ("latency", Kind::Latency),
        ("feedback", Kind::Feedback),
        ("kpi", Kind::Kpi),
        ("drift", Kind::Drift),
        ("prometheus", Kind::Prometheus),
    ];
    let name = fields.required("name", Value::word);
    let weight = fields.nullable("weight", |value| value.number(PART));
    let rule = match fields.kind("kind", &kinds)? {
        Kind::Errors => {
            let margin = margin(fields, RATIO, OPEN_UNIT);
            margin.map(|margin| DraftRule::Built(Rule::Errors { margin }))
        }
        Kind::Latency => latency(fields).map(DraftRule::Built),
        Kind::Feedback => labelled::feedback(fields).map(DraftRule::Built),
        Kind::Kpi => labelled::kpi(fields).map(DraftRule::Built),
        Kind::Drift => drift::drift(fields).map(DraftRule::Built),
        Kind::Prometheus => prometheus(fields),
    };
    Some(Draft { spot: item.spot.clone(), name: name?, weight, rule: rule? })
}

fn latency(fields: &Fields<'_>) -> Option<Rule> {
    let limits = Duration::from_millis(1)..=Duration::from_secs(40);
    let (limit, margin) = (fields.find("limit"), fields.find("margin"));
    let quantile = fields.or("quantile", 0.99, |value| value.number(OPEN_UNIT));
    if limit.is_none() && margin.is_none() {
        let allowed = "limit: DURATION, margin: {ratio: NUMBER}, or both".to_owned();
        fields.report.refuse(&fields.spot, "has neither a limit nor a margin", Some(allowed));
    }
    let limit_ms = limit.and_then(|value| value.duration(limits)).map(millis);
    let ratio = margin.and_then(|value| slower(&value));
    // What was given and is wrong has been reported.
    (limit_ms.is_some() || ratio.is_some()).then_some(Rule::Latency { quantile, limit_ms, ratio })
}

/// How much slower than the incumbent is unhealthy: a multiple only.
fn slower(margin: &Value<'_>) -> Option<f64> {
    margin.fields(|fields| {
        let absolute = fields.find("absolute").filter(|value| !value.is_null());
        let ratio = fields.find("ratio").filter(|value| !value.is_null());
        match (absolute, ratio) {
            (Some(absolute), _) => {
                absolute.refuse("latency has no absolute margin", "limit: DURATION, of the check")
            }
            (None, Some(ratio)) => ratio.number(RATIO),
            (None, None) => margin.refuse("has no ratio", "ratio: NUMBER above 1"),
        }
    })
}

fn prometheus(fields: &Fields<'_>) -> Option<DraftRule> {
    // Of a value where higher is better a ratio lies below 1.
    let ratio = (Bound::Excluded(0.0), Bound::Included(1000.0));
    let query = fields.required("query", |value| value.text(4096).map(str::to_owned));
    let margin = margin(fields, ratio, OPEN_UNIT);
    Some(DraftRule::Prometheus { query: query?, margin: margin? })
}

fn margin(fields: &Fields<'_>, ratio: Range, absolute: Range) -> Option<Margin> {
    fields.required("margin", |value| {
        value.fields(|fields| {
            let margin = Margin {
                ratio: fields.nullable("ratio", |value| value.number(ratio)),
                absolute: fields.nullable("absolute", |value| value.number(absolute)),
            };
            let given = |name| fields.find(name).is_some_and(|value| !value.is_null());
            if given("ratio") || given("absolute") {
                // A wrong one has been reported.
                (margin != Margin { ratio: None, absolute: None }).then_some(margin)
            } else {
                value.refuse("has neither a ratio nor an absolute", "ratio, absolute, or both")
            }
        })
    })
}

impl Draft {
    /// The labels it waits for.
    pub(super) fn labels(&self) -> Option<Labels<'_>> {
        match &self.rule {
            DraftRule::Built(rule) => rule.labels(),
            DraftRule::Prometheus { .. } => None,
        }
    }

    /// How late its labels may come.
    pub(super) fn late_by(&self) -> Duration {
        self.labels().map_or(Duration::ZERO, |labels| labels.late_by)
    }

    /// Whether a gate can pass by it. Drift is found or not, and neither is health.
    pub(super) const fn passes(&self) -> bool {
        !matches!(self.rule, DraftRule::Built(Rule::Drift { .. }))
    }

    /// Whether both are the same running test, which one name must be in all stages.
    pub(super) fn same_test(&self, other: &Self) -> bool {
        match (&self.rule, &other.rule) {
            (DraftRule::Built(a), DraftRule::Built(b)) => a.same_test(b),
            (DraftRule::Prometheus { query: a, .. }, DraftRule::Prometheus { query: b, .. }) => {
                a == b
            }
            (DraftRule::Built(_) | DraftRule::Prometheus { .. }, _) => false,
        }
    }
}
