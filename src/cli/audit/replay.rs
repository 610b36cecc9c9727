//! `audit replay`: whether every verdict of a rollout follows from what the journal says it rested on.

use super::super::client::segment;
use super::super::rollout::{Target, resolve};
use super::super::table;
use super::{Context, Exit};
use crate::api::wire::{Chain, Replay, ReplayedVerdict};
use seatrial_domain::replay::Difference;
use serde_json::Value;

pub(super) async fn run(target: &Target, context: &Context) -> anyhow::Result<Exit> {
    let id = resolve(target, context).await?;
    let client = context.client()?;
    let mut all = Replay { chain: None, verdicts: Vec::new(), next: None };
    loop {
        let cursor = all.next.map(|next| format!("?cursor={}", segment(&next)));
        let path = format!("/audit/replay/{id}{}", cursor.unwrap_or_default());
        let page: Replay = client.get(&path).await?;
        all.chain = all.chain.or(page.chain);
        all.verdicts.extend(page.verdicts);
        all.next = page.next;
        if all.next.is_none() {
            break;
        }
    }
    context.output.show(&all, told)?;
    Ok(exit(&all))
}

/// What was shown to differ is graver than what was not shown.
fn exit(replay: &Replay) -> Exit {
    let any = |outcome: &str| replay.verdicts.iter().any(|verdict| verdict.outcome == outcome);
    let broken = replay.chain.as_ref().is_none_or(|chain| !chain.verified);
    if broken || any("differs") {
        Exit::Internal
    } else if any("not_recorded") || any("unreadable") {
        Exit::Inconclusive
    } else {
        Exit::Success
    }
}

fn told(replay: &Replay) -> String {
    let row = |verdict: &ReplayedVerdict| {
        let outcome = match (&verdict.why, verdict.outcome.as_str()) {
            (Some(why), "unreadable") => format!("this version cannot read it: {why}"),
            (Some(why), _) => format!("not recorded: {why}"),
            (None, outcome) => outcome.to_owned(),
        };
        [
            verdict.seq.to_string(),
            verdict.at.clone(),
            verdict.step.clone(),
            verdict.said.clone(),
            outcome,
        ]
    };
    let rows = replay.verdicts.iter().map(row).collect::<Vec<_>>();
    let mut lines = vec![table::render(["seq", "at", "step", "verdict", "replay"], &rows)];
    for verdict in &replay.verdicts {
        let of_row = |difference: &Difference| {
            let Difference { field, recorded, derived } = difference;
            let (recorded, derived) = (shown(recorded), shown(derived));
            format!("row {}: {field} is recorded as {recorded}, derived as {derived}", verdict.seq)
        };
        lines.extend(verdict.differences.iter().map(of_row));
    }
    lines.extend(other_judge(replay).map(str::to_owned));
    lines.push(summary(replay));
    lines.join("\n")
}

/// What to do where the tests themselves are other ones than a row was judged by.
fn other_judge(replay: &Replay) -> Option<&'static str> {
    let mut differences = replay.verdicts.iter().flat_map(|verdict| &verdict.differences);
    differences.any(|difference| difference.field == "judge").then_some(
        "judge: an upgrade has changed the tests since, or somebody the row; the version that judged \
         derives its own numbers, so replay a copy of the data with that one to tell which",
    )
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// `5 verdicts: 4 agree, 1 differs; journal verified: 40 rows, head sha256:…`
fn summary(replay: &Replay) -> String {
    let count =
        |outcome: &str| replay.verdicts.iter().filter(|verdict| verdict.outcome == outcome).count();
    let outcomes = [
        ("agrees", "agree"),
        ("differs", "differ"),
        ("not_recorded", "not recorded"),
        ("unreadable", "not readable by this version"),
    ];
    let counted: Vec<String> = outcomes
        .into_iter()
        .map(|(outcome, told)| (count(outcome), told))
        .filter(|(count, _)| *count > 0)
        .map(|(count, told)| format!("{count} {told}"))
        .collect();
    let verdicts = match counted.is_empty() {
        true => "no verdict is journalled".to_owned(),
        false => format!("verdicts: {}", counted.join(", ")),
    };
    format!("{verdicts}; {}", replay.chain.as_ref().map_or_else(String::new, journal))
}

