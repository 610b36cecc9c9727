//! Verdicts of the past: told, derived again from the journal alone, and found out where they were
//! rewritten.

use crate::harness::{Load, Policy, Server, Traffic, rewrite};
use serde_json::{Value, json};

fn outcomes(replay: &Value) -> Vec<&str> {
    let all = replay["verdicts"].as_array().unwrap().iter();
    all.map(|verdict| verdict["outcome"].as_str().unwrap()).collect()
}

#[test]
fn every_verdict_of_a_voyage_derives_again_and_a_rewritten_one_is_found_where_it_is() {
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

    let evidence = row_of(&told, "ramp -> cutover at 100 %");
    let counter = "/look/evidence/gates/1/errors/candidate_good";
    let told = tampered(&mut server, (evidence, "evidence"), counter);
    assert_eq!(differing(&told), [evidence], "{told:#}");
    let fields = fields_of(&told, evidence);
    assert!(fields.contains(&"checks[errorRate].counts.candidate_total"), "{fields:?}");
    let of_it =
        |field: &&str| field.starts_with("checks[errorRate].") || field.starts_with("decision");
    assert!(fields.iter().all(of_it), "{fields:?}");
    assert_eq!(told["chain"]["verified"], false, "{told:#}");

    let verdict = row_of(&told, "canary -> ramp at 50 %");
    let number = "/verdict/checks/1/counts/incumbent_total";
    let told = tampered(&mut server, (verdict, "cause"), number);
    assert_eq!(differing(&told), [verdict, evidence], "{told:#}");
    let field = "checks[latencyP90].counts.incumbent_total";
    assert_eq!(fields_of(&told, verdict), [field]);
    let table = server.cli(&["audit", "replay", "digits"]).expect(1).stdout;

    assert!(
        table.contains(&format!("row {verdict}: {field} is recorded as 7, derived as ")),
        "{table}"
    );
    assert!(table.contains(&format!("journal broken: row {verdict}: ")), "{table}");
}

/// What replay tells after one number of one row was set to 7.
fn tampered(server: &mut Server, row: (u64, &str), pointer: &str) -> Value {
    assert_eq!(server.stop(), Some(0));
    rewrite(server, row, pointer, &json!(7));
    server.restart();
    server.cli(&["audit", "replay", "digits", "-o", "json"]).expect(1).json()
}

fn row_of(replay: &Value, step: &str) -> u64 {
    let mut rows = replay["verdicts"].as_array().unwrap().iter();
    rows.find(|row| row["step"] == step).unwrap()["seq"].as_u64().unwrap()
}

fn differing(replay: &Value) -> Vec<u64> {
    let rows = replay["verdicts"].as_array().unwrap().iter();
    let differing = rows.filter(|row| row["outcome"] == "differs");
    differing.map(|row| row["seq"].as_u64().unwrap()).collect()
}

fn fields_of(replay: &Value, seq: u64) -> Vec<&str> {
    let mut rows = replay["verdicts"].as_array().unwrap().iter();
    let row = rows.find(|row| row["seq"] == seq).unwrap();
    let differences = row["differences"].as_array().unwrap().iter();
    differences.map(|difference| difference["field"].as_str().unwrap()).collect()
}
