//! One word, and clients are back on the version that served them before.

use crate::harness::{Answer, Load, Outcome, Policy, Rows, Server, Traffic, now};

const OBJECTIVE_US: i64 = 1_000_000;
/// Of the 500 that are sent, while the command is carried out.
const ANSWERED_PER_SECOND_MIN: usize = 450;

/// Microseconds from the command to the last answer of the candidate; negative: none came after.
fn last_of_candidate(answers: &[Answer], commanded_at: i64) -> i64 {
    let candidate = Outcome::Served { version: 2 };
    let last = answers.iter().filter(|answer| answer.outcome == candidate).map(|a| a.at).max();
    last.expect("the candidate had a share") - commanded_at
}

#[test]
fn from_half_of_the_traffic_to_none_in_under_a_second_and_no_client_fails() {
    let server = Server::serving("v1", &Policy::quick("digits").long_canary(50));
    let traffic = Traffic::to(&server, Load::of(500));
    let id = server.roll_out("v4");
    server.until_stage(id, "canary");
    traffic.until_served_by(2, 250);

    let commanded_at = now();
    server.cli(&["rollback", "digits", "--reason", "one word"]).expect(0);

    traffic.until_served_by(1, 750);
    server.until_stage(id, "rolled_back");
    let answers = traffic.stop();
    let late = last_of_candidate(&answers, commanded_at);
    assert!(late < OBJECTIVE_US, "the candidate answered {late} us after the command");
    assert!(answers.iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));
    for second in [commanded_at - 1_000_000, commanded_at] {
        let within = second..second + 1_000_000;
        let whole =
            |answer: &&Answer| within.contains(&answer.asked) && within.contains(&answer.at);
        let rate = answers.iter().filter(whole).count();
        assert!(rate >= ANSWERED_PER_SECOND_MIN, "only {rate} were asked and answered in a second");
    }
    assert_eq!(server.rollout(id)["reason"], "one word");
    assert_eq!(server.serving_version(), "digits/v1");
    server.assert_journal_verifies();
}

#[test]
fn from_stabilizing_back_to_the_standby() {
    let server = Server::serving("v1", &Policy::quick("digits"));
    server.apply(&Policy::quick("digits").long_stability());
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "stabilizing");
    assert_eq!(server.serving_version(), "digits/v2");
    traffic.until_served_by(2, 100);

    let commanded_at = now();
    server.cli(&["rollback", "digits", "--wait"]).expect(6);

    assert_eq!(server.rollout(id)["stage"], "rolled_back");
    assert_eq!(server.serving_version(), "digits/v1");
    assert_eq!(server.get("/models/digits")["aliases"]["champion"], 1);
    traffic.until_served_by(1, 100);
    let answers = traffic.stop();
    let late = last_of_candidate(&answers, commanded_at);
    assert!(late < OBJECTIVE_US, "the candidate answered {late} us after the command");
    assert!(answers.iter().all(|answer| matches!(answer.outcome, Outcome::Served { .. })));
    server.assert_journal_verifies();
}

#[test]
fn the_standby_is_reachable_by_its_number_and_a_retired_version_is_not() {
    let server = Server::serving("v1", &Policy::quick("digits"));
    server.apply(&Policy::quick("digits").long_stability());
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_stage(id, "stabilizing");
    drop(traffic);
    let request = Rows::live().json(0);
    let pinned = |version: u64| {
        let url = server.v2(&format!("/models/digits/versions/{version}/infer"));
        let answer = server.api().post(&url, &request);
        (answer.status, answer.version)
    };
    assert_eq!(pinned(1), (200, Some(1)));
    assert_eq!(pinned(2), (200, Some(2)));
    assert_eq!(pinned(3).0, 404);

    server.cli(&["rollback", "digits", "--wait"]).expect(6);
    assert_eq!(pinned(1), (200, Some(1)));
    assert_eq!(pinned(2).0, 404);
}
