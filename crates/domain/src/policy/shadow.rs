//! `shadow`: how copies of live requests are answered and compared.

use super::fault::Spot;
use super::fields::Fields;
use super::limits::{DAY, MINUTE, from};
use super::quantity::{TOLERANCE, UNIT, show_duration};
use super::traffic::key_source;
use super::value::Value;
use crate::Share;
use crate::plan::{
    Compare, CompareBy, Effect, NoiseFloor, OnDivergence, PairedLabels, Shadow, ShadowSlice,
    Sharing,
};
use std::time::Duration;

pub(super) fn shadow(fields: &Fields<'_>) -> Shadow {
    let floor = [("incumbent", NoiseFloor::Incumbent), ("off", NoiseFloor::Off)];
    let fail = [("pause", OnDivergence::Pause), ("reject", OnDivergence::Reject)];
    let min_duration = fields.or("minDuration", 30 * MINUTE, |value| value.duration(from(0)));
    let max_duration = fields.or("maxDuration", DAY, |value| value.duration(from(1)));
    ordered(fields, min_duration, max_duration);
    let noise_floor = fields.or("noiseFloor", NoiseFloor::Incumbent, |value| value.choice(&floor));
    Shadow {
        latency: fields.section("pairedLatency", |fields| paired_latency(fields, noise_floor)),
        labels: fields.section("labels", labels),
        sharing: Sharing::Parts,
        noise_floor,
        mirror: fields.or("mirror", Share::FULL, |value| value.share(1..=10_000)),
        max_in_flight: fields.or("maxInFlight", 64, |value| value.count(1..=65_536)),
        queue_bytes: fields.or("queueBytes", 64 << 20, |value| value.size(1 << 10..=64 << 30)),
        compare: fields.or("compare", standard(), rules),
        slices: fields.or("slices", Vec::new(), |value| value.list(slice)),
        min_duration,
        min_requests: fields.or("minRequests", 1000, |value| value.whole(1..=1_000_000_000)),
        max_duration,
        on_fail: fields.or("onFail", OnDivergence::Pause, |value| value.choice(&fail)),
    }
}

/// Refuses a stage that would be over before it may be left.
pub(super) fn ordered(fields: &Fields<'_>, min: Duration, max: Duration) {
    if min > max {
        let given = fields.find("minDuration").or_else(|| fields.find("maxDuration"));
        let spot: Spot = given.map_or_else(|| fields.spot.clone(), |value| value.spot);
        let (min, max) = (show_duration(min), show_duration(max));
        let what = format!("minDuration {min} is longer than maxDuration {max}");
        fields.report.refuse(&spot, what, Some("minDuration up to maxDuration".to_owned()));
    }
}

fn effect(fields: &Fields<'_>) -> Effect {
    let enforce = [("true", Effect::Enforces), ("false", Effect::Warns)];
    fields.or("enforce", Effect::Warns, |value| value.choice(&enforce))
}

/// Both answers are timed where the incumbent is asked a second time: else they differ by how they are
/// asked.
fn paired_latency(fields: &Fields<'_>, noise_floor: NoiseFloor) -> Effect {
    let effect = effect(fields);
    if (effect, noise_floor) == (Effect::Enforces, NoiseFloor::Off) {
        let what = "without a noise floor the incumbent is never timed as the candidate is";
        let allowed = Some("noiseFloor: incumbent".to_owned());
        fields.report.refuse(&fields.spot_of("enforce"), what, allowed);
    }
    effect
}

fn labels(fields: &Fields<'_>) -> Option<PairedLabels> {
    let metric = fields.nullable("metric", Value::word);
    let output = fields.or("output", "*".to_owned(), |value| value.text(128).map(str::to_owned));
    let effect = effect(fields);
    if metric.is_none() && effect == Effect::Enforces {
        let what = "no label can be enforced without the metric that tells it";
        fields.report.refuse(&fields.spot_of("enforce"), what, Some("metric: NAME".to_owned()));
    }
    metric.map(|metric| PairedLabels { metric, output, effect })
}

/// The defaults; a list in the file replaces them.
fn standard() -> Vec<Compare> {
    let all = |by| Compare { output: "*".to_owned(), by };
    vec![
        all(CompareBy::Class { max_disagreement: 0.25 }),
        all(CompareBy::Numeric { rtol: 0.01, atol: 0.0, max_exceed: 0.25 }),
    ]
}

fn rules(value: &Value<'_>) -> Option<Vec<Compare>> {
    if value.is_empty_list() {
        return value.refuse("compares nothing: no data is never a pass", "at least one rule");
    }
    value.list(|item| item.fields(compare))
}

#[derive(Debug, Clone, Copy)]
enum By {
    Class,
    Numeric,
}

fn compare(fields: &Fields<'_>) -> Option<Compare> {
    let kinds = [("class", By::Class), ("numeric", By::Numeric)];
    let output = fields.or("output", "*".to_owned(), |value| value.text(256).map(str::to_owned));
    let by = match fields.kind("by", &kinds)? {
        By::Class => CompareBy::Class {
            max_disagreement: fields.or("maxDisagreement", 0.25, |value| value.number(UNIT)),
        },
        By::Numeric => CompareBy::Numeric {
            rtol: fields.or("rtol", 0.01, |value| value.number(TOLERANCE)),
            atol: fields.or("atol", 0.0, |value| value.number(TOLERANCE)),
            max_exceed: fields.or("maxExceed", 0.25, |value| value.number(UNIT)),
        },
    };
    Some(Compare { output, by })
}

/// A header or parameter, or a mapping with a limit of its own.
fn slice(item: &Value<'_>) -> Option<ShadowSlice> {
    if item.is_scalar() {
        return key_source(item).map(|key| ShadowSlice { key, max_disagreement: None });
    }
    item.fields(|fields| {
        let key = fields.required("key", key_source);
        let max_disagreement = fields.nullable("maxDisagreement", |value| value.number(UNIT));
        Some(ShadowSlice { key: key?, max_disagreement })
    })
}
