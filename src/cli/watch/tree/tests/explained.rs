//! What `explain` tells of every kind of verdict: the same in words and in JSON.
//!
//! The verdicts are those of the real judge on evidence that is given, and what they lead to is the real
//! rollout's. A case names what only its kind tells; what every kind tells is checked of all.

mod cases;
mod evidence;

use super::*;
use cases::*;
use evidence::*;
use seatrial_domain::evidence::Evidence;
use seatrial_domain::judge::Judge;
use seatrial_domain::looks::Subject;
use seatrial_domain::rollout::Hold;
use seatrial_domain::telemetry::{BadOf, Trip, TripKind};
use serde_json::Value;
use std::sync::Arc;

/// A rollout in its canary for a minute, or in its shadow, and what is explained of it.
fn told(case: &Case) -> (Value, String) {
    let yaml = format!(
        "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: quick}}\n\
         spec: {{endpoint: digits, {}, {GATES}, {SHADOW}}}\n",
        case.spec
    );
    let mut story = Story::of(&yaml);
    let subject = if case.evidence.gates.is_empty() {
        story.reach_shadow();
        Subject::Shadow
    } else {
        story.reach_canary();
        Subject::Gate(seatrial_domain::evidence::GateIndex(0))
    };
    story.now = story.now.plus(Duration::from_secs(60));
    let judge = Judge::new(&story.rollout.plan).unwrap();
    let verdict = judge.look(subject, &case.evidence);
    let under_way = Some(story.rollout.under_way(story.now));
    story.accounts = judge.accounts(subject, &case.evidence, under_way);
    story.trust = judge.trust(subject, &case.evidence);
    (case.then)(&mut story, &verdict);
    story.verdict = Some(verdict);
    let explained = story.explained();
    let json = serde_json::to_value(&explained).unwrap();
    let drawn = story.drawn_in(Detail::Figures);
    (json, format!("{drawn}\n{}", explained.summary))
}

#[test]
fn every_kind_of_verdict_is_told_in_words() {
    for case in cases() {
        let (json, words) = told(&case);
        let about = format!("{}:\n{words}", case.what);
        for what in case.told {
            assert!(words.contains(what), "{what:?} is not told of {about}");
        }
        assert!(words.contains("e = "), "{about}");
        assert!(words.contains("budget: "), "{about}");
        let account = named(&json["accounts"], case.check);
        let sentences = account["words"].as_array().unwrap();
        assert!(!sentences.is_empty(), "{about}");
        for sentence in sentences {
            assert!(words.contains(sentence.as_str().unwrap()), "{sentence} of {about}");
        }
        // Answers are of many kinds, and no one number has an interval of its own.
        let sure = words.contains(": at every look at once, with 95 % confidence");
        assert!(sure || case.check == "predictions", "{about}");
    }
}

#[test]
fn every_kind_of_verdict_is_told_in_json() {
    for case in cases() {
        let (json, _) = told(&case);
        let about = format!("{}: {json:#}", case.what);
        assert_eq!(json["verdict"]["decision"]["kind"], case.decision, "{about}");
        let report = named(&json["verdict"]["checks"], case.check);
        let account = named(&json["accounts"], case.check);
        numbers(report, &["candidate", "fail_log_e", "fail_at"], &about);
        numbers(&account["budget"], &["alpha", "weight", "p", "spent"], &about);
        numbers(&account["pace"], &["per_second"], &about);
        counted(report, account, &about);
        changes(report, account, &about);
        if report["holds"] == "passes" && account["of"] == "units" {
            numbers(report, &["pass_log_e", "pass_at"], &about);
        }
        let confidence = &account["confidence"];
        let ranges = ["difference", "candidate", "incumbent"].map(|name| &confidence[name]);
        let sure = ranges.iter().any(|range| range["lower"].as_f64() < range["upper"].as_f64());
        assert!(sure || case.check == "predictions", "{about}");
        if account["of"] == "units" {
            let split = &json["trust"]["split"];
            numbers(&split["budget"], &["alpha", "p", "spent"], &about);
            numbers(&split["strata"][0]["units"], &["candidate", "incumbent"], &about);
            let mismatch = json["verdict"]["sample_ratio"] == "mismatch";
            assert_eq!(split["mismatch_at"].is_null(), mismatch, "{about}");
            assert_eq!(split["mismatch_below"].is_null(), mismatch, "{about}");
        }
    }
}

/// Counts per gate and arm; of pairs, those of the report.
fn counted(report: &Value, account: &Value, about: &str) {
    const COUNTS: [&str; 4] =
        ["candidate_bad", "candidate_total", "incumbent_bad", "incumbent_total"];
    numbers(&report["counts"], &COUNTS, about);
    if account["of"] == "units" {
        let gate = &account["gates"][0];
        numbers(gate, &["gate", "share", "candidate", "incumbent"], about);
        numbers(&gate["counts"], &COUNTS, about);
        assert!(gate["counts"]["candidate_total"].as_u64() > Some(0), "{about}");
    }
}

