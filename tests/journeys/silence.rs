//! No data is never a pass.

use crate::harness::{Load, Policy, Server, Traffic};

#[test]
fn a_shadow_without_traffic_pauses_at_its_deadline() {
    let shadow = "{compare: [{by: class, maxDisagreement: 0.9}], \
                   minDuration: 300ms, minRequests: 1, maxDuration: 1s}";
    let server = Server::serving("v1", &Policy::quick("digits").with("shadow", shadow));
    let id = server.roll_out("v4");

    server.until_overlay(id, "paused(deadline)");

    server.cli(&["rollout", "watch", &id.to_string()]).expect(8);
    let paused = server.rollout(id);
    assert_eq!((&paused["stage"], &paused["share"]), (&"shadow".into(), &0.into()));
    assert_eq!(server.serving_version(), "digits/v1");
}

#[test]
fn a_canary_without_traffic_pauses_at_its_deadline_and_promotes_nothing() {
    // What the shadow heard diverges, so that a person opens the canary: after the traffic's end.
    let shadow = "{compare: [{by: class, maxDisagreement: 0.001}], \
                   minDuration: 300ms, minRequests: 200, maxDuration: 60s}";
    let policy = Policy::quick("digits")
        .with("shadow", shadow)
        .with("canary", "{share: 20, minDuration: 1s, maxDuration: 2s}")
        .with("analysis", "{minUnits: 1, unitWindow: 0s, look: {growth: 0.01, every: 200ms}}");
    let server = Server::serving("v1", &policy);
    let traffic = Traffic::to(&server, Load::of(150));
    let id = server.roll_out("v4");
    server.until_overlay(id, "paused(divergence)");
    drop(traffic);
    server.cli(&["rollout", "approve", "digits"]).expect(0);

    let wait = ["rollout", "watch", &id.to_string(), "--timeout", "60s"];
    server.cli(&wait).expect(8);

    let paused = server.rollout(id);
    assert_eq!(paused["overlays"], serde_json::json!(["paused(deadline)"]));
    assert_eq!((&paused["stage"], &paused["share"]), (&"canary".into(), &2000.into()));
    assert_eq!(server.path_taken(id).last().unwrap(), "shadow>canary");
    let verdict = server.explain(id)["verdict"].clone();
    assert_eq!(verdict["decision"]["kind"], "inconclusive", "{verdict:#}");
    let units = (&verdict["units"]["candidate"], &verdict["units"]["incumbent"]);
    assert_eq!(units, (&0.into(), &0.into()), "nobody asked in the whole gate: {verdict:#}");
    // A person who resumes only restarts the clock.
    server.cli(&["rollout", "resume", "digits", "--wait", "--timeout", "60s"]).expect(8);
    assert_eq!(server.rollout(id)["stage"], "canary");
    server.assert_journal_verifies();
}
