//! `staging` and `validation`: what is proved before any live request is copied.

use super::fields::Fields;
use super::limits::{MINUTE, from, millis, within};
use super::quantity::{TOLERANCE, UNIT};
use super::value::Value;
use crate::VersionNumber;
use crate::ids::DatasetName;
use crate::plan::{Command, Contract, Holdout, Metric, MetricName, Slice, Staging, Switch};
use std::ops::Bound;
use std::time::Duration;

pub(super) fn staging(fields: &Fields<'_>) -> Staging {
    Staging {
        replicas: fields.or("replicas", 1, |value| value.count(1..=64)),
        warmup: fields.or("warmup", 100, |value| value.count(0..=1_000_000)),
        timeout: fields.or("timeout", 15 * MINUTE, |value| value.duration(within(1, 86_400))),
    }
}

/// `validation` as a whole.
#[derive(Debug)]
pub(super) struct Validation {
    pub(super) holdout: Holdout,
    pub(super) contract: Contract,
    pub(super) command: Option<Command>,
    pub(super) timeout: Duration,
}

pub(super) fn validation(fields: &Fields<'_>) -> Validation {
    Validation {
        holdout: fields.section("holdout", holdout),
        contract: fields.section("contract", contract),
        command: fields.nullable("command", |value| value.word().map(Command)),
        timeout: fields.or("timeout", 15 * MINUTE, |value| value.duration(from(1))),
    }
}

fn holdout(fields: &Fields<'_>) -> Holdout {
    let standard = vec![Metric { name: MetricName::Accuracy, min: None, max_drop: Some(0.03) }];
    Holdout {
        dataset: fields.nullable("dataset", dataset),
        metrics: fields.or("metrics", standard, |value| value.list(|item| item.fields(metric))),
        slices: fields.or("slices", Vec::new(), |value| value.list(slice)),
        expected: fields.nullable("expected", dataset),
        rtol: fields.or("rtol", 1e-5, |value| value.number(TOLERANCE)),
        atol: fields.or("atol", 1e-6, |value| value.number(TOLERANCE)),
    }
}

fn metric(fields: &Fields<'_>) -> Option<Metric> {
    let names = [
        ("accuracy", MetricName::Accuracy),
        ("f1", MetricName::F1),
        ("rocAuc", MetricName::RocAuc),
        ("logLoss", MetricName::LogLoss),
        ("rmse", MetricName::Rmse),
        ("mae", MetricName::Mae),
    ];
    let name = fields.required("name", |value| value.choice(&names));
    let any = (Bound::Included(0.0), Bound::Included(1e12));
    let range = match name {
        Some(MetricName::Accuracy | MetricName::F1 | MetricName::RocAuc) => UNIT,
        Some(MetricName::LogLoss | MetricName::Rmse | MetricName::Mae) | None => any,
    };
    let min = fields.nullable("min", |value| value.number(range));
    let max_drop = fields.nullable("maxDrop", |value| value.number(range));
    Some(Metric { name: name?, min, max_drop })
}

/// A column, or a mapping with a limit of its own.
fn slice(item: &Value<'_>) -> Option<Slice> {
    let column = |value: &Value<'_>| value.text(256).map(str::to_owned);
    if item.is_scalar() {
        return column(item).map(|column| Slice { column, max_drop: None });
    }
    item.fields(|fields| {
        let name = fields.required("column", column);
        let max_drop = fields.nullable("maxDrop", |value| value.number(TOLERANCE));
        Some(Slice { column: name?, max_drop })
    })
}

fn contract(fields: &Fields<'_>) -> Contract {
    let switches = [("true", Switch::On), ("false", Switch::Off)];
    let switch = |name| fields.or(name, Switch::On, |value| value.choice(&switches));
    let budget = Duration::from_millis(1)..=Duration::from_secs(3600);
    Contract {
        golden: fields.nullable("golden", dataset),
        batch_invariance: switch("batchInvariance"),
        determinism: switch("determinism"),
        malformed: switch("malformed"),
        concurrency: fields.or("concurrency", 8, |value| value.count(1..=1024)),
        latency_p99_ms: fields.nullable("latencyP99", |value| value.duration(budget).map(millis)),
        memory_bytes: fields.nullable("memory", |value| value.size(1..=1 << 50)),
    }
}

/// `name@version` of a pushed dataset; never a path.
fn dataset(value: &Value<'_>) -> Option<String> {
    let text = value.text(256)?;
    let named = text.split_once('@').is_some_and(|(name, version)| {
        DatasetName::new(name).is_ok() && version.parse::<VersionNumber>().is_ok()
    });
    if named {
        Some(text.to_owned())
    } else {
        value.refuse(format!("{text:?} is not a dataset"), "NAME@VERSION of a pushed dataset")
    }
}
