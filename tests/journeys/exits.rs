//! Exit statuses, which scripts depend on. Those of a rollout's ends are in the journeys to them:
//! 6 rolled back, 7 waiting for approval, 8 inconclusive, 9 aborted.

use crate::harness::{Load, Policy, Server, Traffic, cli};

#[test]
fn each_kind_of_refusal_has_its_exit_status() {
    let server = Server::start();
    let cases: [(&[&str], i32); 13] = [
        (&["model", "list"], 0),
        (&["rollout", "list", "-o", "json"], 0),
        (&["completions", "bash"], 0),
        (&["no-such-verb"], 2),
        (&["model", "push"], 2),
        (&["rollout", "pause", "1"], 2),
        (&["model", "push", "/etc/hostname", "--name", "no/such/name"], 2),
        (&["model", "show", "nothing"], 3),
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
