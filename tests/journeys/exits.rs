//! Exit statuses, which scripts depend on. Those of a rollout's ends are in the journeys to them:
//! 6 rolled back, 7 waiting for approval, 8 inconclusive, 9 aborted.

use crate::harness::{Load, Policy, Server, Traffic, cli, fixture};

#[test]
fn each_kind_of_refusal_has_its_exit_status() {
    let server = Server::start();
    let cases: [(&[&str], i32); 19] = [
        (&["model", "list"], 0),
        (&["rollout", "list", "-o", "json"], 0),
        (&["completions", "bash"], 0),
        (&["no-such-verb"], 2),
        (&["model", "push"], 2),
        (&["rollout", "pause", "1"], 2),
        (&["model", "push", "/etc/hostname", "--name", "no/such/name"], 2),
        (&["policy", "check", "/no/such/policy.yaml"], 2),
        (&["model", "push", "/no/such/model.onnx", "--name", "digits"], 2),
        (&["endpoint", "set", "digits", "--runtime", "worker"], 2),
        (&["simulate"], 2),
        (&["model", "show", "nothing"], 3),
        (&["rollout", "show", "nothing"], 3),
        (&["rollout", "watch", "99", "--timeout", "1s"], 3),
        (&["rollout", "show", "99"], 3),
        (&["endpoint", "show", "nothing"], 3),
        (&["dataset", "show", "nothing@1"], 3),
        (&["rollout", "start", "nothing", "1"], 3),
        (&["rollback", "nothing"], 3),
    ];
    for (arguments, status) in cases {
        let ran = server.cli(arguments);
        assert_eq!(ran.status, status, "{arguments:?}: {ran:#?}");
        assert_eq!(ran.stderr.is_empty(), status == 0, "errors are told on stderr: {ran:#?}");
    }
}

#[test]
fn a_server_that_is_not_there_has_its_exit_status() {
    let ran = cli(&["model", "list", "--server", "http://127.0.0.1:1"]).expect(10);
    assert!(ran.stderr.contains("seatrial serve"), "the way on is named: {ran:#?}");
}

#[test]
fn a_server_that_is_no_url_is_told_how_to_write_it() {
    let ran = cli(&["model", "list", "--server", "localhost:8002"]).expect(2);
    assert!(ran.stderr.contains("write http://localhost:8002"), "{ran:#?}");
}

#[test]
fn an_alias_that_rollouts_move_is_denied_to_a_push() {
    let server = Server::start();
    server.push(&fixture("v1"), "digits");
    server.apply(&Policy::quick("digits"));
    let path = fixture("v4").display().to_string();
    let push = ["model", "push", &path, "--name", "digits", "--alias", "champion"];
    let denied = server.cli(&push).expect(4);
    assert!(denied.stderr.contains("moved by rollouts alone"), "{denied:#?}");
}

#[test]
fn too_many_at_once_is_a_conflict_with_others() {
    let server = Server::start();
    let begin = || server.api().post(&server.url("/uploads"), &serde_json::json!({})).status;
    assert!((0..17).map(|_| begin()).any(|status| status == 429), "uploads are bounded");
    let path = fixture("v1").display().to_string();
    server.cli(&["model", "push", &path, "--name", "digits"]).expect(5);
}

#[test]
fn a_limit_on_waiting_waits() {
    let server = Server::serving("v1", &Policy::quick("digits").long_canary(30));
    server.push(&fixture("v4"), "digits");
    server.cli(&["rollout", "start", "digits", "2", "--timeout", "1s"]).expect(124);
    server.cli(&["rollout", "pause", "digits", "--reason", "lunch", "--wait"]).expect(8);
    server.cli(&["rollout", "watch", "digits"]).expect(8);
}

#[test]
fn a_wait_that_is_too_short_has_its_exit_status() {
    let server = Server::serving("v1", &Policy::quick("digits").long_canary(30));
    let _traffic = Traffic::to(&server, Load::of(100));
    let id = server.roll_out("v4").to_string();
    server.cli(&["rollout", "watch", &id, "--timeout", "1s"]).expect(124);
    let until = ["rollout", "watch", &id, "--until", "canary", "--timeout", "60s"];
    server.cli(&until).expect(0);
}

#[test]
fn what_a_foreign_page_sends_is_denied() {
    let server = Server::start();
    let url = server.url("/models");
    let request = server.api().request(reqwest::Method::GET, &url);
    let reply = server.api().ask(request.header("host", "evil.example")).unwrap();
    assert_eq!(reply.status, 403, "{reply:#?}");
    let request = server.api().request(reqwest::Method::POST, &server.url("/uploads"));
    let reply = server.api().ask(request.header("content-type", "text/plain").body("{}")).unwrap();
    assert_eq!(reply.status, 415, "{reply:#?}");
}
