//! What every store promises of searches, and of what people say of models, as tests.

use super::fixture::{Fixture, ada, at, fixture, model, new_version, version};
use crate::Store;
use crate::aliases::By;
use crate::models::{Created, Said};
use crate::page::Request;
use crate::search::{Error, Search, Token};
use crate::versions::{self, Version};
use seatrial_domain::search::{Subject, filter, order_by};
use seatrial_domain::{ModelName, VersionNumber};
use std::collections::BTreeMap;

fn looking_for(subject: Subject, text: &str, order: &[&str], limit: u32) -> Search {
    let clauses: Vec<String> = order.iter().map(|clause| (*clause).to_owned()).collect();
    let filter = filter(text, subject).unwrap();
    Search { filter, order: order_by(&clauses, subject).unwrap(), after: None, limit }
}

fn name(text: &str) -> ModelName {
    text.parse().unwrap()
}

/// Models a, B, ab and b_c, the later the name the later made; `a` is tagged.
async fn four_models() -> Fixture {
    let fixture = fixture().await;
    for (place, model) in ["a", "B", "ab", "b_c"].into_iter().enumerate() {
        let now = at(i64::try_from(place).unwrap());
        let said = Said {
            description: Some(format!("the model {model}")),
            tags: if model == "a" { [("team".into(), "x".into())].into() } else { BTreeMap::new() },
        };
        let made = fixture.store.create_model(&name(model), &said, now).await.unwrap();
        assert!(matches!(made, Created::New(_)));
    }
    fixture
}

async fn models(fixture: &Fixture, text: &str, order: &[&str]) -> Vec<String> {
    let search = looking_for(Subject::Models, text, order, 100);
    let found = fixture.store.search_models(&search).await.unwrap();
    assert_eq!(found.next, None);
    found.items.into_iter().map(|model| model.name.to_string()).collect()
}

#[tokio::test]
async fn models_are_found_by_name_and_tag() {
    let fixture = four_models().await;
    for (text, expected) in [
        ("", vec!["B", "a", "ab", "b_c"]),
        ("name LIKE 'a%'", vec!["a", "ab"]),
        ("name LIKE '_'", vec!["B", "a"]),
        ("name LIKE 'b%'", vec!["b_c"]),
        ("name ILIKE 'b%'", vec!["B", "b_c"]),
        ("name LIKE '%*%'", vec![]),
        ("name IN ('a', 'B', 'zzz')", vec!["B", "a"]),
        ("name != 'a' AND name != 'B'", vec!["ab", "b_c"]),
        ("tag.team = 'x'", vec!["a"]),
        ("tag.team != 'x'", vec!["B", "ab", "b_c"]),
        ("tag.`mlflow.prompt.is_prompt` != 'true'", vec!["B", "a", "ab", "b_c"]),
        ("name = 'a'' OR 1=1 --'", vec![]),
    ] {
        assert_eq!(models(&fixture, text, &[]).await, expected, "{text}");
    }
    let newest_first = models(&fixture, "", &["last_updated_timestamp DESC"]).await;
    assert_eq!(newest_first, ["b_c", "ab", "B", "a"]);
}

#[tokio::test]
async fn pages_follow_each_other_while_models_come_and_go() {
    let fixture = four_models().await;
    let store = &fixture.store;
    let mut search = looking_for(Subject::Models, "", &["name DESC"], 2);
    let first = store.search_models(&search).await.unwrap();
    assert_eq!(first.items.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["b_c", "ab"]);
    // One comes before, one after, and the one the token names goes.
    for new in ["z", "aa"] {
        store.create_model(&name(new), &Said::default(), at(9)).await.unwrap();
    }
    store.delete_model(&name("ab"), &ada(), at(9)).await.unwrap();
    let text = first.next.unwrap().to_string();
    search.after = Token::parse(&text);
    let rest = store.search_models(&search).await.unwrap();
    assert_eq!(rest.items.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["aa", "a"]);
    assert!(rest.next.is_some(), "B is still to come");

    let other = looking_for(Subject::Models, "", &[], 1);
    let other = Search { after: Token::parse(&text), ..other };
    assert!(matches!(store.search_models(&other).await, Err(Error::Token)), "another order's");
    for wrong in ["", "zz", "7b7d", &"0".repeat(5000)] {
        assert_eq!(Token::parse(wrong), None, "{wrong}");
    }
}

