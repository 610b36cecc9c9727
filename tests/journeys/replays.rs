//! Verdicts of the past: told, derived again from the journal alone, and found out where they were
//! rewritten.

use crate::harness::{Load, Policy, Server, Traffic};
use serde_json::{Value, json};

/// ln 20, as every verdict of a policy with `healthyAlpha: 0.05` tells what a pass must reach.
const PASSES_AT: &str = "\"pass_at\":2.9957322";
const FORGED: &str = "\"pass_at\":1.9957322";

fn outcomes(replay: &Value) -> Vec<&str> {
    let all = replay["verdicts"].as_array().unwrap().iter();
    all.map(|verdict| verdict["outcome"].as_str().unwrap()).collect()
}

#[test]
fn every_verdict_of_a_voyage_derives_again_and_a_rewritten_one_is_found() {
    let mut server = Server::serving("v1", &Policy::quick("digits"));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "completed");
    drop(traffic);

    let replay = ["audit", "replay", &id.to_string(), "-o", "json"];
    let told = server.cli(&replay).expect(0).json();
    assert_eq!(told["chain"]["verified"], true);
    let steps: Vec<_> = told["verdicts"].as_array().unwrap().iter().map(|it| &it["step"]).collect();
    for step in ["shadow -> canary at 20 %", "canary -> ramp at 50 %", "ramp -> cutover at 100 %"] {
        assert!(steps.contains(&&json!(step)), "{told:#}");
    }
    assert!(outcomes(&told).iter().all(|outcome| *outcome == "agrees"), "{told:#}");
    let table = server.cli(&["audit", "replay", "digits"]).expect(0).stdout;

    assert!(table.contains(" agree; journal verified: "), "{table}");

    let all = server.cli(&["rollout", "explain", "digits", "--all", "-o", "json"]).expect(0).json();
    let left = all.as_array().unwrap().iter().find(|it| it["step"] == "canary -> ramp at 50 %");
    let account = &left.unwrap()["accounts"][0];
    let (check, gate) = (&account["check"], &account["gates"][0]);
    assert_eq!(
        (check, &gate["gate"], &gate["share"]),
        (&json!("errorRate"), &json!(0), &json!(0.2))
    );
    let seq = left.unwrap()["seq"].to_string();
    let words = server.cli(&["rollout", "explain", "digits", "--at", &seq]).expect(0).stdout;

    assert!(words.contains("at 20 %: 0 of ") && words.contains("no longer healthy if"), "{words}");
    server.cli(&["rollout", "explain", "digits", "--at", "1"]).expect(3);

    assert_eq!(server.stop(), Some(0));
    let file = server.data().join("seatrial.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let places: Vec<usize> = (0..bytes.len() - PASSES_AT.len())
        .filter(|&place| bytes[place..].starts_with(PASSES_AT.as_bytes()))
        .collect();
    assert!(!places.is_empty(), "an orderly stop leaves everything in the one file");
    for place in places {
        bytes[place..place + FORGED.len()].copy_from_slice(FORGED.as_bytes());
    }
    std::fs::write(&file, bytes).unwrap();
    server.restart();

    let told = server.cli(&replay).expect(1).json();
    assert_eq!(told["chain"]["verified"], false, "{told:#}");
    let differing = told["verdicts"].as_array().unwrap().iter();
    let fields =
        differing.flat_map(|it| it["differences"].as_array().unwrap()).map(|it| &it["field"]);
    assert!(fields.clone().any(|field| field == "checks[errorRate].pass_at"), "{told:#}");
    let table = server.cli(&["audit", "replay", "digits"]).expect(1).stdout;

    assert!(table.contains("checks[errorRate].pass_at is recorded as 1.99"), "{table}");
    assert!(table.contains("journal broken: row "), "{table}");
}
