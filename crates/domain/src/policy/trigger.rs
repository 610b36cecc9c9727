//! `trigger`: what, set on a version, starts a rollout by itself. An alias or a tag is enough;
//! neither: only by hand.

use super::fault::{Report, Spot};
use super::fields::Fields;
use super::settle;
use super::value::Value;
use crate::rollout;
use std::collections::BTreeMap;
use std::fmt;

/// What on a version starts a rollout by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trigger {
    /// An alias that comes to point at it.
    pub alias: Option<String>,
    /// A tag it is given.
    pub tag: Option<Tag>,
}

/// A tag that is waited for. Written `key` or `key=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub key: String,
    /// None: any value.
    pub value: Option<String>,
}

impl Trigger {
    /// What of the aliases and tags that were newly set starts a rollout, in words.
    pub fn fired_by(&self, aliases: &[String], tags: &BTreeMap<String, String>) -> Option<String> {
        if let Some(alias) = self.alias.as_ref().filter(|alias| aliases.contains(alias)) {
            return Some(format!("alias {alias} was set"));
        }
        let tag = self.tag.as_ref()?;
        let value = tags.get(&tag.key)?;
        let fits = tag.value.as_ref().is_none_or(|wanted| wanted == value);
        fits.then(|| format!("tag {tag} was set"))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.key),
            None => f.write_str(&self.key),
        }
    }
}

/// The trigger, and where its alias is named.
pub(super) fn trigger(fields: &Fields<'_>) -> (Trigger, Spot) {
    let trigger =
        Trigger { alias: fields.nullable("alias", alias), tag: fields.nullable("tag", tag) };
    (trigger, fields.spot_of("alias"))
}

/// An alias that nobody can set would never start anything.
pub(super) fn refuse_own(trigger: &Trigger, spot: &Spot, cutover: &str, report: &Report) {
    let Some(alias) = trigger.alias.as_deref() else { return };
    if alias == cutover || rollout::is_role(alias) {
        let what = format!("`{alias}` is moved by rollouts alone");
        report.refuse(spot, what, Some("an alias that people set".to_owned()));
    }
}

fn alias(value: &Value<'_>) -> Option<String> {
    let alias = settle::alias(value)?;
    if alias.contains('.') {
        return value.refuse(format!("`{alias}` is no alias"), "letters, digits, `-`, `_`");
    }
    Some(alias)
}

fn tag(value: &Value<'_>) -> Option<Tag> {
    let text = value.text(256)?;
    let (key, wanted) = match text.split_once('=') {
        Some((key, wanted)) => (key, Some(wanted.to_owned())),
        None => (text, None),
    };
    if key.is_empty() {
        return value.refuse("names no tag", "KEY or KEY=VALUE");
    }
    Some(Tag { key: key.to_owned(), value: wanted })
}

#[cfg(test)]
mod tests {
    use crate::policy::{Policy, parse};

    fn policy(spec: &str) -> Result<Policy, String> {
        let yaml = format!(
            "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: p}}\n\
             spec: {{endpoint: e, {spec}}}\n"
        );
        parse(&yaml).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(spec: &str, alias: &str, tag: (&str, &str), expected: Option<&str>) {
        let policy = policy(spec).unwrap();
        let tags = [(tag.0.to_owned(), tag.1.to_owned())].into();
        let fired = policy.trigger().fired_by(&[alias.to_owned()], &tags);
        assert_eq!(fired.as_deref(), expected, "{spec}");
    }

    #[test]
    fn an_alias_fires_by_its_name() {
        check("trigger: {alias: next}", "next", ("a", "b"), Some("alias next was set"));
        check("trigger: {alias: next}", "nex", ("next", "next"), None);
    }

    #[test]
    fn a_tag_fires_by_its_key_or_by_key_and_value() {
        check("trigger: {tag: ready}", "ready", ("ready", "no"), Some("tag ready was set"));
        check("trigger: {tag: ready=yes}", "a", ("ready", "yes"), Some("tag ready=yes was set"));
        check("trigger: {tag: ready=yes}", "a", ("ready", "no"), None);
        check("trigger: {tag: ready=a=b}", "a", ("ready", "a=b"), Some("tag ready=a=b was set"));
        check("trigger: {tag: ready=}", "a", ("ready", "no"), None);
    }

    #[test]
    fn without_a_trigger_nothing_fires() {
        check("trigger: {alias: null, tag: null}", "next", ("ready", "yes"), None);
    }

    #[test]
    fn what_could_never_fire_is_refused() {
        let cases = [
            ("trigger: {alias: champion}", "moved by rollouts alone"),
            ("trigger: {alias: best}, cutover: {alias: best}", "moved by rollouts alone"),
            ("trigger: {alias: canary}", "moved by rollouts alone"),
            ("cutover: {alias: standby}", "`standby` names what a rollout keeps ready"),
            ("trigger: {alias: v3}", "already means a version"),
            ("trigger: {alias: a.b}", "is no alias"),
            ("trigger: {tag: =yes}", "names no tag"),
        ];
        for (spec, why) in cases {
            let refused = policy(spec).unwrap_err();
            assert!(refused.contains(why), "{spec}: {refused}");
        }
    }
}
