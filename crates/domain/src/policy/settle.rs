//! `approval` and everything from `cutover` on: how the candidate takes over, and how the
//! incumbent stands by and leaves.

use super::fields::Fields;
use super::limits::{DAY, HOUR, MINUTE, SECOND, from, within};
use super::value::Value;
use crate::plan::{
    Approval, Artifacts, Cutover, Decommission, NeedsApproval, Notice, Standby, StandbyMode,
};
use crate::rollout;
use std::time::Duration;

/// The approval, and the roles asked for.
pub(super) fn approval(fields: &Fields<'_>) -> (Approval, Vec<String>) {
    if let Some(forbid) = fields.find("forbidAuthor")
        && forbid.choice(&[("true", Forbid::Author), ("false", Forbid::Nobody)])
            == Some(Forbid::Author)
    {
        let what = "actors are not verified until authentication exists";
        let _: Option<()> = forbid.refuse(what, "false");
    }
    let roles = fields.or("roles", vec!["approver".to_owned()], |value| value.list(Value::word));
    let approval = Approval {
        count: fields.or("count", 1, |value| value.count(1..=16)),
        expires_after: fields.or("expiresAfter", DAY, |value| value.duration(from(1))),
    };
    (approval, roles)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forbid {
    Author,
    Nobody,
}

pub(super) fn cutover(fields: &Fields<'_>) -> Cutover {
    Cutover {
        drain_timeout: fields
            .or("drainTimeout", 60 * SECOND, |value| value.duration(within(0, 3600))),
        alias: fields.or("alias", "champion".to_owned(), serving_alias),
    }
}

/// An alias for what the endpoint serves.
fn serving_alias(value: &Value<'_>) -> Option<String> {
    let alias = alias(value)?;
    let means = match alias.as_str() {
        rollout::CANARY => "what a rollout tries",
        rollout::STANDBY => "what a rollout keeps ready",
        _ => return Some(alias),
    };
    value.refuse(format!("`{alias}` names {means}"), "any other name")
}

/// A name that no version has.
pub(super) fn alias(value: &Value<'_>) -> Option<String> {
    let alias = value.word()?;
    let number = alias.strip_prefix(['v', 'V']).unwrap_or("");
    let version = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if version || alias.eq_ignore_ascii_case("latest") {
        value.refuse(format!("`{alias}` already means a version"), "any other name")
    } else {
        Some(alias)
    }
}

pub(super) fn standby(fields: &Fields<'_>) -> Standby {
    let modes = [("hot", StandbyMode::Hot), ("cold", StandbyMode::Cold)];
    let (keep, keep_versions) = fields.section("keep", |keep| {
        let duration = keep.or("duration", 3 * DAY, |value| value.duration(from(0)));
        (duration, keep.or("versions", 3, |value| value.count(0..=1000)))
    });
    Standby {
        mode: fields.or("mode", StandbyMode::Hot, |value| value.choice(&modes)),
        probe_every: fields.or("probeEvery", MINUTE, |value| value.duration(within(1, 86_400))),
        rollback_objective: fields.or("rollbackObjective", 5 * SECOND, |value| {
            value.duration(Duration::from_millis(100)..=HOUR)
        }),
        keep,
        keep_versions,
    }
}

pub(super) fn decommission(fields: &Fields<'_>) -> Decommission {
    let approval = [("true", NeedsApproval::Yes), ("false", NeedsApproval::No)];
    let artifacts = [("true", Artifacts::Keep), ("false", Artifacts::Release)];
    Decommission {
        approval: fields.or("requireApproval", NeedsApproval::No, |value| value.choice(&approval)),
        drain_timeout: fields
            .or("drainTimeout", 60 * SECOND, |value| value.duration(within(0, 3600))),
        artifacts: fields.or("keepArtifacts", Artifacts::Keep, |value| value.choice(&artifacts)),
        keep_evidence: fields
            .or("keepEvidence", 400 * DAY, |value| value.duration(within(86_400, 4000 * 86_400))),
    }
}

/// How long a failed candidate stays loaded for debugging.
pub(super) fn keep_candidate(fields: &Fields<'_>) -> Duration {
    fields.or("keepCandidate", 30 * MINUTE, |value| value.duration(from(0)))
}

/// What people want to hear about, and whom to tell.
pub(super) fn notifications(fields: &Fields<'_>) -> (Vec<Notice>, Vec<String>) {
    let notices = [
        ("started", Notice::Started),
        ("awaiting_approval", Notice::AwaitingApproval),
        ("paused", Notice::Paused),
        ("rolled_back", Notice::RolledBack),
        ("completed", Notice::Completed),
    ];
    let all = notices.map(|(_, notice)| notice).into();
    let on = fields.or("on", all, |value| value.list(|item| item.choice(&notices)));
    let target = |item: &Value<'_>| item.text(1024).map(str::to_owned);
    (on, fields.or("to", Vec::new(), |value| value.list(target)))
}
