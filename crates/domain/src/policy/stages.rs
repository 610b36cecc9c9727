//! `canary`, `ramp` and `stability`: the constant shares on the way to the whole, and what is
//! checked at each.

use super::checks::{Draft, checks};
use super::fault::{Report, Spot};
use super::fields::Fields;
use super::limits::{DAY, HOUR, MINUTE, from};
use super::quantity::show_duration;
use super::shadow::ordered;
use super::weights::Weights;
use crate::Share;
use crate::plan::{Gate, GateMode};
use std::time::Duration;

/// From 0.01 to 99 %: below is nothing, above is cutover.
const SHARES: std::ops::RangeInclusive<u64> = 1..=9_900;

/// A stage as written.
#[derive(Debug)]
pub(super) struct Stage {
    spot: Spot,
    share_spot: Spot,
    share: Share,
    min_duration: Duration,
    max_duration: Duration,
    mode: GateMode,
    /// Its own checks; none: the inherited ones.
    checks: Option<Vec<Draft>>,
}

/// The stage's values where the file has none.
struct Standard {
    share: u16,
    min_duration: Duration,
    max_duration: Duration,
}

pub(super) fn canary(fields: &Fields<'_>) -> Stage {
    let standard = Standard { share: 500, min_duration: 30 * MINUTE, max_duration: DAY };
    stage(fields, &standard)
}

/// The canary's gate and each of the ramp, in the file's order.
pub(super) fn ramp(fields: &Fields<'_>) -> Vec<Stage> {
    let listed = fields.find("ramp").and_then(|value| {
        value.list(|item| {
            item.fields(|fields| {
                // Steps have no default share.
                let share = fields.required("share", |value| Some(value.spot.clone()));
                let stage = stage(fields, &step(0, 15));
                share.map(|_| stage)
            })
        })
    });
    listed.unwrap_or_else(|| {
        let spot = fields.spot_of("ramp");
        let default = |(share, minutes)| {
            stage(&Fields::new(&[], spot.clone(), fields.report), &step(share, minutes))
        };
        [(1_000, 15), (2_500, 15), (5_000, 30)].map(default).into()
    })
}

fn step(share: u16, minutes: u32) -> Standard {
    Standard { share, min_duration: minutes * MINUTE, max_duration: 12 * HOUR }
}

fn stage(fields: &Fields<'_>, standard: &Standard) -> Stage {
    let modes = [
        ("auto", GateMode::Auto),
        ("approval", GateMode::Approval),
        ("auto+approval", GateMode::AutoAndApproval),
    ];
    let share = Share::new(standard.share).unwrap_or(Share::ZERO);
    let duration = |name, default| fields.or(name, default, |value| value.duration(from(0)));
    let min_duration = duration("minDuration", standard.min_duration);
    let max_duration =
        fields.or("maxDuration", standard.max_duration, |value| value.duration(from(1)));
    ordered(fields, min_duration, max_duration);
    Stage {
        spot: fields.spot.clone(),
        share_spot: fields.spot_of("share"),
        share: fields.or("share", share, |value| value.share(SHARES)),
        min_duration,
        max_duration,
        mode: fields.or("gate", GateMode::Auto, |value| value.choice(&modes)),
        checks: fields.find("checks").and_then(|value| checks(&value)),
    }
}

impl Stage {
    pub(super) const fn min_duration(&self) -> Duration {
        self.min_duration
    }

    /// Its own checks, or those it inherits.
    pub(super) fn checks<'d>(&'d self, inherited: &'d [Draft]) -> &'d [Draft] {
        self.checks.as_deref().unwrap_or(inherited)
    }

    pub(super) fn gate(&self, inherited: &[Draft], weights: &Weights<'_>) -> Gate {
        Gate {
            share: self.share,
            min_duration: self.min_duration,
            max_duration: self.max_duration,
            mode: self.mode,
            checks: weights.apply(self.checks(inherited)),
        }
    }

    /// Refuses a gate that may pass before its labels can have come.
    pub(super) fn await_labels(&self, inherited: &[Draft], report: &Report) {
        await_labels(&self.spot, self.min_duration, self.checks(inherited), report);
        let checks = self.checks(inherited);
        if !checks.iter().any(Draft::passes) {
            let what = match checks {
                [] => "has no check: no data is never a pass",
                [_, ..] => "has only checks of drift, by which nothing passes",
            };
            let allowed =
                Some("at least one check in each gate, of another kind than drift".into());
            report.refuse(&self.spot, what, allowed);
        }
    }
}

/// Refuses dry runs that leave a gate nothing to pass by. A person's gate needs no check to hold.
pub(super) fn enforced(
    stages: &[Stage],
    inherited: &[Draft],
    (dry_run, spots): (&[String], &[Spot]),
    report: &Report,
) {
    let is_dry = |draft: &Draft| dry_run.contains(&draft.name) || !draft.passes();
    let left_without = |stage: &&Stage| {
        stage.mode != GateMode::Approval && stage.checks(inherited).iter().all(is_dry)
    };
    let mut without: Vec<_> = stages.iter().filter(left_without).collect();
    without.dedup_by(|a, b| a.spot == b.spot);
    let Some((spot, paths)) = spots.last().zip(paths(&without)) else { return };
    let what = format!("leaves {paths} no check that is enforced: it would never pass");
    report.refuse(spot, what, Some("all but one check of a gate".to_owned()));
}

fn paths(stages: &[&Stage]) -> Option<String> {
    let paths: Vec<_> = stages.iter().map(|stage| stage.spot.path.as_str()).collect();
    (!paths.is_empty()).then(|| paths.join(", "))
}

/// Refuses a stage that is shorter than its labels are late.
pub(super) fn await_labels(spot: &Spot, stage: Duration, drafts: &[Draft], report: &Report) {
    for draft in drafts.iter().filter(|draft| stage < draft.late_by()) {
        let (stage, late) = (show_duration(stage), show_duration(draft.late_by()));
        let what = format!("{stage} are over before the labels of `{}` come ({late})", draft.name);
        report.refuse(spot, what, Some(format!("a minimum duration from {late}")));
    }
}

/// Refuses shares that do not rise; `last` is what cutover leaves to the candidate.
pub(super) fn rising(stages: &[Stage], last: Share, report: &Report) {
    let pairs = stages.iter().zip(stages.iter().skip(1));
    for (before, after) in pairs.filter(|(before, after)| after.share <= before.share) {
        let what = format!("{} does not rise above the {} before", after.share, before.share);
        report.refuse(&after.share_spot, what, Some(format!("above {}", before.share)));
    }
    for stage in stages.iter().filter(|stage| stage.share > last) {
        let what = format!("{} is above what the holdback leaves at cutover", stage.share);
        report.refuse(&stage.share_spot, what, Some(format!("at most {last}")));
    }
}
