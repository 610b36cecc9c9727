//! What every store promises of how much may be said of models and versions, as tests.

use super::fixture::{Fixture, ada, at, fixture_with, live, model, new_version, version};
use crate::aliases::By;
use crate::models::Said;
use crate::tags::Limits;
use crate::versions::{Error, Origin};
use crate::{Options, Store};
use std::collections::BTreeMap;

async fn three() -> Fixture {
    fixture_with(Options { tags: Limits { most: 3, bytes: 100 }, ..Options::default() }).await
}

/// A version without tags.
async fn plain(store: &Store) {
    let mut new = new_version(store, b"one").await;
    new.tags = BTreeMap::new();
    store.register_version(&new).await.unwrap();
}

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

async fn on_version(store: &Store, pairs: &[(&str, &str)]) -> Result<(), Error> {
    let key = (&model(), seatrial_domain::VersionNumber(1));
    let by = By { actor: &ada(), cause: "said by a test", now: at(2) };
    store.tag_version(key, &tags(pairs), by).await
}

async fn on_model(store: &Store, pairs: &[(&str, &str)]) -> Result<(), Error> {
    let said = Said { description: None, tags: tags(pairs) };
    store.describe_model(&model(), &said, at(2)).await.map(drop)
}

fn is_of<T>(refused: &Result<T, Error>, what: &str) -> bool {
    matches!(refused, Err(Error::Limit { of, .. }) if *of == what)
}

#[tokio::test]
async fn a_version_and_a_model_take_so_many_tags_and_one_more_is_refused_whole() {
    let fixture = three().await;
    let store = &fixture.store;
    plain(store).await;
    for one_or_more in [&[("a", "1"), ("b", "1"), ("c", "1")][..], &[("c", "2")], &[("a", "1")]] {
        on_version(store, one_or_more).await.unwrap();
        on_model(store, one_or_more).await.unwrap();
    }
    let more = [("a", "2"), ("d", "1")];
    assert!(is_of(&on_version(store, &more).await, "tags"));
    assert!(is_of(&on_model(store, &more).await, "tags"));
    let kept = tags(&[("a", "1"), ("b", "1"), ("c", "2")]);
    assert_eq!(store.model(&model()).await.unwrap().tags, kept);
    let number = seatrial_domain::VersionNumber(1);
    assert_eq!(store.version(&model(), number).await.unwrap().tags, kept);
    store.untag_model(&model(), "b", at(3)).await.unwrap();
    on_model(store, &[("d", "1")]).await.unwrap();
}

#[tokio::test]
async fn their_bytes_are_limited_however_few_they_are() {
    let fixture = three().await;
    let store = &fixture.store;
    plain(store).await;
    let (fits, too_long) = ("x".repeat(99), "é".repeat(50));
    on_version(store, &[("a", &fits)]).await.unwrap();
    assert!(is_of(&on_version(store, &[("a", &too_long)]).await, "bytes of tags"));
    assert!(is_of(&on_model(store, &[("a", &too_long)]).await, "bytes of tags"));
}

#[tokio::test]
async fn nothing_is_registered_with_too_many_tags() {
    let fixture = three().await;
    let store = &fixture.store;
    let mut new = new_version(store, b"one").await;
    new.tags = tags(&[("a", ""), ("b", ""), ("c", ""), ("d", "")]);
    assert!(is_of(&store.register_version(&new).await, "tags"));
    let said = Said { description: None, tags: new.tags.clone() };
    assert!(is_of(&store.create_model(&model(), &said, at(1)).await, "tags"));
    assert!(store.model(&model()).await.is_err(), "nothing of it stays");
    store.create_model(&model(), &Said::default(), at(1)).await.unwrap();
    let numbered = store.register_numbered(&new, &Origin::default(), "").await;
    assert!(is_of(&numbered, "tags"));
    assert_eq!(store.model(&model()).await.unwrap().latest, None);
}

async fn aliased(store: &Store, number: u64, alias: &str) -> Result<(), Error> {
    let by = By { actor: &ada(), cause: "said by a test", now: at(2) };
    store.set_alias((&model(), seatrial_domain::VersionNumber(number)), alias, by).await
}

#[tokio::test]
async fn a_model_takes_so_many_aliases_of_whoever_asks_and_rollouts_move_theirs_beyond_it() {
    let fixture = fixture_with(Options { aliases_limit: 2, ..Options::default() }).await;
    let store = &fixture.store;
    let first = version(store, b"one").await;
    version(store, b"two").await;
    for (number, alias) in [(1, "a"), (1, "b"), (2, "b"), (2, "b")] {
        aliased(store, number, alias).await.unwrap();
    }
    assert!(is_of(&aliased(store, 2, "c").await, "aliases"));
    let mut new = new_version(store, b"three").await;
    new.aliases = vec!["a".to_owned(), "c".to_owned()];
    assert!(is_of(&store.register_version(&new).await, "aliases"));
    let known = store.model(&model()).await.unwrap();
    let aliases: Vec<(&str, u64)> =
        known.aliases.iter().map(|(alias, number)| (alias.as_str(), number.0)).collect();
    assert_eq!(aliases, [("a", 1), ("b", 2)], "nothing of what was refused stays");
    assert_eq!(known.latest, Some(seatrial_domain::VersionNumber(2)));

    live(store, &first.reference).await;
    let champion = store.alias(&model(), "champion").await.unwrap();
    assert_eq!(champion, Some(first.reference.number));
    let by = By { actor: &ada(), cause: "said by a test", now: at(9) };
    for alias in ["a", "b"] {
        store.remove_alias(&model(), alias, by).await.unwrap();
    }
    aliased(store, 2, "c").await.unwrap();
}