/// What would change the verdict, and when.
fn changes(report: &Value, account: &Value, about: &str) {
    let outlook = &account["outlook"];
    match report["verdict"].as_str().unwrap() {
        "pass" => numbers(&outlook["unhealthy_at"], &["bad", "of"], about),
        "inconclusive" => {
            numbers(report, &["units_needed"], about);
            numbers(&account["pace"], &["seconds_needed"], about);
            numbers(&outlook["fails_at"], &["bad", "of"], about);
        }
        "fail" => {
            assert_eq!(account["budget"]["spent"], 1.0, "{about}");
            let pairs = account["of"] == "pairs";
            assert_eq!(outlook["healthy_after"].is_u64(), pairs, "pairs take it back: {about}");
        }
        other => panic!("{other}: {about}"),
    }
}

#[track_caller]
fn numbers(of: &Value, names: &[&str], about: &str) {
    for name in names {
        assert!(of[name].is_number(), "{name} of {of:#} in {about}");
    }
}

fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let is_it = |item: &&Value| item["name"] == name || item["check"] == name;
    let found = list.as_array().unwrap().iter().find(is_it);
    found.unwrap_or_else(|| panic!("no {name} in {list:#}"))
}

/// In the canary, when so many of the last answers were bad.
fn tripped(candidate: BadOf, incumbent: BadOf) -> (Value, String) {
    let checks = format!(
        "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: quick}}\n\
         spec: {{endpoint: digits, {ERRORS}, {GATES}, {SHADOW}}}\n"
    );
    let mut story = Story::of(&checks);
    story.reach_canary();
    let trip = Trip {
        endpoint: story.rollout.endpoint.clone(),
        rollout: story.rollout.id,
        epoch: story.rollout.epoch,
        guardrail: "errorRatio".to_owned(),
        kind: TripKind::Zeroed,
        candidate,
        incumbent,
        at: story.now,
    };
    story.on(1, &Event::GuardrailTripped(Box::new(trip.clone())));
    story.acknowledged();
    story.trip = Some(Tripped::new(&story.rollout, trip));
    let explained = story.explained();
    let json = serde_json::to_value(&explained).unwrap();
    (json, format!("{}\n{}", story.drawn_in(Detail::Figures), explained.summary))
}

#[test]
fn a_guardrails_trip_is_told_with_its_limit_its_counts_and_what_follows() {
    let bad = |bad, total| BadOf { bad, total };
    for (candidate, incumbent, follows) in [
        (bad(12, 20), bad(1, 380), "the candidate is rolled back, and its digest is quarantined"),
        (bad(12, 20), bad(300, 380), "the share is zero until somebody resumes"),
        (bad(12, 20), bad(0, 10), "it is rolled back without quarantine"),
    ] {
        let (json, words) = tripped(candidate, incumbent);
        let trip = &json["trip"];
        assert_eq!(trip["trip"]["candidate"]["bad"], candidate.bad, "{json:#}");
        assert_eq!(trip["trip"]["incumbent"]["total"], incumbent.total, "{json:#}");
        let counted = format!(
            "within the last 10s 12 of 20 of the candidate's answers were bad, and {} of {} of",
            incumbent.bad, incumbent.total
        );
        let limit = "the limit is 50.00 % in error of at least 20 candidate answers within 10s";
        let outside = "the gateway enforces it alone, outside alpha";
        for told in ["guardrail errorRatio", limit, counted.as_str(), follows, outside] {
            assert!(words.contains(told), "{told:?} is not in\n{words}");
        }
        let sentences = trip["words"].as_array().unwrap().iter();
        for sentence in sentences {
            assert!(words.contains(sentence.as_str().unwrap()), "{sentence} is not in\n{words}");
        }
    }
}

#[test]
fn a_pass_that_waits_says_for_how_many_units_and_how_long() {
    let case = Case {
        what: "waiting",
        spec: "checks: [{name: errorRate, kind: errors, margin: {absolute: 0.1}}], analysis: \
               {minUnits: 700}",
        evidence: of_errors([0, 300], [0, 5_700]),
        then: |story, _| {
            let plan = Arc::make_mut(&mut story.rollout.plan);
            plan.gates[0].min_duration = Duration::from_secs(600);
        },
        decision: "pass",
        check: "errorRate",
        told: &[
            "every check is healthy, 400 more units until minUnits, about 9 min until minDuration",
        ],
    };
    let (_, words) = told(&case);
    assert!(words.ends_with(case.told[0]), "{words}");
}
