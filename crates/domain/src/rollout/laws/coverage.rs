//! What the histories contain: the laws are tested where they could break, and often enough.

use super::history::{EVENTS, Offer, run};
use crate::Share;
use crate::plan::Kind;
use crate::rollout::Stage;
use proptest::test_runner::{Config, RngSeed};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Live stages, by name.
const STAGES: [&str; 10] = [
    "queued",
    "staging",
    "validating",
    "shadow",
    "canary",
    "ramp",
    "cutover",
    "stabilizing",
    "decommissioning",
    "rolling_back",
];

/// Every hold, in every stage in which it may be set.
const HOLDS: [&str; 10] = [
    "freeze",
    "telemetry",
    "coverage",
    "provider",
    "capacity",
    "standby",
    "ack",
    "storage",
    "referenced",
    "rollback_failed",
];

/// Every pause and approval, and the stages they occur in.
const OVERLAYS: [(&str, &str); 8] = [
    (
        "paused(operator)",
        "queued staging validating shadow canary ramp cutover stabilizing decommissioning",
    ),
    ("paused(divergence)", "shadow"),
    ("paused(incident)", "canary ramp cutover stabilizing decommissioning"),
    ("paused(sample_ratio)", "canary ramp cutover stabilizing"),
    ("paused(fail)", "canary ramp cutover stabilizing"),
    ("paused(deadline)", "shadow canary ramp"),
    ("paused(approval_expired)", "validating canary ramp stabilizing"),
    ("awaiting_approval", "validating canary ramp stabilizing"),
];

/// What matters beside stages and overlays.
const OTHERS: [&str; 13] = [
    "promote completed",
    "first completed",
    "restore completed",
    "rejected",
    "rolled_back",
    "aborted",
    "superseded",
    "rolling back Rejected",
    "rolling back RolledBack",
    "rolling back Aborted",
    "rolling back Superseded",
    "holdback",
    "void under an incident",
];

/// Offers in such a state, at the least, over all histories.
const LEAST: u64 = 20;

#[derive(Default)]
struct Seen {
    counts: BTreeMap<String, u64>,
    /// Histories, and those of them that are one rollout's from the first random event to the last.
    histories: u64,
    whole: u64,
}

impl Seen {
    fn note(&mut self, offer: &Offer) {
        let before = &offer.before;
        let stage = before.stage.name();
        for overlay in before.shown_overlays() {
            *self.counts.entry(format!("{stage} {overlay}")).or_default() += 1;
        }
        let mut others = vec![stage.to_string()];
        if let Stage::RollingBack { outcome } = before.stage {
            others.push(format!("rolling back {outcome:?}"));
        }
        if before.stage == Stage::Completed {
            let kind = match before.plan.kind {
                Kind::Promote => "promote",
                Kind::First => "first",
                Kind::Restore => "restore",
            };
            others.push(format!("{kind} completed"));
        }
        if before.stage == Stage::Stabilizing && before.share_of_stage() < Share::FULL {
            others.push("holdback".to_owned());
        }
        if before.void.is_some() && before.paused == Some(crate::rollout::Pause::Incident) {
            others.push("void under an incident".to_owned());
        }
        for other in others {
            *self.counts.entry(other).or_default() += 1;
        }
    }
}

fn expected() -> Vec<String> {
    let held = STAGES
        .iter()
        .flat_map(|stage| HOLDS.iter().map(move |hold| format!("{stage} held({hold})")));
    let overlays = OVERLAYS.iter().flat_map(|(overlay, stages)| {
        stages.split(' ').map(move |stage| format!("{stage} {overlay}"))
    });
    let others = STAGES.iter().chain(&OTHERS).map(|name| (*name).to_owned());
    held.chain(overlays).chain(others).collect()
}

#[test]
fn histories_reach_every_stage_and_overlay_often() {
    let seen = RefCell::new(Seen::default());
    let fixed = Config {
        cases: 1536,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..Config::default()
    };
    run(fixed, |attempts| {
        let mut seen = seen.borrow_mut();
        seen.histories += 1;
        if attempts.iter().any(|offers| live(offers) >= EVENTS.start) {
            seen.whole += 1;
        }
        attempts.iter().flatten().for_each(|offer| seen.note(offer));
        Ok(())
    });
    let seen = seen.into_inner();
    let rare: Vec<_> = expected()
        .into_iter()
        .map(|state| (seen.counts.get(&state).copied().unwrap_or_default(), state))
        .filter(|(count, _)| *count < LEAST)
        .collect();
    assert!(rare.is_empty(), "seen less than {LEAST} times: {rare:?}");
    assert!(seen.whole * 3 >= seen.histories, "{} of {} are whole", seen.whole, seen.histories);
}

fn live(offers: &[Offer]) -> usize {
    offers.iter().filter(|offer| !offer.before.stage.is_terminal()).count()
}
