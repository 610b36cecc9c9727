//! What is assumed besides errors, latencies and labels, as it is written on the command line: values
//! of a KPI, classes of answers, and slices.

use super::latency::{self, Latency, multiple, number};
use crate::cli::exit::usage;
use seatrial_domain::plan::{Plan, Rule};
use seatrial_sim::distribution::Law;
use seatrial_sim::simulate::load::{Answers, Classes, Slice, Values};
use std::fmt;

/// What is meant, where nothing that was given fits.
const SLICE: &str = "COLUMN:VALUE=PART is meant, and behind commas error-rate=, label-rate=, \
    latency=xFACTOR, kpi=xFACTOR, and each with candidate- before it: \
    client:mobile=0.3,candidate-error-rate=0.02";

/// A value of a metric or check by its name; none: of every one.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct Named<T> {
    name: Option<String>,
    value: T,
    text: String,
}

/// Classes and their parts, as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts(Vec<(String, f64)>);

/// A slice, and how it differs from all traffic.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::cli) struct SliceFlag {
    column: String,
    value: String,
    part: f64,
    error_rate: Option<f64>,
    candidate_error_rate: Option<f64>,
    label_rate: Option<f64>,
    candidate_label_rate: Option<f64>,
    latency: Option<f64>,
    candidate_latency: Option<f64>,
    kpi: Option<f64>,
    candidate_kpi: Option<f64>,
    text: String,
}

impl<T> fmt::Display for Named<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for SliceFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A KPI's values: `[METRIC=]SHAPE`.
pub(in crate::cli) fn values(text: &str) -> Result<Named<Latency>, String> {
    named(text, latency::parse_values)
}

/// What answers say: `[CHECK=]CLASS:PART,…`.
pub(super) fn classes(text: &str) -> Result<Named<Parts>, String> {
    named(text, |text| {
        let class = |class: &str| {
            let (name, part) =
                class.rsplit_once(':').ok_or("CLASS:PART,… is meant, as cat:0.7,dog:0.3")?;
            let is_known = !name.is_empty();
            let part: Option<f64> = part.parse().ok().filter(|_| is_known);
            Ok((
                name.to_owned(),
                part.ok_or_else(|| format!("{class:?} is no class with its part"))?,
            ))
        };
        text.split(',').map(class).collect::<Result<_, String>>().map(Parts)
    })
}

fn named<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Named<T>, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (Some(name.to_owned()), value),
        None => (None, text),
    };
    Ok(Named { name, value: parse(value)?, text: text.to_owned() })
}

/// A slice: `COLUMN:VALUE=PART[,error-rate=RATE…]`.
pub(in crate::cli) fn slice(text: &str) -> Result<SliceFlag, String> {
    let mut words = text.split(',');
    let (of, part) = words.next().and_then(|first| first.split_once('=')).ok_or(SLICE)?;
    let (column, value) = of.rsplit_once(':').ok_or(SLICE)?;
    let mut slice = SliceFlag {
        column: column.to_owned(),
        value: value.to_owned(),
        part: number(part)?,
        text: text.to_owned(),
        ..SliceFlag::default()
    };
    for word in words {
        let (name, value) = word.split_once('=').ok_or(SLICE)?;
        let factor = || multiple(value.strip_prefix('x').ok_or(SLICE)?);
        match name {
            "error-rate" => slice.error_rate = Some(number(value)?),
            "candidate-error-rate" => slice.candidate_error_rate = Some(number(value)?),
            "label-rate" => slice.label_rate = Some(number(value)?),
            "candidate-label-rate" => slice.candidate_label_rate = Some(number(value)?),
            "latency" => slice.latency = Some(factor()?),
            "candidate-latency" => slice.candidate_latency = Some(factor()?),
            "kpi" => slice.kpi = Some(factor()?),
            "candidate-kpi" => slice.candidate_kpi = Some(factor()?),
            _ => return Err(SLICE.to_owned()),
        }
    }
    Ok(slice)
}

impl SliceFlag {
    /// What is said of the candidate alone.
    pub(in crate::cli) fn of_the_candidate(&self) -> Option<&'static str> {
        let said = [
            ("candidate-error-rate", self.candidate_error_rate),
            ("candidate-label-rate", self.candidate_label_rate),
            ("candidate-latency", self.candidate_latency),
            ("candidate-kpi", self.candidate_kpi),
        ];
        said.into_iter().find(|(_, said)| said.is_some()).map(|(name, _)| name)
    }

    /// With what is not said of it: what is given for the incumbent holds for both versions, unless the
    /// candidate's is given too; all else is as in all traffic.
    pub(in crate::cli) fn assumed(&self, incumbent: &Answers, candidate: &Answers) -> Slice {
        let times = |law: &Law, factor: Option<f64>| {
            factor.map_or_else(|| law.clone(), |factor| law.scaled(factor))
        };
        let old = Answers {
            error_rate: self.error_rate.unwrap_or(incumbent.error_rate),
            latency: times(&incumbent.latency, self.latency),
            wanted: self.label_rate.unwrap_or(incumbent.wanted),
        };
        let latency = match self.candidate_latency {
            Some(factor) => old.latency.scaled(factor),
            None => times(&candidate.latency, self.latency),
        };
        let new = Answers {
            error_rate: self
                .candidate_error_rate
                .or(self.error_rate)
                .unwrap_or(candidate.error_rate),
            latency,
            wanted: self.candidate_label_rate.or(self.label_rate).unwrap_or(candidate.wanted),
        };
        let (column, value) = (self.column.clone(), self.value.clone());
        Slice {
            column,
            value,
            part: self.part,
            incumbent: old,
            candidate: new,
            worth: self.kpi.unwrap_or(1.0),
            candidate_worth: self.candidate_kpi,
        }
    }
}

