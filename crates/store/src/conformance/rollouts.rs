//! What every store promises of rollouts, as tests.

use super::fixture::{at, commit, endpoint, fixture, happens, live, model, queued, turn, version};
use crate::journal::Served;
use crate::page::Request;
use crate::rollouts::{CommitError, Filter, Phase};
use seatrial_domain::rollout::{Effect, Event, Stage, StageName};
use seatrial_domain::{Epoch, Revision, RolloutId, Share};

fn abort() -> Event {
    Event::Abort { reason: "enough".to_owned() }
}

#[tokio::test]
async fn a_rollout_reads_back_after_a_restart() {
    let fixture = fixture().await;
    let candidate = version(&fixture.store, b"one").await.reference;
    let created = queued(&fixture.store, &candidate).await;
    assert_eq!((created.rollout.id, created.rollout.attempt), (RolloutId(1), 1));
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.store.rollout(RolloutId(1)).await.unwrap(), Some(created.clone()));
    assert_eq!(fixture.store.open_rollouts().await.unwrap(), [created]);
    let again = queued(&fixture.store, &candidate).await;
    assert_eq!((again.rollout.id, again.rollout.attempt), (RolloutId(2), 2));
}

#[tokio::test]
async fn a_stale_revision_conflicts_and_changes_nothing() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let candidate = version(store, b"one").await.reference;
    let stale = queued(store, &candidate).await;
    let turn = turn(store).await;
    let fresh = happens(store, &stale, &turn, at(4)).await;
    let rows = *store.journal_head().borrow();
    let late = stale.rollout.on(&abort(), at(5)).unwrap();
    match commit(store, &stale, &late, at(5)).await {
        Err(CommitError::Conflict { expected, current }) => {
            assert_eq!((expected, current), (Revision(1), Revision(2)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(store.rollout(RolloutId(1)).await.unwrap(), Some(fresh));
    assert_eq!(*store.journal_head().borrow(), rows);
}

#[tokio::test]
async fn of_two_commits_on_one_revision_exactly_one_wins() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let candidate = version(store, b"one").await.reference;
    let start = queued(store, &candidate).await;
    let turned = start.rollout.on(&turn(store).await, at(4)).unwrap();
    let aborted = start.rollout.on(&abort(), at(4)).unwrap();
    let (one, two) = tokio::join!(
        commit(store, &start, &turned, at(4)),
        commit(store, &start, &aborted, at(4)),
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
}

#[tokio::test]
async fn an_endpoint_has_one_active_rollout_and_a_queue() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let first = queued(store, &version(store, b"one").await.reference).await;
    let second = queued(store, &version(store, b"two").await.reference).await;
    assert_eq!(store.queued_rollouts(&endpoint()).await.unwrap(), [first.clone(), second.clone()]);
    let turn = turn(store).await;
    let active = happens(store, &first, &turn, at(4)).await;
    assert_eq!(store.active_rollout(&endpoint()).await.unwrap(), Some(active));
    let transition = second.rollout.on(&turn, at(5)).unwrap();
    let refused = commit(store, &second, &transition, at(5)).await;
    assert!(matches!(refused, Err(CommitError::Occupied { active: RolloutId(1) })));
    assert_eq!(store.queued_rollouts(&endpoint()).await.unwrap(), [second]);
}

#[tokio::test]
async fn cutover_moves_serving_and_champion_in_the_same_commit() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let candidate = version(store, b"one").await.reference;
    let rollout = live(store, &candidate).await;
    assert_eq!(rollout.rollout.stage.name(), StageName::Cutover);
    let serving = store.endpoint(&endpoint()).await.unwrap().unwrap().serving;
    assert_eq!(serving.as_ref(), Some(&candidate));
    assert_eq!(store.alias(&model(), "champion").await.unwrap(), Some(candidate.number));
    assert_eq!(store.served_at(at(9)).await.unwrap(), []);
    let served = store.served_at(at(10)).await.unwrap();
    assert_eq!(served[0].version, Some(candidate));
    assert_eq!(served[0].row.rollout, Some(RolloutId(1)));
}

#[tokio::test]
async fn the_past_tells_the_candidate_its_share_and_what_held_it() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let incumbent = version(store, b"one").await.reference;
    let first = live(store, &incumbent).await;
    // Over, as far as this test goes: an endpoint has one rollout at a time.
    let mut over = first.rollout.on(&Event::Acknowledged { epoch: first.rollout.epoch }, at(11));
    if let Ok(over) = &mut over {
        over.next.stage = Stage::Completed;
        over.journal.to = StageName::Completed;
    }
    commit(store, &first, &over.unwrap(), at(11)).await.unwrap();
    let candidate = version(store, b"two").await.reference;
    let start = queued(store, &candidate).await;
    assert_eq!(store.served_at(at(12)).await.unwrap()[0].rollout, None, "it waits for its turn");

    let mut turned = start.rollout.on(&turn(store).await, at(20)).unwrap();
    turned.next.stage = Stage::Canary;
    turned.journal.to = StageName::Canary;
    turned.journal.share = turned.next.share();
    let canary = commit(store, &start, &turned, at(20)).await.unwrap().stored;
    let waiting = queued(store, &version(store, b"three").await.reference).await;
    let incident = Event::Pause { reason: "by hand".to_owned() };
    let paused = happens(store, &canary, &incident, at(30)).await;
    assert!(paused.rollout.share() > Share::ZERO, "{waiting:?}");

    let told = |served: Vec<Served>| {
        let served = served.into_iter().next().unwrap();
        let rollout = served.rollout.unwrap();
        assert_eq!((served.version.unwrap(), rollout.id), (incumbent.clone(), RolloutId(2)));
        assert_eq!((&rollout.candidate, rollout.stage.as_str()), (&candidate, "canary"));
        (rollout.share, rollout.overlays)
    };
    let share = paused.rollout.share();
    assert_eq!(told(store.served_at(at(29)).await.unwrap()), (share, Vec::new()));
    let overlays = vec!["paused(operator)".to_owned()];
    assert_eq!(told(store.served_at(at(30)).await.unwrap()), (share, overlays));
}

