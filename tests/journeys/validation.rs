//! Validation as its users meet it: their own command, its time, and names that mean nothing.

use crate::harness::{Policy, Server, fixture};
use serde_json::Value;

/// Asks the staging listener for the candidate's metadata, prints it, and is not content.
const PICKY: &str = r#"
[commands.picky]
argv = ["bash", "-c", """
at=${SEATRIAL_STAGING_URL#http://}
exec 3<>/dev/tcp/${at%:*}/${at#*:}
printf 'GET /v2/models/%s HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' $SEATRIAL_ENDPOINT $at >&3
cat <&3
echo "$SEATRIAL_MODEL $SEATRIAL_VERSION: three of four rows are wrong" >&2
exit 3
"""]
"#;

const HANG: &str = r#"
[commands.hang]
argv = ["sh", "-c", "echo row 7 is odd; sleep 600"]
"#;

/// A server with this configuration, whose second version is validated by `validation`.
fn validated(config: &str, validation: &str) -> (Server, u64) {
    let policy = Policy::quick("digits");
    let server = Server::start_with(config).with_first("v1", &policy);
    server.apply(&policy.with("validation", validation));
    server.push(&fixture("v4"), "digits");
    server.cli(&["rollout", "start", "digits", "2", "--wait"]).expect(6);
    let rollout = server.cli(&["rollout", "show", "digits", "-o", "json"]).expect(0).json();
    let id = rollout["id"].as_u64().unwrap();
    assert_eq!(server.path_taken(id).last().unwrap(), "validating>rejected");
    (server, id)
}

/// What the user's command printed, and what failed.
fn told(explained: &Value) -> (&str, &str, Vec<&str>) {
    let report = &explained["validation"];
    let printed = |stream: &str| report["command"][stream].as_str().expect("it was captured");
    let checks = report["checks"].as_array().expect("a report has checks");
    let failed = checks.iter().filter(|check| check["verdict"] == "failed");
    let failed = failed.filter_map(|check| check["name"].as_str()).collect();
    (printed("stdout"), printed("stderr"), failed)
}

#[test]
fn the_users_own_command_reaches_the_candidate_and_rejects_it() {
    let (server, id) = validated(PICKY, "{command: picky, timeout: 60s}");
    let explained = server.explain(id);
    let (stdout, stderr, failed) = told(&explained);
    for part in [r#""name":"digits""#, r#""versions":["2"]"#] {
        assert!(stdout.contains(part), "{stdout}");
    }
    assert_eq!(stderr, "digits 2: three of four rows are wrong\n");
    assert_eq!(failed, ["command"]);
    let summary = explained["summary"].as_str().unwrap();
    assert!(
        summary.ends_with("exit status: 3, expected 0: digits 2: three of four rows are wrong")
    );
}

#[test]
fn a_validation_whose_time_is_up_tells_what_it_found_and_what_hung() {
    let (server, id) = validated(HANG, "{command: hang, timeout: 5s}");
    let explained = server.explain(id);
    let (stdout, _, failed) = told(&explained);
    assert_eq!((stdout, failed), ("row 7 is odd\n", vec!["timeout"]));
    let checks = explained["validation"]["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["name"] == "tooLarge"), "{checks:#?}");
    let summary = explained["summary"].as_str().unwrap();
    assert!(summary.ends_with("while the user's command ran"), "{summary}");
}

#[test]
fn a_policy_that_names_what_is_not_there_starts_nothing() {
    let policy = Policy::quick("digits");
    let server = Server::serving("v1", &policy);
    server.push(&fixture("v4"), "digits");
    let cases = [
        ("{holdout: {dataset: nothing@1}}", "validation.holdout.dataset"),
        ("{holdout: {expected: nothing@2}}", "validation.holdout.expected"),
        ("{contract: {golden: nothing@3}}", "validation.contract.golden"),
        ("{command: nothing}", "validation.command"),
    ];
    for (validation, field) in cases {
        server.apply(&policy.clone().with("validation", validation));
        let refused = server.cli(&["rollout", "start", "digits", "2"]);
        assert_ne!(refused.status, 0, "{refused:#?}");
        assert!(refused.stderr.contains(field), "{refused:#?}");
        assert!(refused.stderr.contains("nothing"), "{refused:#?}");
    }
    let rollouts = server.get("/rollouts?endpoint=digits");
    assert_eq!(rollouts["items"].as_array().unwrap().len(), 1, "the first version's own");
    // The digest is as good as before.
    server.apply(&policy.with("validation", "{timeout: 60s}"));
    server.start_rollout(2);
}
