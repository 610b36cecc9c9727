//! `analysis` and `guardrails`: how the evidence is judged, and what the gateway judges alone.

use super::fault::Spot;
use super::fields::Fields;
use super::limits::{SECOND, within};
use super::quantity::{OPEN_UNIT, PART};
use super::slices;
use super::units;
use super::value::Value;
use crate::plan::{Analysis, AtDeadline, Guardrail, Look, OnFail, OnProviderError, OnSampleRatio};
use std::time::Duration;

/// The settings, where each check of `dryRun` is named, and what only the gates can settle.
pub(super) fn analysis(fields: &Fields<'_>) -> (Analysis, Vec<Spot>, units::Draft) {
    let provider = [
        ("hold", OnProviderError::Hold),
        ("pause", OnProviderError::Pause),
        ("rollback", OnProviderError::Rollback),
    ];
    let deadline = [("pause", AtDeadline::Pause), ("rollback", AtDeadline::Rollback)];
    let fail = [("rollback", OnFail::Rollback), ("pause", OnFail::Pause)];
    let (sample_ratio_alpha, on_sample_ratio) = fields.section("sampleRatio", sample_ratio);
    let dry_run = fields.or("dryRun", Vec::new(), |value| {
        value.list(|item| Some((item.word()?, item.spot.clone())))
    });
    let (dry_run, spots) = dry_run.into_iter().unzip();
    let analysis = Analysis {
        alpha: fields.or("alpha", 0.05, |value| value.number(OPEN_UNIT)),
        healthy_alpha: fields.or("healthyAlpha", 0.05, |value| value.number(OPEN_UNIT)),
        min_units: fields.or("minUnits", 500, |value| value.whole(1..=1_000_000_000)),
        sample_ratio_alpha,
        on_sample_ratio,
        on_provider_error: fields
            .or("onProviderError", OnProviderError::Hold, |value| value.choice(&provider)),
        at_deadline: fields.or("atDeadline", AtDeadline::Pause, |value| value.choice(&deadline)),
        on_fail: fields.or("onFail", OnFail::Rollback, |value| value.choice(&fail)),
        look: fields.section("look", look),
        dry_run,
        unit_window: Duration::ZERO,
        discard: Duration::ZERO,
        slices: fields.or("slices", Vec::new(), slices::slices),
    };
    (analysis, spots, units::units(fields))
}

fn sample_ratio(fields: &Fields<'_>) -> (f64, OnSampleRatio) {
    let fail = [("pause", OnSampleRatio::Pause), ("rollback", OnSampleRatio::Rollback)];
    let alpha = fields.or("alpha", 0.001, |value| value.number(OPEN_UNIT));
    (alpha, fields.or("onFail", OnSampleRatio::Pause, |value| value.choice(&fail)))
}

fn look(fields: &Fields<'_>) -> Look {
    let every = Duration::from_millis(100)..=Duration::from_secs(3600);
    Look {
        growth: fields.or("growth", 0.02, |value| value.number(PART)),
        every: fields.or("every", SECOND, |value| value.duration(every)),
    }
}

/// The defaults; a list in the file replaces them.
pub(super) fn standard_guardrails() -> Vec<Guardrail> {
    vec![
        Guardrail::ConsecutiveErrors { limit: 20 },
        Guardrail::ErrorRatio { limit: 0.5, min_requests: 20, window: 10 * SECOND },
        Guardrail::DeadlineExceeded { ratio: 0.1, min_requests: 20, window: 10 * SECOND },
        Guardrail::NotReady { after: 5 * SECOND },
    ]
}

pub(super) fn guardrails(value: &Value<'_>) -> Option<Vec<Guardrail>> {
    let guardrails = value.list(|item| item.fields(guardrail))?;
    for (index, guardrail) in guardrails.iter().enumerate() {
        if guardrails.iter().take(index).any(|earlier| earlier.name() == guardrail.name()) {
            return value.refuse(format!("`{}` is given twice", guardrail.name()), "each once");
        }
    }
    Some(guardrails)
}

#[derive(Debug, Clone, Copy)]
enum Name {
    ConsecutiveErrors,
    ErrorRatio,
    DeadlineExceeded,
    NotReady,
}

fn guardrail(fields: &Fields<'_>) -> Option<Guardrail> {
    let names = [
        ("consecutiveErrors", Name::ConsecutiveErrors),
        ("errorRatio", Name::ErrorRatio),
        ("deadlineExceeded", Name::DeadlineExceeded),
        ("notReady", Name::NotReady),
    ];
    let name = fields.kind("name", &names)?;
    let min_requests = || fields.or("minRequests", 20, |value| value.count(1..=1_000_000));
    // The gateway remembers this much.
    let window = || fields.or("window", 10 * SECOND, |value| value.duration(within(1, 60)));
    Some(match name {
        Name::ConsecutiveErrors => Guardrail::ConsecutiveErrors {
            limit: fields.or("limit", 20, |value| value.count(1..=1_000_000)),
        },
        Name::ErrorRatio => Guardrail::ErrorRatio {
            limit: fields.or("limit", 0.5, |value| value.number(PART)),
            min_requests: min_requests(),
            window: window(),
        },
        Name::DeadlineExceeded => Guardrail::DeadlineExceeded {
            ratio: fields.or("ratio", 0.1, |value| value.number(PART)),
            min_requests: min_requests(),
            window: window(),
        },
        Name::NotReady => Guardrail::NotReady {
            after: fields.or("after", 5 * SECOND, |value| value.duration(within(1, 3600))),
        },
    })
}