/// The one given for this name, else the one given for all.
fn of<'a, T>(given: &'a [Named<T>], name: &str) -> Option<&'a T> {
    let own = given.iter().find(|given| given.name.as_deref() == Some(name));
    own.or_else(|| given.iter().find(|given| given.name.is_none())).map(|given| &given.value)
}

/// The values of every metric of kind KPI that something was given for. Errors: a multiple of nothing,
/// and a name that the plan does not have.
pub(in crate::cli) fn of_metrics(
    plan: &Plan,
    (old, new): (&[Named<Latency>], &[Named<Latency>]),
) -> anyhow::Result<Vec<Values>> {
    let mut metrics: Vec<String> = Vec::new();
    for check in plan.checks() {
        match &check.rule {
            Rule::Kpi { metric, .. } if !metrics.contains(metric) => metrics.push(metric.clone()),
            Rule::Kpi { .. }
            | Rule::Errors { .. }
            | Rule::Latency { .. }
            | Rule::Feedback { .. }
            | Rule::Drift { .. } => {}
        }
    }
    known("--kpi", old, ("metric of kind kpi", &metrics))?;
    known("--candidate-kpi", new, ("metric of kind kpi", &metrics))?;
    let values = |metric: String| {
        let Some(shape) = of(old, &metric) else {
            return match of(new, &metric) {
                Some(_) => Err(usage(format!("--candidate-kpi: give --kpi for {metric} as well"))),
                None => Ok(None),
            };
        };
        let law = shape.law(None).ok_or_else(|| {
            usage("--kpi: a multiple has nothing to be one of; give a shape, as lognormal:10,0.8")
        })?;
        let candidate = of(new, &metric).and_then(|shape| shape.law(Some(&law)));
        let candidate = candidate.unwrap_or_else(|| law.clone());
        Ok(Some(Values { metric, incumbent: law, candidate }))
    };
    let all: Vec<Option<Values>> = metrics.into_iter().map(values).collect::<Result<_, _>>()?;
    Ok(all.into_iter().flatten().collect())
}

/// What answers say, for every check of drift that something was given for. Errors: as [`of_metrics`].
pub(super) fn of_drift(
    plan: &Plan,
    (old, new): (&[Named<Parts>], &[Named<Parts>]),
) -> anyhow::Result<Vec<Classes>> {
    let checks: Vec<String> = plan.watches().into_iter().map(|watch| watch.check).collect();
    known("--classes", old, ("check of kind drift", &checks))?;
    known("--candidate-classes", new, ("check of kind drift", &checks))?;
    let classes = |check: String| {
        let (incumbent, candidate) = (of(old, &check), of(new, &check));
        match (incumbent, candidate) {
            (Some(Parts(incumbent)), other) => {
                let candidate = other.map_or_else(|| incumbent.clone(), |Parts(it)| it.clone());
                Ok(Some(Classes { check, incumbent: incumbent.clone(), candidate }))
            }
            (None, Some(_)) => {
                Err(usage(format!("--candidate-classes: give --classes for {check} as well")))
            }
            (None, None) => Ok(None),
        }
    };
    let all: Vec<Option<Classes>> = checks.into_iter().map(classes).collect::<Result<_, _>>()?;
    Ok(all.into_iter().flatten().collect())
}

/// Each name is one that the policy has, and is given once: of two nobody knows which is meant.
fn known<T>(
    flag: &str,
    given: &[Named<T>],
    (what, names): (&str, &[String]),
) -> anyhow::Result<()> {
    let lacks = |given: &&Named<T>| match &given.name {
        Some(name) => !names.contains(name),
        None => names.is_empty(),
    };
    let told =
        |given: &Named<T>| given.name.as_ref().map_or_else(String::new, |it| format!(" {it}"));
    if let Some(other) = given.iter().find(lacks) {
        return Err(usage(format!("{flag}: the policy has no {what}{}", told(other))));
    }
    let mut rest = given.iter();
    while let Some(one) = rest.next() {
        if rest.clone().any(|later| later.name == one.name) {
            return Err(usage(format!("{flag}: given twice{}; give each once", told(one))));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