#[tokio::test]
async fn versions_are_found_by_number_source_and_tag_over_many_pages() {
    const COUNT: u64 = 3_001;
    let fixture = fixture().await;
    let store = &fixture.store;
    let new = new_version(store, b"one").await;
    for number in 1..=COUNT {
        // The digest is a version's identity: each needs a path of its own.
        let file = seatrial_domain::manifest::File {
            path: format!("{number}/model.onnx").parse().unwrap(),
            ..new.manifest.files()[0].clone()
        };
        let manifest = seatrial_domain::manifest::Manifest::new(
            seatrial_domain::manifest::ArtifactType::Model,
            vec![file],
        );
        let tags = [("parity".to_owned(), (number % 2).to_string())].into();
        let new = versions::New { manifest: manifest.unwrap(), tags, ..new.clone() };
        store.register_version(&new).await.unwrap();
    }
    let mut odd = looking_for(Subject::Versions, "tag.parity = '1'", &["version_number ASC"], 400);
    let mut numbers = Vec::new();
    loop {
        let found = store.search_versions(&odd).await.unwrap();
        numbers.extend(found.items.iter().map(|version| version.reference.number.0));
        odd.after = found.next;
        if odd.after.is_none() {
            break;
        }
    }
    assert_eq!(numbers, (1..=COUNT).step_by(2).collect::<Vec<_>>());
    let text = "version_number > 2999 AND source_path = 'a test' AND name = 'digits'";
    for limit in [100, 100_000] {
        let every = looking_for(Subject::Versions, "", &["version_number DESC"], limit);
        let mut expected = (1..=COUNT).rev();
        for page in pages(store, every).await {
            assert!(page.into_iter().eq(expected.by_ref().take(usize::try_from(limit).unwrap())));
        }
        assert_eq!(expected.next(), None, "pages of {limit}");
    }
    let last = store.search_versions(&looking_for(Subject::Versions, text, &[], 10)).await.unwrap();
    let last: Vec<u64> = last.items.iter().map(|version| version.reference.number.0).collect();
    assert_eq!(last, [3001, 3000], "by default the newest first");
    let none = looking_for(Subject::Versions, "run_id = 'r'", &[], 10);
    assert_eq!(store.search_versions(&none).await.unwrap().items, []);
}

/// Every page of a search, until there is none.
async fn pages(store: &Store, mut search: Search) -> Vec<Vec<u64>> {
    let mut pages = Vec::new();
    loop {
        let found = store.search_versions(&search).await.unwrap();
        pages.push(found.items.iter().map(|version| version.reference.number.0).collect());
        search.after = found.next;
        if search.after.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn a_page_ends_before_it_takes_too_much_of_an_answer() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let new = new_version(store, b"one").await;
    let text = "x".repeat(6 << 20);
    store.create_model(&new.model, &Said::default(), at(1)).await.unwrap();
    for _ in 0..5 {
        store.register_numbered(&new, &versions::Origin::default(), &text).await.unwrap();
    }
    for limit in [4, 100_000] {
        let search = looking_for(Subject::Versions, "", &["version_number ASC"], limit);
        assert_eq!(pages(store, search).await, [vec![1, 2], vec![3, 4], vec![5]], "6 MiB each");
    }
    let search = looking_for(Subject::Versions, "", &["version_number ASC"], 1);
    assert_eq!(pages(store, search).await.len(), 5, "a page asked to be smaller is");
    let first = store.versions(&new.model, &Request::first(1000)).await.unwrap();
    let numbers = |page: &[Version]| page.iter().map(|v| v.reference.number.0).collect::<Vec<_>>();
    assert_eq!(numbers(&first.items), [5, 4], "so it is where they are listed");
    let rest = store.versions(&new.model, &Request::after(first.next.unwrap(), 1000)).await;
    assert_eq!(numbers(&rest.unwrap().items), [3, 2]);

    for name in ["large-a", "large-b", "large-c"] {
        let said = Said { description: Some(text.clone()), ..Said::default() };
        store.create_model(&name.parse().unwrap(), &said, at(2)).await.unwrap();
    }
    let search = looking_for(Subject::Models, "name LIKE 'large-%'", &[], 100);
    let found = store.search_models(&search).await.unwrap();
    assert_eq!((found.items.len(), found.next.is_some()), (2, true));
    let listed = store.models(&Request::after("large".parse().unwrap(), 1000)).await.unwrap();
    assert_eq!((listed.items.len(), listed.next.unwrap().as_str()), (2, "large-b"));
}

#[tokio::test]
async fn versions_are_not_read_at_once_that_would_take_too_much_of_an_answer() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let mut new = new_version(store, b"one").await;
    store.create_model(&new.model, &Said::default(), at(1)).await.unwrap();
    let value = "x".repeat(100_000);
    new.tags = (0..40).map(|key| (key.to_string(), value.clone())).collect();
    for _ in 0..5 {
        store.register_numbered(&new, &versions::Origin::default(), "").await.unwrap();
    }
    let of = |limit| looking_for(Subject::Versions, "", &["version_number ASC"], limit);
    assert!(store.versions_at_once(&of(3)).await.unwrap().is_some(), "four of four megabytes");
    assert!(store.versions_at_once(&of(4)).await.unwrap().is_none());
    assert_eq!(pages(store, of(100)).await, [vec![1, 2, 3, 4], vec![5]]);
}

