//! What every store promises of settings, as tests.

use super::fixture::{ada, at, endpoint, fixture, model, queued, version};
use crate::datasets::{self, Format};
use crate::page::Request;
use crate::policies;
use seatrial_domain::endpoint::Settings;
use seatrial_domain::{Digest, EndpointName, VersionNumber};
use serde_json::json;

#[tokio::test]
async fn equal_settings_are_not_journalled_again() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let mut settings = Settings::of(model());
    store.set_endpoint(&endpoint(), &settings, &ada(), at(1)).await.unwrap();
    store.set_endpoint(&endpoint(), &settings, &ada(), at(2)).await.unwrap();
    assert_eq!(*store.journal_head().borrow(), 1);
    settings.sessions = 8;
    let changed = store.set_endpoint(&endpoint(), &settings, &ada(), at(3)).await.unwrap();
    assert_eq!(store.endpoint(&endpoint()).await.unwrap(), Some(changed));
    assert_eq!(*store.journal_head().borrow(), 2);
}

#[tokio::test]
async fn every_text_of_a_policy_is_kept_under_its_number() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let new = |yaml: &str| policies::New {
        name: "standard".to_owned(),
        endpoint: endpoint(),
        yaml: yaml.to_owned(),
        actor: ada(),
        now: at(1),
    };
    for (yaml, number) in [("a: 1", 1), ("a: 1", 1), ("a: 2", 2), ("a: 1", 3)] {
        assert_eq!(store.apply_policy(&new(yaml)).await.unwrap().number, number);
        let in_force = store.policies().await.unwrap();
        assert_eq!(in_force.iter().map(|policy| policy.number).collect::<Vec<_>>(), [number]);
    }
    let latest = store.policy_of(&endpoint()).await.unwrap().unwrap();
    assert_eq!((latest.number, latest.yaml.as_str()), (3, "a: 1"));
    assert_eq!(store.policy("standard").await.unwrap(), Some(latest.clone()));
    assert_eq!(*store.policies().await.unwrap(), [latest]);
}

#[tokio::test]
async fn the_policy_of_an_endpoint_is_the_one_last_applied_for_it() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let (here, there) = (endpoint(), EndpointName::new("letters").unwrap());
    let apply = async |name: &str, endpoint: &EndpointName| {
        let new = policies::New {
            name: name.to_owned(),
            endpoint: endpoint.clone(),
            yaml: format!("of: {endpoint}"),
            actor: ada(),
            now: at(1),
        };
        store.apply_policy(&new).await.unwrap().number
    };
    let of = async |endpoint| {
        let policy = store.policy_of(endpoint).await.unwrap();
        policy.map(|policy| (policy.name, policy.number))
    };
    apply("a", &here).await;
    apply("b", &here).await;
    assert_eq!(of(&here).await, Some(("b".to_owned(), 1)));
    assert_eq!(apply("a", &here).await, 2, "the same text, and no longer in force");
    assert_eq!(of(&here).await, Some(("a".to_owned(), 2)));
    assert_eq!(apply("a", &here).await, 2);

    assert_eq!(apply("a", &there).await, 3);
    assert_eq!(of(&there).await, Some(("a".to_owned(), 3)));
    assert_eq!(of(&here).await, Some(("b".to_owned(), 1)), "a has moved away");
}

#[tokio::test]
async fn endpoints_and_policies_are_listed_page_after_page() {
    let fixture = fixture().await;
    let store = &fixture.store;
    for name in ["a", "b", "c"] {
        let endpoint = EndpointName::new(name).unwrap();
        store.set_endpoint(&endpoint, &Settings::of(model()), &ada(), at(1)).await.unwrap();
        let new = policies::New {
            name: name.to_owned(),
            endpoint,
            yaml: format!("of: {name}"),
            actor: ada(),
            now: at(1),
        };
        store.apply_policy(&new).await.unwrap();
    }
    let first = store.endpoints_page(&Request::first(2)).await.unwrap();
    assert_eq!(first.items.len(), 2);
    let rest = Request { after: first.next, limit: 2 };
    let rest = store.endpoints_page(&rest).await.unwrap();
    assert_eq!((rest.items[0].name.as_str(), rest.items.len(), rest.next), ("c", 1, None));
    let first = store.policies_page(&Request::first(2)).await.unwrap();
    let rest = Request { after: first.next, limit: 2 };
    let rest = store.policies_page(&rest).await.unwrap();
    assert_eq!((rest.items[0].name.as_str(), rest.items.len(), rest.next), ("c", 1, None));
}

#[tokio::test]
async fn a_dataset_is_numbered_by_its_content() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let mut numbers = Vec::new();
    for content in [&b"x,y"[..], b"x,y", b"x,z"] {
        let blob = store.blobs().store(content, 100).await.unwrap();
        let new = datasets::New {
            name: "holdout".parse().unwrap(),
            blob,
            format: Format::Csv,
            columns: vec!["x".to_owned(), "y".to_owned()],
            rows: 0,
            label: Some("y".to_owned()),
            actor: ada(),
            now: at(1),
        };
        numbers.push(store.register_dataset(&new).await.unwrap().into_dataset().number.0);
    }
    assert_eq!(numbers, [1, 1, 2]);
    let name = "holdout".parse().unwrap();
    assert_eq!(store.dataset(&name, None).await.unwrap().number, VersionNumber(2));
    let first = store.dataset(&name, Some(VersionNumber(1))).await.unwrap();
    assert_eq!(first.columns, ["x", "y"]);
    assert!(store.dataset(&name, Some(VersionNumber(3))).await.is_err());
    let page = store.datasets(&Request::first(1)).await.unwrap();
    assert_eq!(page.items, [first]);
    let rest = store.datasets(&Request::after(page.next.unwrap(), 1)).await.unwrap();
    assert_eq!((rest.items[0].number, rest.next), (VersionNumber(2), None));
}

#[tokio::test]
async fn a_validation_report_is_kept_with_its_rollout() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let rollout = queued(store, &version(store, b"one").await.reference).await.rollout.id;
    assert_eq!(store.report(rollout).await.unwrap(), None);
    for report in [json!({"passed": 11}), json!({"passed": 12})] {
        let digest = store.put_report(rollout, &report, at(5)).await.unwrap();
        assert_eq!(digest, Digest::of(report.to_string().as_bytes()));
    }
    assert_eq!(store.report(rollout).await.unwrap(), Some(json!({"passed": 12})));
}
