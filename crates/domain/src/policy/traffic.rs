//! `concurrency`, `windows` and `routing`: when a rollout may start and who is asked.

use super::fields::Fields;
use super::limits::{SECOND, within};
use super::value::Value;
use crate::plan::{
    Blocks, Concurrency, Fallback, KeySource, MatchRule, OnNewerVersion, OnSameArtifact,
    Quarantine, Routing, Window, WindowKind, window,
};
use crate::split::Arm;

pub(super) fn concurrency(fields: &Fields<'_>) -> Concurrency {
    let newer = [
        ("queue", OnNewerVersion::Queue),
        ("supersede", OnNewerVersion::Supersede),
        ("reject", OnNewerVersion::Reject),
    ];
    let same = [("noop", OnSameArtifact::Noop), ("rollout", OnSameArtifact::Rollout)];
    let quarantine = [("true", Quarantine::Failed), ("false", Quarantine::Off)];
    Concurrency {
        on_newer_version: fields
            .or("onNewerVersion", OnNewerVersion::Queue, |value| value.choice(&newer)),
        on_same_artifact: fields
            .or("onSameArtifact", OnSameArtifact::Noop, |value| value.choice(&same)),
        quarantine: fields
            .or("quarantineFailed", Quarantine::Failed, |value| value.choice(&quarantine)),
    }
}

pub(super) fn windows(value: &Value<'_>) -> Option<Vec<Window>> {
    value.list(|item| item.fields(|fields| freeze(item, fields)))
}

fn freeze(item: &Value<'_>, fields: &Fields<'_>) -> Option<Window> {
    let kinds = [("deny", WindowKind::Deny), ("allow", WindowKind::Allow)];
    let blocks = [("start", Blocks::Start), ("advance", Blocks::Advance)];
    let kind = fields.required("kind", |value| value.choice(&kinds));
    let schedule = fields.required("schedule", |value| value.text(100).map(str::to_owned));
    let duration = fields.required("duration", |value| value.duration(within(60, 400 * 86_400)));
    let time_zone = fields.or("timeZone", "UTC".to_owned(), |v| v.text(100).map(str::to_owned));
    let blocks = fields.or("blocks", vec![Blocks::Start, Blocks::Advance], |value| {
        let chosen = value.list(|block| block.choice(&blocks))?;
        if chosen.is_empty() {
            value.refuse("blocks nothing", "start, advance")
        } else {
            Some(chosen)
        }
    });
    let window =
        Window { kind: kind?, schedule: schedule?.into(), duration: duration?, time_zone, blocks };
    match window.check() {
        Ok(()) => Some(window),
        Err(window::Error::TimeZone(name)) => {
            let zone = fields.find("timeZone")?;
            zone.refuse(format!("{name:?} is not a known time zone"), "an IANA name, Europe/Berlin")
        }
        Err(error) => {
            let schedule = fields.find("schedule").unwrap_or_else(|| item.clone());
            schedule.refuse(error.to_string(), "minute hour day month weekday, such as 0 17 * * 5")
        }
    }
}

pub(super) fn routing(fields: &Fields<'_>) -> Routing {
    let fallback = [("true", Fallback::Incumbent), ("false", Fallback::Off)];
    Routing {
        key: fields.or("key", Vec::new(), |value| value.list(key_source)),
        rules: fields.or("match", Vec::new(), |value| value.list(|item| item.fields(match_rule))),
        ack_timeout: fields.or("ackTimeout", 30 * SECOND, |value| value.duration(within(1, 3600))),
        fallback: fields
            .or("fallbackToIncumbent", Fallback::Incumbent, |value| value.choice(&fallback)),
    }
}

/// `header:x-user-id` or `parameter:entity_id`.
pub(super) fn key_source(value: &Value<'_>) -> Option<KeySource> {
    let allowed = "header:NAME or parameter:NAME";
    match value.text(256)?.split_once(':') {
        Some(("header", name)) if header_name(name) => {
            Some(KeySource::Header(name.to_ascii_lowercase()))
        }
        Some(("parameter", name)) if !name.trim().is_empty() => {
            Some(KeySource::Parameter(name.to_owned()))
        }
        Some(_) | None => value.refuse("names no header and no parameter", allowed),
    }
}

fn match_rule(fields: &Fields<'_>) -> Option<MatchRule> {
    let arms = [("candidate", Arm::Candidate), ("incumbent", Arm::Incumbent)];
    let header = fields.required("header", |value| {
        let name = value.text(128)?;
        if header_name(name) {
            Some(name.to_ascii_lowercase())
        } else {
            value.refuse("is not a header's name", "letters, digits, `-`, `_`, `.`")
        }
    });
    let value = fields.required("value", |value| value.text(256).map(str::to_owned));
    let to = fields.or("to", Arm::Candidate, |value| value.choice(&arms));
    Some(MatchRule { header: header?, value: value?, to })
}

fn header_name(name: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.len() <= 128 && name.bytes().all(inside)
}
