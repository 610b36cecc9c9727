//! Who is named, and who is not.

use super::*;
use crate::driver::offers::tests::{POLICY, rollout, version};
use seatrial_domain::endpoint::Settings;
use seatrial_domain::{EndpointName, RolloutId};

fn nobody() -> Others {
    Others { endpoints: Vec::new(), rollouts: Vec::new(), aliases: Vec::new() }
}

fn named_by(others: Others) -> Option<String> {
    named(&rollout(POLICY, Stage::Decommissioning), &version(1), others)
}

fn other() -> EndpointName {
    EndpointName::new("other").unwrap()
}

#[test]
fn another_endpoint_that_answers_with_the_version_refers_to_it() {
    let settings = Settings::of(version(1).model);
    let endpoint = |name| Endpoint { name, settings: settings.clone(), serving: Some(version(1)) };
    let own = rollout(POLICY, Stage::Decommissioning).endpoint;

    let found = named_by(Others { endpoints: vec![endpoint(own), endpoint(other())], ..nobody() });

    assert_eq!(found.unwrap(), "endpoint other answers with it");
}

#[test]
fn a_rollout_elsewhere_refers_to_what_it_leads_to_or_starts_from() {
    let elsewhere = |candidate, incumbent| {
        let mut rollout = rollout(POLICY, Stage::Queued);
        (rollout.id, rollout.endpoint) = (RolloutId(7), other());
        (rollout.candidate, rollout.incumbent) = (candidate, incumbent);
        Others { rollouts: vec![rollout], ..nobody() }
    };
    let words = "rollout 7 on other needs it";

    assert_eq!(named_by(elsewhere(version(1), None)).unwrap(), words);
    assert_eq!(named_by(elsewhere(version(3), Some(version(1)))).unwrap(), words);
    assert_eq!(named_by(elsewhere(version(3), Some(version(2)))), None);
}

#[test]
fn a_rollout_that_waits_here_for_its_turn_is_not_waited_for() {
    let mut waiting = rollout(POLICY, Stage::Queued);
    (waiting.id, waiting.candidate) = (RolloutId(7), version(1));

    assert_eq!(named_by(Others { rollouts: vec![waiting], ..nobody() }), None);
}

#[test]
fn an_alias_refers_to_it_unless_it_is_the_rollouts_own() {
    let aliases = |names: &[&str]| Others {
        aliases: names.iter().map(|name| (*name).to_owned()).collect(),
        ..nobody()
    };

    assert_eq!(named_by(aliases(&["champion", "audited"])).unwrap(), "alias audited names it");
    assert_eq!(named_by(aliases(&["champion"])), None);
}