#[tokio::test]
async fn a_page_of_models_counts_what_their_newest_versions_take() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let text = "x".repeat(6 << 20);
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        let model: ModelName = name.parse().unwrap();
        store.create_model(&model, &Said::default(), at(1)).await.unwrap();
        let new = versions::New { model, ..new_version(store, b"one").await };
        let said = if name == "d" { "" } else { &text };
        store.register_numbered(&new, &versions::Origin::default(), said).await.unwrap();
    }
    for (order, expected) in [
        (vec![], [vec!["a", "b"], vec!["c", "d", "e"]]),
        (vec!["name DESC"], [vec!["e", "d", "c"], vec!["b", "a"]]),
    ] {
        let mut search = looking_for(Subject::Models, "", &order, 100);
        for (place, expected) in expected.iter().enumerate() {
            let found = store.search_described(&search).await.unwrap();
            let names = found.items.iter().map(|found| found.model.name.as_str());
            assert_eq!(names.collect::<Vec<_>>(), *expected, "6 MiB each");
            assert!(found.items.iter().all(|found| found.newest.len() == 1), "none is left out");
            assert_eq!(found.next.is_some(), place == 0);
            search.after = found.next;
        }
    }
}

#[tokio::test]
async fn what_is_larger_than_a_page_is_a_page_of_its_own() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let text = "x".repeat(17 << 20);
    for name in ["a", "b"] {
        let model: ModelName = name.parse().unwrap();
        store.create_model(&model, &Said::default(), at(1)).await.unwrap();
        let new = versions::New { model, ..new_version(store, b"one").await };
        store.register_numbered(&new, &versions::Origin::default(), &text).await.unwrap();
    }
    let mut search = looking_for(Subject::Models, "", &[], 100);
    let mut pages = 0;
    loop {
        let found = store.search_described(&search).await.unwrap();
        assert_eq!((found.items.len(), found.items[0].newest.len()), (1, 1));
        pages += 1;
        search.after = found.next;
        if search.after.is_none() {
            break;
        }
    }
    assert_eq!(pages, 2);
}

#[tokio::test]
async fn a_deleted_model_made_again_is_empty_and_its_numbers_go_on() {
    let fixture = fixture().await;
    let store = &fixture.store;
    version(store, b"one").await;
    let said = Said { description: Some("old".into()), tags: [("k".into(), "v".into())].into() };
    let there = store.create_model(&model(), &said, at(2)).await.unwrap();
    assert!(matches!(there, Created::Existing(found) if found.description.is_empty()));
    store.describe_model(&model(), &said, at(2)).await.unwrap();
    store.delete_model(&model(), &ada(), at(3)).await.unwrap();
    assert!(store.describe_model(&model(), &said, at(3)).await.is_err());
    assert!(store.untag_model(&model(), "k", at(3)).await.is_err());

    let Created::New(made) = store.create_model(&model(), &Said::default(), at(4)).await.unwrap()
    else {
        panic!("it was deleted");
    };

    assert_eq!((made.description.as_str(), made.tags.len(), made.latest), ("", 0, None));
    assert_eq!(version(store, b"two").await.reference.number, VersionNumber(2));
}

#[tokio::test]
async fn what_is_said_of_a_version_leaves_its_seal_alone() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let sealed = version(store, b"one").await;
    let key = (&model(), VersionNumber(1));
    store.describe_version(key, "for the new scanner", at(7)).await.unwrap();
    let actor = ada();
    let by = By { actor: &actor, cause: "removed by hand", now: at(8) };
    store.untag_version(key, "team", by).await.unwrap();
    store.untag_version(key, "team", by).await.unwrap();
    let said = store.version(&model(), VersionNumber(1)).await.unwrap();
    assert_eq!(said.description, "for the new scanner");
    assert_eq!((said.tags.len(), said.updated_at, said.created_at), (0, at(8), at(1)));
    assert_eq!(said.reference, sealed.reference);
    let missing = (&model(), VersionNumber(9));
    assert!(store.describe_version(missing, "x", at(9)).await.is_err());
}
