//! What is remembered of deleted and renamed things.

use super::fixture::{
    ada, at, fixture, happens, live, model, new_version, queued, tamper, turn, version,
};
use crate::aliases::By;
use crate::models::Said;
use crate::page::Request;
use crate::versions::{Error, Origin};
use seatrial_domain::{ModelName, VersionNumber};

#[tokio::test]
async fn no_way_of_making_a_model_again_gives_a_number_twice() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let (actor, mut numbers) = (ada(), Vec::new());
    for seconds in 10..14 {
        let new = new_version(store, b"one").await;
        // By a client that makes the model first, and by one that does not.
        let registered = if seconds % 2 == 0 {
            store.create_model(&model(), &Said::default(), at(seconds)).await.unwrap();
            store.register_numbered(&new, &Origin::default(), "").await.unwrap().reference
        } else {
            store.register_version(&new).await.unwrap().into_version().reference
        };
        numbers.push(registered.number.0);
        if seconds == 12 {
            store.delete_version((&model(), registered.number), &actor, at(seconds)).await.unwrap();
        }
        store.delete_model(&model(), &actor, at(seconds)).await.unwrap();
        let gone = store.version(&model(), registered.number).await;
        assert!(matches!(gone, Err(Error::UnknownVersion(..))));
    }
    assert_eq!(numbers, [1, 2, 3, 4]);
    let fixture = fixture.reopened().await;
    assert_eq!(version(&fixture.store, b"one").await.reference.number, VersionNumber(5));
}

#[tokio::test]
async fn a_deleted_version_drops_its_aliases_and_their_history_stays() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let actor = ada();
    let one = version(store, b"one").await.reference;
    let two = version(store, b"two").await.reference;
    let by = |cause, seconds| By { actor: &actor, cause, now: at(seconds) };
    store.set_alias((&one.model, one.number), "best", by("first", 5)).await.unwrap();
    store.set_alias((&two.model, two.number), "next", by("soon", 6)).await.unwrap();
    store.delete_version((&one.model, one.number), &actor, at(7)).await.unwrap();

    assert_eq!(store.alias(&model(), "best").await.unwrap(), None);
    assert_eq!(store.alias(&model(), "next").await.unwrap(), Some(two.number));
    let moves = store.alias_history(&model(), None, &Request::first(9)).await.unwrap().items;
    let told = moves.iter().map(|m| (m.alias.as_str(), m.to.map(|n| n.0), m.cause.as_str()));
    let expected = [
        ("best", None, "the version was deleted"),
        ("next", Some(2), "soon"),
        ("best", Some(1), "first"),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let then = store.aliases_at(&model(), at(6)).await.unwrap();
    let then = then.iter().map(|m| (m.alias.as_str(), m.to.unwrap().0)).collect::<Vec<_>>();
    assert_eq!(then, [("best", 1), ("next", 2)]);
    assert!(store.aliases_at(&model(), at(4)).await.unwrap().is_empty());
    let now = store.aliases_at(&model(), at(8)).await.unwrap();
    assert_eq!(now.len(), 1, "what points nowhere is left out");

    store.delete_model(&model(), &actor, at(9)).await.unwrap();
    let after = store.aliases_at(&model(), at(6)).await.unwrap();
    assert_eq!(after.len(), 2, "also once the model is gone");
}

#[tokio::test]
async fn a_history_comes_in_pages_and_goes_along_with_a_new_name() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let actor = ada();
    for content in 0..5_u8 {
        let version = version(store, &[content]).await.reference;
        let by = By { actor: &actor, cause: "a move", now: at(5 + i64::from(content)) };
        store.set_alias((&version.model, version.number), "best", by).await.unwrap();
    }
    let renamed: ModelName = "renamed".parse().unwrap();
    let by = By { actor: &actor, cause: "a better name", now: at(20) };
    store.rename_model(&model(), &renamed, by).await.unwrap();

    let mut seen = Vec::new();
    let mut next = Some(Request::first(2));
    while let Some(request) = next {
        let page = store.alias_history(&renamed, Some("best"), &request).await.unwrap();
        seen.extend(page.items.iter().map(|m| m.to.unwrap().0));
        next = page.next.map(|id| Request::after(id, 2));
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let then = store.aliases_at(&renamed, at(7)).await.unwrap();
    assert_eq!(then[0].to, Some(VersionNumber(3)), "also of the time before");
}

#[tokio::test]
async fn a_standby_is_not_deleted() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let first = version(store, b"one").await.reference;
    live(store, &first).await;
    tamper(fixture.dir.path(), "UPDATE rollout SET phase = 'ended'").await;
    let second = version(store, b"two").await.reference;
    let rollout = queued(store, &second).await;
    let turn = turn(store).await;
    happens(store, &rollout, &turn, at(12)).await;
    // After the cutover: the incumbent serves no longer, and may have to.
    tamper(fixture.dir.path(), "UPDATE endpoint SET serving = NULL").await;

    let refused = store.delete_version((&first.model, first.number), &ada(), at(20)).await;
    assert!(
        matches!(&refused, Err(Error::Referenced { by, .. }) if by == "rollout 2"),
        "{refused:?}"
    );
    let refused = store.delete_model(&model(), &ada(), at(20)).await;
    assert!(matches!(refused, Err(Error::Referenced { .. })), "{refused:?}");
    assert_eq!(store.version(&first.model, first.number).await.unwrap().reference, first);
}
