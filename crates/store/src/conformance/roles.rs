//! What every store promises of what a rollout makes of its versions for registry clients: stages
//! and aliases, as tests.

use super::fixture::{at, commit, endpoint, fixture, happens, live, model, queued, turn, version};
use crate::Store;
use crate::page::Request;
use crate::rollouts::Stored;
use crate::versions::Stage as Shown;
use seatrial_domain::VersionNumber;
use seatrial_domain::rollout::{Cause, Effect, Entry, Outcome, Rollout, Stage, Transition};

/// Puts the rollout into `stage`, whatever led there.
async fn put(store: &Store, stored: &Stored, stage: Stage, effects: Vec<Effect>) -> Stored {
    let next = Rollout { stage, ..stored.rollout.clone() };
    let journal = Entry {
        event: "a test's".to_owned(),
        from: stored.rollout.stage.name(),
        to: stage.name(),
        overlays: Vec::new(),
        share: next.share(),
        epoch: next.epoch,
        cause: Cause::Said { text: "a test wants it".to_owned() },
        effects,
    };
    let moved = Transition { next, journal };
    commit(store, stored, &moved, at(20)).await.unwrap().stored
}

/// The first version completed, and the rollout of a second one at its turn.
async fn two_versions(store: &Store) -> Stored {
    let first = version(store, b"one").await.reference;
    let served = live(store, &first).await;
    put(store, &served, Stage::Completed, Vec::new()).await;
    let second = version(store, b"two").await.reference;
    let start = queued(store, &second).await;
    happens(store, &start, &turn(store).await, at(20)).await
}

/// The stages of versions 1 and 2, and where `canary` and `standby` point.
async fn shown(store: &Store) -> ([Shown; 2], [Option<u64>; 2]) {
    let mut stages = Vec::new();
    for number in [1, 2] {
        let version = store.listed((&model(), VersionNumber(number))).await.unwrap();
        stages.push(version.standing.stage);
    }
    let mut named = Vec::new();
    for alias in ["canary", "standby"] {
        named.push(store.alias(&model(), alias).await.unwrap().map(|number| number.0));
    }
    ([stages[0], stages[1]], [named[0], named[1]])
}

#[tokio::test]
async fn stages_and_roles_follow_a_voyage_that_completes() {
    use Shown::{Archived, Production, Staging};
    let fixture = fixture().await;
    let store = &fixture.store;
    let mut rollout = two_versions(store).await;
    let candidate = rollout.rollout.candidate.clone();
    let alias = "champion".to_owned();
    let serving = vec![Effect::Serving { version: Some(candidate), alias }];
    let before = [Production, Staging];
    let after = [Archived, Production];
    let voyage = [
        (Stage::Staging, vec![], before, [None, None]),
        (Stage::Shadow, vec![], before, [None, None]),
        (Stage::Canary, vec![], before, [Some(2), None]),
        (Stage::Ramp { step: 0 }, vec![], before, [Some(2), None]),
        (Stage::Cutover, serving, after, [None, None]),
        (Stage::Stabilizing, vec![], after, [None, Some(1)]),
        (Stage::Decommissioning, vec![], after, [None, None]),
        (Stage::Completed, vec![], after, [None, None]),
    ];
    for (stage, effects, stages, named) in voyage {
        rollout = put(store, &rollout, stage, effects).await;
        assert_eq!(shown(store).await, (stages, named), "{stage:?}");
        let champion = store.alias(&model(), "champion").await.unwrap().unwrap();
        let serves = store.endpoint(&endpoint()).await.unwrap().unwrap().serving.unwrap();
        assert_eq!(champion, serves.number, "{stage:?}");
    }
    let history = store.alias_history(&model(), Some("canary"), &Request::first(9)).await.unwrap();
    let moves: Vec<_> =
        history.items.iter().rev().map(|it| (it.to.map(|to| to.0), &*it.cause)).collect();
    assert_eq!(moves, [(Some(2), "rollout 2: canary"), (None, "rollout 2: cutover")]);
}

#[tokio::test]
async fn what_is_rolled_back_is_archived_and_has_no_role_left() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let rollout = two_versions(store).await;
    let canary = put(store, &rollout, Stage::Canary, Vec::new()).await;
    let back = Stage::RollingBack { outcome: Outcome::RolledBack };
    let back = put(store, &canary, back, Vec::new()).await;
    assert_eq!(shown(store).await.1, [None, None]);
    put(store, &back, Stage::RolledBack, Vec::new()).await;
    assert_eq!(shown(store).await, ([Shown::Production, Shown::Archived], [None, None]));
}

#[tokio::test]
async fn a_role_that_another_rollout_gave_since_is_left_alone() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let rollout = two_versions(store).await;
    let canary = put(store, &rollout, Stage::Canary, Vec::new()).await;
    let by = crate::aliases::By {
        actor: &super::fixture::ada(),
        cause: "rollout 3: canary",
        now: at(21),
    };
    store.set_alias((&model(), VersionNumber(1)), "canary", by).await.unwrap();
    put(store, &canary, Stage::RolledBack, Vec::new()).await;
    assert_eq!(shown(store).await.1, [Some(1), None]);
}
