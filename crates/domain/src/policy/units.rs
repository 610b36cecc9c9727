//! `analysis.unitWindow` and `analysis.discard`: when a unit's outcome is closed, and from when on
//! anything is counted. Both are fixed before the rollout, and the same on both arms.

use super::fault::{Report, Spot};
use super::fields::Fields;
use super::limits::{MINUTE, within};
use super::quantity::show_duration;
use crate::plan::{Analysis, Gate, Routing};
use std::time::Duration;

/// A minute: long enough for what one visit asks for, and a small part of the default durations.
const STANDARD: Duration = MINUTE;

/// As written.
#[derive(Debug)]
pub(super) struct Draft {
    spot: Spot,
    window: Option<Duration>,
    discard: Duration,
}

pub(super) fn units(fields: &Fields<'_>) -> Draft {
    Draft {
        spot: fields.spot_of("unitWindow"),
        window: fields.nullable("unitWindow", |value| value.duration(within(0, 86_400))),
        discard: fields.or("discard", Duration::ZERO, |value| value.duration(within(0, 3_600))),
    }
}

/// Settles both for the gates. Where none is written, the window is a minute, or what the shortest
/// gate leaves of it; without a key each request is a unit, closed with its answer.
pub(super) fn settle(
    analysis: &mut Analysis,
    draft: &Draft,
    (gates, routing): (&[Gate], &Routing),
    report: &Report,
) {
    let shortest = gates.iter().map(|gate| gate.min_duration).min().unwrap_or_default();
    let left = shortest.saturating_sub(draft.discard);
    let window = draft.window.unwrap_or(STANDARD.min(left));
    if draft.discard.saturating_add(draft.window.unwrap_or_default()) > shortest {
        let what = format!(
            "the shortest gate's {} are over before the first unit counts (discard {}, window {})",
            show_duration(shortest),
            show_duration(draft.discard),
            show_duration(window),
        );
        report.refuse(&draft.spot, what, Some("at most a gate's minDuration, with discard".into()));
    }
    analysis.discard = draft.discard;
    analysis.unit_window = if routing.key.is_empty() { Duration::ZERO } else { window };
}