fn journal(chain: &Chain) -> String {
    let head = chain.head.as_deref().unwrap_or("-");
    match &chain.fault {
        None => format!("journal verified: {} rows, head {head}", chain.rows),
        Some(fault) => format!("journal broken: {fault}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn replayed(outcomes: &[&str], fault: Option<&str>) -> Replay {
        let verdict = |outcome: &&str| ReplayedVerdict {
            seq: 7,
            at: "2026-03-01T12:00:00.000Z".to_owned(),
            step: "canary -> ramp at 25 %".to_owned(),
            said: "every check is healthy".to_owned(),
            outcome: (*outcome).to_owned(),
            why: match *outcome {
                "not_recorded" => Some("its plan is not in the journal".to_owned()),
                "unreadable" => Some("the plan can't be read".to_owned()),
                _ => None,
            },
            differences: match *outcome {
                "differs" => vec![Difference::new("units.candidate", json!(61), json!(60))],
                _ => Vec::new(),
            },
        };
        let chain = Chain {
            verified: fault.is_none(),
            rows: 40,
            head: fault.is_none().then(|| "sha256:9f3c".to_owned()),
            fault: fault.map(str::to_owned),
        };
        let verdicts = outcomes.iter().map(verdict).collect();
        Replay { chain: Some(chain), verdicts, next: None }
    }

    #[test]
    fn only_agreement_on_a_whole_journal_is_success() {
        for (outcomes, fault, expected) in [
            (&["agrees", "agrees"][..], None, Exit::Success),
            (&[][..], None, Exit::Success),
            (&["agrees", "not_recorded"][..], None, Exit::Inconclusive),
            (&["agrees", "unreadable"][..], None, Exit::Inconclusive),
            (&["not_recorded", "differs"][..], None, Exit::Internal),
            (&["agrees"][..], Some("row 3: it is not"), Exit::Internal),
        ] {
            assert_eq!(exit(&replayed(outcomes, fault)), expected, "{outcomes:?} {fault:?}");
        }
    }

    #[test]
    fn a_difference_is_told_with_its_row_its_field_and_both_values() {
        let text = told(&replayed(&["agrees", "differs", "not_recorded"], None));
        assert!(text.contains("row 7: units.candidate is recorded as 61, derived as 60"), "{text}");
        assert!(text.contains("not recorded: its plan is not in the journal"), "{text}");
        let summary = "verdicts: 1 agree, 1 differ, 1 not recorded; journal verified: 40 rows, head sha256:9f3c";
        assert!(text.ends_with(summary), "{text}");
        let unreadable = told(&replayed(&["unreadable"], None));
        assert!(unreadable.contains("this version cannot read it: the plan can't be read"));
        assert!(unreadable.contains("verdicts: 1 not readable by this version; "), "{unreadable}");
        assert!(!text.contains("an upgrade has changed the tests"), "{text}");
        let broken = told(&replayed(&[], Some("row 3: it is not")));
        assert!(broken.ends_with("no verdict is journalled; journal broken: row 3: it is not"));
    }
    #[test]
    fn of_other_tests_it_is_said_what_tells_an_upgrade_from_a_forgery() {
        let mut replay = replayed(&["differs", "differs"], None);
        let judge = Difference::new("judge", json!("sha256:9f3c"), json!("sha256:a1b2"));
        for verdict in &mut replay.verdicts {
            verdict.differences.insert(0, judge.clone());
        }
        let text = told(&replay);
        assert!(text.contains("row 7: judge is recorded as sha256:9f3c, derived as sha256:a1b2"));
        assert_eq!(text.matches("an upgrade has changed the tests since").count(), 1, "{text}");
        assert_eq!(exit(&replay), Exit::Internal, "nothing is shown of it by this version");
    }
}
