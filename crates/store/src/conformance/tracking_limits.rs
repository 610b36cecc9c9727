//! That no client fills the disk, or one answer, with what it logs.

use super::fixture::{at, fixture_with};
use super::tracking::{metric, metrics, new_model, pairs, run};
use crate::tracking::{Batch, Error, Limits, LoggedModelId, NewRun, Pairs, RunId};
use crate::{Options, storage};
use seatrial_domain::search::{Subject, filter, order_by};

fn options(tracking: Limits) -> Options {
    Options { tracking, ..Options::default() }
}

fn tags(given: &[(&str, &str)]) -> Batch {
    Batch { tags: pairs(given), ..Batch::default() }
}

fn reached(result: Result<(), Error>) -> &'static str {
    match result {
        Err(Error::Limit { limit, .. }) => limit,
        other => panic!("no limit was reached: {other:?}"),
    }
}

#[tokio::test]
async fn a_run_takes_no_more_bytes_than_allowed_but_may_replace_and_remove() {
    let limits = Limits { max_each: 1500, ..Limits::default() };
    let fixture = fixture_with(options(limits)).await;
    let (store, run) = (&fixture.store, run(&fixture, 1).await);
    let long = "x".repeat(700);
    store.log(&run.id, &tags(&[("long", &long)])).await.unwrap();
    for _ in 0..5 {
        store.log(&run.id, &tags(&[("long", &long)])).await.unwrap();
    }
    assert_eq!(reached(store.log(&run.id, &tags(&[("more", &long)])).await), "max_each");
    let params = Batch { params: pairs(&[("p", &long)]), ..Batch::default() };
    assert_eq!(reached(store.log(&run.id, &params).await), "max_each");
    assert_eq!(store.run(&run.id).await.unwrap().params, Pairs::new());
    store.untag_run(&run.id, "long").await.unwrap();
    store.log(&run.id, &params).await.unwrap();
    let unknown = store.untag_run(&run.id, "long").await;
    assert!(matches!(unknown, Err(Error::UnknownTag { .. })));
}

#[tokio::test]
async fn a_run_takes_no_more_points_than_allowed_and_repeated_ones_are_free() {
    let limits = Limits { max_points: 3, ..Limits::default() };
    let fixture = fixture_with(options(limits)).await;
    let (store, run) = (&fixture.store, run(&fixture, 1).await);
    let points = |range: std::ops::Range<i64>| metrics(range.map(|n| metric("m", 1.0, n, n)));
    store.log(&run.id, &points(0..3)).await.unwrap();
    store.log(&run.id, &points(0..3)).await.unwrap();
    assert_eq!(reached(store.log(&run.id, &points(2..4)).await), "max_points");
    let history = store.metric_history((&run.id, "m"), None, 10).await.unwrap();
    assert_eq!(history.metrics.len(), 3);
}

#[tokio::test]
async fn all_runs_and_models_together_take_no_more_than_allowed() {
    let limits = Limits { max_total: 4000, ..Limits::default() };
    let fixture = fixture_with(options(limits)).await;
    let run = run(&fixture, 1).await;
    let points = metrics((0..10).map(|n| metric("m", 1.0, n, n)));
    fixture.store.log(&run.id, &points).await.unwrap();
    let fixture = fixture.reopened().await;
    let mut made = 0;
    let limit = loop {
        let new = NewRun {
            id: RunId::new(100 + made),
            experiment: run.experiment,
            name: "n".to_owned(),
            user: String::new(),
            started_ms: None,
            tags: Pairs::new(),
            now: at(2),
        };
        match fixture.store.create_run(&new).await {
            Ok(_) => made += 1,
            Err(Error::Limit { limit, .. }) => break limit,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(limit, "max_total");
    assert!((5..15).contains(&made), "{made} more runs fit");
    let model = fixture.store.create_logged_model(&new_model(1, None)).await;
    assert!(matches!(model, Err(Error::Limit { limit: "max_total", .. })), "{model:?}");
    let missing = fixture.store.logged_model(&LoggedModelId::new(1)).await;
    assert!(matches!(missing, Err(Error::UnknownLoggedModel(_))), "nothing of it is there");
}

#[tokio::test]
async fn a_page_of_large_models_ends_early_and_goes_on() {
    let fixture = fixture_with(Options::default()).await;
    let value = "x".repeat(100_000);
    for number in 1..=3 {
        let mut new = new_model(number, None);
        new.params = (0..120).map(|n| (format!("p{n}"), value.clone())).collect();
        fixture.store.create_logged_model(&new).await.unwrap();
    }
    let mut search = crate::search::Search {
        filter: filter("", Subject::LoggedModels).unwrap(),
        order: order_by(&[], Subject::LoggedModels).unwrap(),
        after: None,
        limit: 100,
    };
    let experiments = [crate::tracking::ExperimentId(0)];
    for number in [3, 2, 1] {
        let page = fixture.store.search_logged_models(&experiments, &search).await.unwrap();
        let ids: Vec<_> = page.items.iter().map(|model| model.id.clone()).collect();
        assert_eq!(ids, [LoggedModelId::new(number)]);
        search.after = page.next;
    }
    assert_eq!(search.after, None);
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_of_the_batch_stays() {
    let fixture =
        fixture_with(Options { database_limit: Some(2 << 20), ..Options::default() }).await;
    let run = run(&fixture, 1).await;
    let value = "x".repeat(6000);
    let mut full = None;
    for number in 0..200 {
        let (one, two) = (format!("{number}-one"), format!("{number}-two"));
        let params = pairs(&[(one.as_str(), value.as_str()), (two.as_str(), value.as_str())]);
        let logged = fixture.store.log(&run.id, &Batch { params, ..Batch::default() }).await;
        if let Err(error) = logged {
            full = Some(error);
            break;
        }
    }
    assert!(matches!(full, Some(Error::Storage(storage::Error::Full(_)))), "{full:?}");
    let params = fixture.store.run(&run.id).await.unwrap().params;
    assert!(!params.is_empty() && params.len().is_multiple_of(2), "{} are there", params.len());
}
