//! The journal: what served when and why, and that nobody rewrote it.

use crate::harness::{Load, Policy, Server, Traffic, fixture};
use serde_json::{Value, json};

#[test]
fn the_journal_says_which_version_served_at_any_time_and_why() {
    let server = Server::serving("v1", &Policy::quick("digits"));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "completed");
    drop(traffic);
    let rows = server.history(id);
    // To the microsecond, as the row was hashed: what people are shown is cut to milliseconds.
    let at = |what: &str| {
        let row = rows.iter().find(|row| row["entry"]["to"] == what).unwrap();
        let columns: Value = serde_json::from_str(row["canonical"].as_str().unwrap()).unwrap();
        let at = columns["at"].as_i64().unwrap();
        jiff::Timestamp::from_microsecond(at).unwrap().to_string()
    };
    let served = |time: &str| {
        let told = server.cli(&["audit", "--at", time, "-o", "json"]).expect(0).json();
        let of = |one: &&Value| one["endpoint"] == "digits";
        told.as_array().unwrap().iter().find(of).cloned()
    };

    let in_the_canary = served(&at("canary")).unwrap();
    assert_eq!(in_the_canary["version"], "digits/v1", "{in_the_canary:#}");
    let rollout = &in_the_canary["rollout"];
    assert_eq!((&rollout["candidate"], &rollout["stage"]), (&json!("digits/v2"), &json!("canary")));
    assert_eq!((&rollout["share"], &rollout["overlays"]), (&json!(2000), &json!([])));
    let table = server.cli(&["audit", "--at", &at("canary")]).expect(0).stdout;
    assert!(table.contains("digits/v2 canary 20 %"), "{table}");
    let in_the_end = served(&at("completed")).unwrap();
    assert_eq!(in_the_end["version"], "digits/v2", "{in_the_end:#}");
    assert!(in_the_end["rollout"].is_null(), "it is over: {in_the_end:#}");
    assert!(in_the_end["why"].as_str().is_some_and(|why| why.contains("cutover")));
    let past = |time: &str| {
        let told = ["model", "history", "digits", "--at", time, "-o", "json"];
        server.cli(&told).expect(0).json()
    };
    let then = past(&at("canary"));
    assert_eq!(then["endpoints"], json!([in_the_canary]), "the registry says the same");
    let aliases = |past: &Value| {
        let all = past["aliases"].as_array().unwrap().iter();
        all.map(|one| (one["alias"].clone(), one["version"].clone())).collect::<Vec<_>>()
    };
    let champion = |version: u64| (json!("champion"), json!(version));
    assert_eq!(aliases(&then), [(json!("canary"), json!(2)), champion(1)]);
    assert_eq!(aliases(&past(&at("completed"))), [champion(2)]);
    let table = server.cli(&["model", "history", "digits", "--at", &at("canary")]).expect(0).stdout;
    assert!(table.contains("digits/v2 canary 20 %") && table.contains("champion  v1"), "{table}");
    let moves = server.cli(&["model", "history", "digits", "--alias", "champion", "-o", "json"]);
    let moves = moves.expect(0).json();
    let to = moves.as_array().unwrap().iter().map(|one| one["version"].as_u64().unwrap());
    assert_eq!(to.collect::<Vec<_>>(), [2, 1], "the last first");
    assert!(moves[0]["why"].as_str().unwrap().contains(&id.to_string()), "{moves:#}");
    let long_ago = served("2020-01-01T00:00:00Z");
    assert!(long_ago.is_none_or(|one| one["version"].is_null()));
    server.cli(&["audit", "--at", "whenever"]).expect(2);

    let report = server.explain(id)["validation"].take();
    let validated = rows.iter().find(|row| row["entry"]["from"] == "validating").unwrap();
    let digest = seatrial_domain::Digest::of(report.to_string().as_bytes());
    let evidence = json!({"failed": [], "report": digest});
    assert_eq!(validated["entry"]["evidence"], evidence, "the row names the report it rests on");

    let chain = server.cli(&["audit", "--verify"]).expect(0);
    assert!(chain.stdout.contains("verified") && chain.stdout.contains("head"), "{chain:#?}");
}

#[test]
fn a_rewritten_row_is_found() {
    const SAID: &str = "pausedbyanoperator";
    const FORGED: &str = "pausedbynobodyelse";
    let mut server = Server::start();
    server.push(&fixture("v1"), "digits");
    server.apply(&Policy::quick("digits"));
    server.cli(&["rollout", "start", "digits", "1", "--wait"]).expect(7);
    server.cli(&["rollout", "pause", "digits", "--reason", SAID]).expect(0);
    server.assert_journal_verifies();
    assert_eq!(server.stop(), Some(0));

    let file = server.data().join("seatrial.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let places: Vec<usize> = (0..bytes.len() - SAID.len())
        .filter(|&place| bytes[place..].starts_with(SAID.as_bytes()))
        .collect();
    assert!(!places.is_empty(), "an orderly stop leaves everything in the one file");
    for place in places {
        bytes[place..place + SAID.len()].copy_from_slice(FORGED.as_bytes());
    }
    std::fs::write(&file, bytes).unwrap();
    server.restart();

    let broken = server.cli(&["audit", "--verify", "-o", "json"]).expect(1).json();
    assert_eq!(broken["verified"], false);
    assert!(broken["fault"].as_str().is_some_and(|fault| fault.contains("row")), "{broken:#}");
}

#[test]
fn an_orderly_stop_loses_nothing() {
    let mut server = Server::serving("v1", &Policy::quick("digits").long_canary(30));
    let traffic = Traffic::to(&server, Load::of(100));
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 30);
    drop(traffic);
    let units = |explained: &Value| explained["verdict"]["units"]["candidate"].as_u64();
    let before = units(&server.explain(id)).unwrap();
    assert_eq!(server.stop(), Some(0), "{}", server.log());
    server.restart();

    let after = units(&server.explain(id)).unwrap();
    assert!(after >= before.max(30), "{before} units before, {after} after");
    assert_eq!(server.rollout(id)["stage"], "canary");
    assert_eq!(server.rollout(id)["share"], 3000);
}
