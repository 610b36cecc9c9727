//! The store takes nothing: the way back is in force all the same, says what it waits for, and is
//! written down once the store is back.

use crate::harness::{
    Load, Outcome, PATIENCE, Policy, Server, StoreLock, Traffic, eventually, now,
};
use std::io::Write as _;
use std::net::TcpStream;

#[test]
fn a_rollback_that_cannot_be_stored_is_in_force_and_says_that_it_is_held() {
    let server = Server::serving("v1", &Policy::quick("digits").long_canary(50));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 20);
    let lock = StoreLock::on(&server);

    let answer = server.post("/endpoints/digits/rollback", &serde_json::json!({}));

    let answered_at = now();
    assert_eq!(answer.status, 503, "it is not stored: {answer:#?}");
    let said = answer.body["detail"].as_str().unwrap();
    assert!(said.starts_with("the share is zero and stays so"), "{said}");
    let held = server.until_overlay(id, "held(storage)");
    assert_eq!(held["stage"], "canary", "what is stored still stands: {held:#}");
    let explained = server.cli(&["rollout", "explain", &id.to_string()]).expect(0);
    assert!(explained.stdout.contains("held(storage): the store takes nothing"), "{explained:#?}");
    traffic.until_served_by(1, 100);

    lock.release();

    let ended = server.until_stage(id, "rolled_back");
    assert_eq!(ended["overlays"], serde_json::json!([]), "{ended:#}");
    let answers = traffic.stop();
    let late = answers
        .iter()
        .find(|answer| answer.at > answered_at && answer.outcome == Outcome::Served { version: 2 });
    assert!(late.is_none(), "the candidate answered after the rollback: {late:?}");
    assert!(answers.iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));
    let rows = server.history(id);
    let back = rows.iter().find(|row| row["entry"]["to"] == "rolling_back").unwrap();
    assert_ne!(back["actor"], "seatrial", "whoever ordered it is remembered: {back:#}");
    server.assert_journal_verifies();
}

#[test]
fn a_rollback_killed_before_it_was_stored_is_carried_out_by_the_next_start() {
    let mut server = Server::serving("v1", &Policy::quick("digits").long_canary(50));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 20);
    let lock = StoreLock::on(&server);
    let answer = server.post("/endpoints/digits/rollback", &serde_json::json!({}));
    assert_eq!(answer.status, 503, "it is not stored: {answer:#?}");
    server.kill9();
    let killed_at = now();
    lock.release();
    server.restart();

    server.until_stage(id, "rolled_back");

    traffic.until_served_by(1, 50);
    let back = traffic
        .stop()
        .into_iter()
        .find(|answer| answer.at > killed_at && answer.outcome == Outcome::Served { version: 2 });
    assert!(back.is_none(), "the candidate came back: {back:?}");
    server.assert_journal_verifies();
}

#[test]
fn a_start_on_a_store_that_takes_nothing_serves_the_stored_share_all_the_same() {
    let mut server = Server::serving("v1", &Policy::quick("digits").long_canary(50));
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 20);
    server.kill9();
    let lock = StoreLock::on(&server);

    server.restart();

    traffic.until_served_by(1, 20);
    traffic.until_served_by(2, 20);
    let held = server.until_overlay(id, "held(storage)");
    assert_eq!(held["stage"], "canary", "what is stored still stands: {held:#}");
    let answer = server.post("/endpoints/digits/rollback", &serde_json::json!({}));
    assert_eq!(answer.status, 503, "it is not stored: {answer:#?}");
    traffic.until_served_by(1, 50);
    lock.release();
    server.until_stage(id, "rolled_back");
    server.assert_journal_verifies();
}

#[test]
fn a_change_whose_client_has_gone_is_carried_to_its_end() {
    let server = Server::serving("v1", &Policy::quick("digits"));
    let lock = StoreLock::on(&server);
    let body = r#"{"sessions":3}"#;
    let head = "PATCH /api/v1/endpoints/digits HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/json\r\n";
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let address = server.control_origin().replace("http://", "");
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    server.get("/status");
    drop(client);
    server.get("/status");

    lock.release();

    eventually("the setting is changed", PATIENCE, || {
        (server.get("/endpoints/digits")["sessions"] == 3).then_some(())
    });
}