#[tokio::test]
async fn quarantine_known_good_and_retirement_move_with_the_commit() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let good = version(store, b"one").await.reference;
    let bad = version(store, b"two").await.reference;
    let rollout = queued(store, &good).await;
    let mut transition = rollout.rollout.on(&turn(store).await, at(4)).unwrap();
    transition.journal.effects = vec![
        Effect::KnownGood { version: good.clone() },
        Effect::KnownGood { version: bad.clone() },
        Effect::Quarantine { digest: bad.digest.clone(), why: "worse".to_owned() },
        Effect::Retired { version: bad.clone() },
    ];
    commit(store, &rollout, &transition, at(4)).await.unwrap();
    let mark = store.quarantine(&bad.digest).await.unwrap().unwrap();
    assert_eq!((mark.rollout, mark.cause.as_str()), (Some(RolloutId(1)), "worse"));
    let known: Vec<_> =
        store.known_good(&endpoint()).await.unwrap().into_iter().map(|k| k.version).collect();
    assert_eq!(known, [good]);
    let retired = store.version(&bad.model, bad.number).await.unwrap();
    assert_eq!(retired.lifecycle, crate::versions::Lifecycle::Retired);
    let actor = super::fixture::ada();
    store.lift_quarantine(&bad.digest, "looked at it", &actor, at(5)).await.unwrap();
    assert_eq!(store.quarantine(&bad.digest).await.unwrap(), None);
    assert_eq!(store.known_good(&endpoint()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn epochs_rise_over_all_rollouts_of_the_store() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let first = queued(store, &version(store, b"one").await.reference).await;
    let second = queued(store, &version(store, b"two").await.reference).await;
    let mut last = Epoch(0);
    for start in [first, second] {
        let turn = turn(store).await;
        let turned = happens(store, &start, &turn, at(4)).await;
        let ended = happens(store, &turned, &abort(), at(5)).await;
        assert!(ended.rollout.stage.is_terminal());
        assert!(ended.rollout.epoch > last, "{:?} after {last:?}", ended.rollout.epoch);
        last = ended.rollout.epoch;
        assert_eq!(store.epoch().await.unwrap(), last);
    }
}

#[tokio::test]
async fn rollouts_are_listed_by_phase_and_page() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let candidate = version(store, b"one").await.reference;
    for _ in 0..3 {
        queued(store, &candidate).await;
    }
    let filter = Filter { endpoint: Some(endpoint()), phase: Some(Phase::Queued) };
    let page = store.rollouts(&filter, &Request::first(2)).await.unwrap();
    let ids: Vec<_> = page.items.iter().map(|stored| stored.rollout.id.0).collect();
    assert_eq!((ids, page.next), (vec![3, 2], Some(RolloutId(2))));
    let rest = store.rollouts(&filter, &Request::after(RolloutId(2), 2)).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    let ended = Filter { phase: Some(Phase::Ended), ..filter };
    assert!(store.rollouts(&ended, &Request::first(2)).await.unwrap().items.is_empty());
}
