//! Verdicts that an earlier version journalled, derived again by this one.
//!
//! `equal_weights.json` holds the plan and two looks of a rollout as they were stored while errors and
//! labels were bet on with equal weights (before docs/adr/0017).

use super::bench::Bench;
use crate::past::{Outcome, Past, Planned};
use seatrial_domain::rollout::Cause;
use seatrial_store::journal::{Filter, Row};
use seatrial_store::page::Request;
use serde::Deserialize;
use serde_json::{Value, json};

const STORED: &str =
    include_str!("../../../crates/domain/tests/fixtures/replay/equal_weights.json");

#[derive(Deserialize)]
struct Stored {
    plan_hash: String,
    plan: Value,
    looks: Vec<Look>,
}

#[derive(Deserialize)]
struct Look {
    evidence: Value,
    verdict: Value,
}

/// A row of any event, whose columns are otherwise those of the version before.
async fn any_row() -> Row {
    let bench = Bench::new().await;
    let stored = Box::pin(bench.voyage(|_| {})).await;
    let filter = Filter { rollout: Some(stored.rollout.id), ..Filter::default() };
    bench.store.journal(&filter, &Request::first(1)).await.unwrap().items.remove(0)
}

#[tokio::test]
async fn a_verdict_reached_with_other_weights_is_told_by_its_judge_and_its_numbers_alone() {
    let stored: Stored = serde_json::from_str(STORED).unwrap();
    let mut row = any_row().await;
    row.plan_hash = Some(stored.plan_hash.parse().unwrap());
    let turn = Row { event: "turn".to_owned(), evidence: Some(stored.plan), ..row.clone() };
    let planned = Planned::of(&turn);
    assert!(matches!(planned, Planned::Recorded { .. }), "its plan is read: {planned:?}");

    let mut decided = Vec::new();
    for Look { evidence, verdict } in stored.looks {
        decided.push(verdict["decision"]["kind"].clone());
        let cause = json!({"kind": "verdict", "verdict": verdict});
        let cause: Cause = serde_json::from_value(cause).unwrap();
        let judged =
            Row { event: "judged".to_owned(), evidence: Some(evidence), cause, ..row.clone() };
        let replayed = Past::of(judged).unwrap().replay(&planned);
        let Outcome::Differs(found) = replayed.outcome else { panic!("{replayed:?}") };
        let fields: Vec<_> = found.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields[0], "judge", "{fields:?}");
        let numbers = [".fail_log_e", ".fail_log_e_max", ".pass_log_e", ".units_needed"];
        let is_one = |field: &&&str| numbers.iter().any(|number| field.ends_with(number));
        let others: Vec<_> = fields[1..].iter().filter(|field| !is_one(field)).collect();
        assert!(others.is_empty(), "neither a decision nor a count is another: {others:?}");
        assert!(fields.contains(&"checks[correct].fail_log_e"), "{fields:?}");
    }
    assert_eq!(decided, [json!("pass"), json!("fail")]);
}
