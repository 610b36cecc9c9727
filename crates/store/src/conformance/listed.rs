//! What every store promises of versions as registry clients are told of them, as tests.

use super::fixture::{ada, at, fixture, live, new_version, version};
use crate::Store;
use crate::aliases::By;
use crate::page::Request;
use crate::search::Search;
use crate::versions::{New, Newest, Origin, Stage};
use seatrial_domain::search::{Subject, filter, order_by};
use seatrial_domain::{ModelName, VersionNumber};

fn name(text: &str) -> ModelName {
    text.parse().unwrap()
}

/// Of the same bytes, with numbers of their own.
async fn versions(store: &Store, model: &str, count: u64) {
    let model = name(model);
    store.create_model(&model, &crate::models::Said::default(), at(1)).await.unwrap();
    let new = New { model, ..new_version(store, b"one").await };
    for _ in 0..count {
        let made = store.register_numbered(&new, &Origin::default(), "").await.unwrap();
        let key = (&made.reference.model, made.reference.number);
        assert_eq!(store.listed(key).await.unwrap(), made, "it is answered as it is found");
    }
}

/// `digits`, whose first version a rollout brought live; `staged`, with versions in three stages and
/// one deleted; `gone`, that had versions; `empty`.
async fn models(store: &Store) -> [ModelName; 4] {
    let first = version(store, b"one").await.reference;
    live(store, &first).await;
    version(store, b"two").await;
    version(store, b"three").await;
    versions(store, "staged", 7).await;
    let staged = name("staged");
    for (number, stage) in [(1, Stage::Archived), (2, Stage::Staging), (4, Stage::Staging)] {
        store.set_stage((&staged, VersionNumber(number)), stage, None, at(4)).await.unwrap();
    }
    store.delete_version((&staged, VersionNumber(7)), &ada(), at(5)).await.unwrap();
    versions(store, "gone", 1).await;
    store.delete_version((&name("gone"), VersionNumber(1)), &ada(), at(5)).await.unwrap();
    versions(store, "empty", 0).await;
    [first.model, staged, name("gone"), name("empty")]
}

/// Found by looking at each version of each model.
async fn one_by_one(store: &Store, models: &[ModelName]) -> Newest {
    let mut newest = Newest::new();
    for model in models {
        let page = store.versions(model, &Request::first(100)).await.unwrap();
        for version in page.items.iter().rev() {
            let version = store.listed((model, version.reference.number)).await.unwrap();
            let stages = newest.entry(model.clone()).or_default();
            stages.insert(version.standing.stage, version);
        }
    }
    newest
}

#[tokio::test]
async fn the_newest_of_a_page_of_models_are_those_of_each() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let models = models(store).await;

    let newest = store.newest_by_stage(&models.each_ref()).await.unwrap();

    let shown: Vec<_> = newest
        .iter()
        .map(|(model, stages)| {
            let number = |(stage, version): (&Stage, &crate::versions::Listed)| {
                (*stage, version.reference.number.0)
            };
            (model.as_str(), stages.iter().map(number).collect::<Vec<_>>())
        })
        .collect();
    let digits = vec![(Stage::None, 3), (Stage::Production, 1)];
    let staged = vec![(Stage::None, 6), (Stage::Staging, 4), (Stage::Archived, 1)];
    assert_eq!(shown, [("digits", digits), ("staged", staged)]);
    assert_eq!(newest, one_by_one(store, &models).await);
    for model in &models {
        let alone = store.newest_by_stage(&[model]).await.unwrap();
        assert_eq!(alone.get(model), newest.get(model), "{model}");
    }
}

#[tokio::test]
async fn a_version_is_listed_by_number_alias_and_search_as_it_is_registered() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let [digits, ..] = models(store).await;
    let by = By { actor: &ada(), cause: "by hand", now: at(6) };
    for alias in ["z", "best"] {
        store.set_alias((&digits, VersionNumber(2)), alias, by).await.unwrap();
    }
    let clauses = ["version_number ASC".to_owned()];
    let search = Search {
        filter: filter("name = 'digits'", Subject::Versions).unwrap(),
        order: order_by(&clauses, Subject::Versions).unwrap(),
        after: None,
        limit: 10,
    };

    let found = store.search_versions(&search).await.unwrap().items;

    assert_eq!(found.iter().map(|it| it.reference.number.0).collect::<Vec<_>>(), [1, 2, 3]);
    for listed in &found {
        let key = (&digits, listed.reference.number);
        assert_eq!(store.listed(key).await.unwrap(), *listed);
        let whole = store.version(key.0, key.1).await.unwrap();
        assert_eq!((&listed.reference, &listed.tags), (&whole.reference, &whole.tags));
        assert_eq!((&listed.aliases, &listed.source), (&whole.aliases, &whole.source));
        assert_eq!((listed.updated_at, &listed.origin), (whole.updated_at, &whole.origin));
    }
    assert_eq!(found[1].aliases, ["best", "z"]);
    assert_eq!(store.listed_as(&digits, "best").await.unwrap().as_ref(), Some(&found[1]));
    assert_eq!(store.listed_as(&digits, "worst").await.unwrap(), None);
    assert!(store.listed((&digits, VersionNumber(4))).await.is_err());
}
