//! What is told of each stage.

use super::figures::Rests;
use super::lines::{Mark, Node};
use super::visits::{self, Visit};
use super::{Detail, Seen, elapsed, figures, overlays, ranking, shadow};
use crate::api::wire::Explained;
use seatrial_domain::rollout::{Cause, StageName};
use seatrial_domain::verdict::{CheckReport, CheckVerdict, Enforced, Unit, Verdict, significant};

/// A node for each stay worth telling.
pub(super) fn of(seen: &Seen, detail: Detail) -> Vec<Node> {
    let visits = visits::of(&seen.explained.rollout, &seen.history);
    visits.iter().filter_map(|visit| node(visit, seen, detail)).collect()
}

fn node(visit: &Visit, seen: &Seen, detail: Detail) -> Option<Node> {
    let gone = visit.left.is_some();
    let told = match visit.stage {
        StageName::Queued | StageName::Staging if gone && passed_on(visit) => return None,
        StageName::Queued => {
            Node::leaf(mark(visit, seen), "queued", why(visit, "waits for its turn"))
        }
        StageName::Staging => Node::leaf(mark(visit, seen), "staging", why(visit, "loading")),
        StageName::Validating => validating(visit, seen),
        StageName::Shadow => shadowed(visit, seen, detail),
        StageName::Canary | StageName::Ramp => gate(visit, seen, detail),
        StageName::Cutover => {
            Node::leaf(mark(visit, seen), "cutover", why(visit, &visit.share.to_string()))
        }
        StageName::Stabilizing => stabilizing(visit, seen, detail),
        StageName::Decommissioning => {
            Node::leaf(mark(visit, seen), "decommissioning", why(visit, "draining the incumbent"))
        }
        StageName::RollingBack if gone => return None,
        StageName::RollingBack => Node::leaf(Mark::Running, "rolling back", reason(seen)),
        StageName::Completed => Node::leaf(Mark::Done, "completed", ""),
        StageName::Rejected
        | StageName::RolledBack
        | StageName::Aborted
        | StageName::Superseded => {
            let title = visit.stage.as_str().replace('_', " ");
            Node::leaf(Mark::Failed, title, reason(seen))
        }
    };
    Some(told)
}

/// A rollout that ends while it waits is told by its end.
fn passed_on(visit: &Visit) -> bool {
    visit.passed() || visit.stage == StageName::Queued
}

fn mark(visit: &Visit, seen: &Seen) -> Mark {
    match (&visit.left, visit.passed()) {
        (Some(_), true) => Mark::Done,
        (Some(_), false) => Mark::Failed,
        (None, _) if overlays(&seen.explained.rollout).is_empty() => Mark::Running,
        (None, _) => Mark::Warning,
    }
}

/// What is said while it is there; nothing once it passed; the cause where it failed.
fn why(visit: &Visit, meanwhile: &str) -> String {
    match &visit.left {
        None => meanwhile.to_owned(),
        Some(_) if visit.passed() => String::new(),
        Some(entry) => entry.cause.in_words(),
    }
}

fn reason(seen: &Seen) -> String {
    seen.explained.rollout.reason.clone().unwrap_or_default()
}

fn validating(visit: &Visit, seen: &Seen) -> Node {
    let passed = visits::entries(&seen.history).find(|entry| entry.event == "validated");
    match passed {
        Some(entry) => Node::leaf(mark(visit, seen), "validated", entry.cause.in_words()),
        None => {
            Node::leaf(mark(visit, seen), "validating", why(visit, "holdout and contract tests"))
        }
    }
}

fn shadowed(visit: &Visit, seen: &Seen, detail: Detail) -> Node {
    let found = seen.explained.shadow.as_ref();
    let plan = &seen.explained.rollout.plan;
    let findings = found.map(|counts| shadow::findings(plan, counts)).unwrap_or_default();
    let plain = mark(visit, seen);
    let mark = if findings.diverges && plain != Mark::Failed { Mark::Warning } else { plain };
    let mut text = findings.text;
    if visit.left.is_some() && !visit.passed() {
        text = format!("{text}   {}", why(visit, ""));
    }
    let node = Node::leaf(mark, "shadow", text.trim());
    // Watched, its findings are told in the line above.
    let told = verdict(visit, seen).filter(|_| detail == Detail::Figures);
    let children = told.map(|told| figures::of(told, rests(told, visit, seen)));
    Node { children: children.unwrap_or_default(), ..node }
}

fn gate(visit: &Visit, seen: &Seen, detail: Detail) -> Node {
    let title = format!("{} {}", visit.stage, visit.share);
    let verdict = verdict(visit, seen);
    let units = verdict.map(|verdict| units(visit, verdict, seen, detail));
    let mut node = Node::leaf(mark(visit, seen), title, units.unwrap_or_default());
    match (&visit.left, verdict) {
        (Some(_), _) if visit.passed() && detail == Detail::Values => {}
        // The checks below say why.
        (Some(_) | None, Some(verdict)) => node.children = checks(verdict, visit, seen, detail),
        (Some(_), None) if visit.passed() => {}
        (Some(entry), None) => node.cells = vec![entry.cause.in_words()],
        (None, None) => {}
    }
    node
}

/// `610 units`; in figures, what the gate there is waits for as well.
fn units(visit: &Visit, verdict: &Verdict, seen: &Seen, detail: Detail) -> String {
    let Seen { explained: Explained { rollout, now, .. }, .. } = seen;
    let units = verdict.units.candidate;
    match (detail, &visit.left, rollout.gate_index().and_then(|index| rollout.gate(index))) {
        (Detail::Figures, None, Some(gate)) => format!(
            "{units} of {} units, {} of {}",
            rollout.plan.analysis.min_units,
            elapsed(rollout.counted(*now)),
            elapsed(gate.min_duration)
        ),
        (Detail::Figures | Detail::Values, _, _) => format!("{units} units"),
    }
}

fn stabilizing(visit: &Visit, seen: &Seen, detail: Detail) -> Node {
    let control = seen.explained.rollout.plan.stability.holdback;
    if control == seatrial_domain::Share::ZERO {
        return Node::leaf(mark(visit, seen), "stabilizing", why(visit, "no live control"));
    }
    let held_back = why(visit, &format!("holdback {control}"));
    let mut node = Node::leaf(mark(visit, seen), "stabilizing", held_back);
    if visit.left.is_none() {
        node.children = verdict(visit, seen)
            .map(|found| checks(found, visit, seen, detail))
            .unwrap_or_default();
    }
    node
}

/// The verdict on which it was left; while it is there, the one of this moment.
fn verdict<'a>(visit: &'a Visit, seen: &'a Seen) -> Option<&'a Verdict> {
    match &visit.left {
        None => seen.explained.verdict.as_ref(),
        Some(entry) => match &entry.cause {
            Cause::Verdict { verdict } => Some(verdict),
            Cause::Said { .. } | Cause::Guardrail { .. } => None,
        },
    }
}

fn checks(verdict: &Verdict, visit: &Visit, seen: &Seen, detail: Detail) -> Vec<Node> {
    let mut told: Vec<Node> = match detail {
        Detail::Values => verdict.checks.iter().map(check).collect(),
        Detail::Figures => figures::of(verdict, rests(verdict, visit, seen)),
    };
    told.extend(ranking::of(verdict));
    told
}

/// What the server tells beside the verdict it explains: the one of this moment, or the last one.
fn rests<'a>(verdict: &Verdict, visit: &Visit, seen: &'a Seen) -> Rests<'a> {
    let Explained { accounts, trust, .. } = &seen.explained;
    if visit.left.is_none() || seen.explained.verdict.as_ref() == Some(verdict) {
        Rests { accounts, trust: Some(trust) }
    } else {
        Rests { accounts: &[], trust: None }
    }
}

fn check(report: &CheckReport) -> Node {
    let mut values = values(report);
    if report.unit == Unit::Milliseconds && !report.limit.is_empty() {
        values = format!("{values}, {}", report.limit);
    }
    Node {
        mark: Mark::None,
        title: report.metric.clone(),
        cells: vec![values, state(report)],
        children: Vec::new(),
    }
}

/// `84.4 % vs 91.0 %`
pub(super) fn values(report: &CheckReport) -> String {
    let value = |value: Option<f64>| match (value, report.unit) {
        (None, _) => "-".to_owned(),
        (Some(value), Unit::Ratio) => format!("{:.1} %", value * 100.0),
        (Some(value), Unit::Milliseconds) => format!("{value:.1} ms"),
        (Some(value), Unit::Own) => significant(value),
    };
    format!("{} vs {}", value(report.candidate), value(report.incumbent))
}

/// What is decided, or how far it is from that.
pub(super) fn state(report: &CheckReport) -> String {
    let state = match (report.verdict, report.units_needed) {
        (CheckVerdict::Pass, _) => "healthy".to_owned(),
        (CheckVerdict::Fail, _) => format!("fails: {}", report.limit),
        (CheckVerdict::Error, _) => "cannot be computed".to_owned(),
        (CheckVerdict::Inconclusive, None) if report.only_fails() => "not found".to_owned(),
        (CheckVerdict::Inconclusive, None) => "deciding".to_owned(),
        (CheckVerdict::Inconclusive, Some(units)) => {
            format!("deciding, about {units} units to go")
        }
    };
    let dry = match report.enforced {
        Enforced::Yes => "",
        Enforced::DryRun => " (dry run)",
    };
    format!("{state}{dry}")
}
