//! What every store promises of what clients log while they train, as tests.

use super::fixture::{Fixture, at, fixture};
use crate::tracking::{
    Batch, Dataset, Edit, Error, ExperimentId, HistoryMark, Inputs, LoggedModelId, Metric,
    ModelStatus, NewLoggedModel, NewRun, Of, Output, Pairs, Run, RunId, RunStatus,
};
use seatrial_domain::search::{Subject, filter, order_by};

const DEFAULT: ExperimentId = ExperimentId(0);

pub(super) fn pairs(given: &[(&str, &str)]) -> Pairs {
    given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn metric(key: &str, value: f64, at_ms: i64, step: i64) -> Metric {
    Metric { key: key.to_owned(), value, at_ms, step }
}

pub(super) fn metrics(given: impl IntoIterator<Item = Metric>) -> Batch {
    Batch { metrics: given.into_iter().map(|metric| (metric, None)).collect(), ..Batch::default() }
}

pub(super) async fn run(fixture: &Fixture, number: u128) -> Run {
    let new = NewRun {
        id: RunId::new(number),
        experiment: DEFAULT,
        name: "nightly".to_owned(),
        user: "ada".to_owned(),
        started_ms: Some(5),
        tags: pairs(&[("mlflow.source.git.commit", "c0ffee")]),
        now: at(1),
    };
    fixture.store.create_run(&new).await.unwrap()
}

pub(super) fn new_model(number: u128, source: Option<&RunId>) -> NewLoggedModel {
    NewLoggedModel {
        id: LoggedModelId::new(number),
        experiment: DEFAULT,
        name: "model".to_owned(),
        model_type: String::new(),
        source_run: source.map(RunId::to_string),
        tags: pairs(&[("k", "v")]),
        params: pairs(&[("p", "1")]),
        now: at(i64::try_from(number).unwrap()),
    }
}

#[tokio::test]
async fn the_default_experiment_is_there_and_others_get_numbers_of_their_own() {
    let fixture = fixture().await;
    let default = fixture.store.experiment(DEFAULT).await.unwrap();
    assert_eq!((default.name.as_str(), default.tags.len()), ("Default", 0));
    let tags = pairs(&[("team", "vision")]);
    let id = fixture.store.create_experiment("night", &tags, at(1)).await.unwrap();
    assert_eq!(id, ExperimentId(1));
    let again = fixture.store.create_experiment("night", &tags, at(2)).await;
    assert!(matches!(again, Err(Error::Exists(_))), "{again:?}");
    let found = fixture.store.experiment_by_name("night").await.unwrap().unwrap();
    assert_eq!((found.id, found.tags), (id, tags));
    assert_eq!(fixture.store.experiment_by_name("day").await.unwrap(), None);
    let unknown = fixture.store.experiment(ExperimentId(9)).await;
    assert!(matches!(unknown, Err(Error::UnknownExperiment(_))));
}

#[tokio::test]
async fn a_run_says_where_its_artifacts_are_and_outlives_a_restart() {
    let fixture = fixture().await;
    let made = run(&fixture, 1).await;
    let id = "00000000000000000000000000000001";
    assert_eq!(made.artifact_uri(), format!("mlflow-artifacts:/0/{id}/artifacts"));
    assert_eq!(made.tags["mlflow.runName"], "nightly");
    let edit = Edit {
        name: Some("daily".to_owned()),
        status: Some(RunStatus::Finished),
        ended_ms: Some(9),
    };
    let edited = fixture.store.edit_run(&made.id, &edit).await.unwrap();
    assert_eq!((edited.status, edited.ended_ms), (RunStatus::Finished, Some(9)));
    assert_eq!((edited.name.as_str(), edited.tags["mlflow.runName"].as_str()), ("daily", "daily"));
    let same = fixture.store.edit_run(&made.id, &Edit::default()).await.unwrap();
    assert_eq!(same, edited, "what is not said stays");
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.store.run(&made.id).await.unwrap(), edited);
    let unknown = fixture.store.run(&RunId::new(2)).await;
    assert!(matches!(unknown, Err(Error::UnknownRun(_))));
}

#[tokio::test]
async fn logging_the_same_again_changes_nothing_and_a_parameter_never_changes() {
    let fixture = fixture().await;
    let run = run(&fixture, 1).await;
    let batch = Batch {
        metrics: vec![(metric("m", 0.5, 1, 0), None), (metric("n", f64::NAN, 1, 0), None)],
        params: pairs(&[("p", "1")]),
        tags: pairs(&[("t", "a")]),
    };
    fixture.store.log(&run.id, &batch).await.unwrap();
    let first = fixture.store.run(&run.id).await.unwrap();
    fixture.store.log(&run.id, &batch).await.unwrap();
    let history = fixture.store.metric_history((&run.id, "m"), None, 10).await.unwrap();
    assert_eq!(history.metrics.len(), 1);
    let second = fixture.store.run(&run.id).await.unwrap();
    assert_eq!((&second.params, &second.tags), (&first.params, &first.tags));
    let changed = Batch {
        metrics: vec![(metric("m", 0.9, 2, 1), None)],
        params: pairs(&[("p", "2")]),
        tags: pairs(&[("t", "b")]),
    };
    let refused = fixture.store.log(&run.id, &changed).await;
    assert!(matches!(refused, Err(Error::Changed { .. })), "{refused:?}");
    let third = fixture.store.run(&run.id).await.unwrap();
    assert_eq!(third.tags["t"], "a", "nothing of a refused batch is logged");
    assert_eq!(third.metrics[0], metric("m", 0.5, 1, 0));
}

#[tokio::test]
async fn the_newest_point_is_the_one_of_the_largest_step() {
    let fixture = fixture().await;
    let run = run(&fixture, 1).await;
    let points = [metric("m", 3.0, 30, 2), metric("m", 9.0, 90, 1), metric("m", 4.0, 30, 2)];
    fixture.store.log(&run.id, &metrics(points)).await.unwrap();
    fixture.store.log(&run.id, &metrics([metric("i", f64::INFINITY, 1, 0)])).await.unwrap();
    fixture.store.log(&run.id, &metrics([metric("n", f64::NAN, 1, 0)])).await.unwrap();
    let newest = fixture.store.run(&run.id).await.unwrap().metrics;
    assert_eq!(newest[0], metric("i", f64::MAX, 1, 0), "the largest number stands for infinity");
    assert_eq!(newest[1], metric("m", 4.0, 30, 2));
    assert!(newest[2].value.is_nan());
}

#[tokio::test]
async fn a_history_comes_in_parts_that_together_are_all_of_it() {
    let fixture = fixture().await;
    let run = run(&fixture, 1).await;
    let mut logged: Vec<Metric> = (0..7).map(|n| metric("m", 0.5, n / 3, -n)).collect();
    logged.push(metric("m", f64::NAN, 1, 5));
    logged.push(metric("m", 0.0, 1, 5));
    fixture.store.log(&run.id, &metrics(logged.clone())).await.unwrap();
    fixture.store.log(&run.id, &metrics([metric("other", 1.0, 0, 0)])).await.unwrap();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let key = (&run.id, "m");
        let part = fixture.store.metric_history(key, after.as_ref(), 2).await.unwrap();
        found.extend(part.metrics);
        let Some(next) = part.next else { break };
        after = Some(HistoryMark::parse(&next.to_string()).unwrap());
    }
    logged.sort_by_key(|metric| (metric.at_ms, metric.step, metric.value.is_nan()));
    assert_eq!(format!("{found:?}"), format!("{logged:?}"));
    for odd in ["", "1", "1.2", "1.2.x.0", "1.2.7ff8000000000000.0", "1.2.0.0.0"] {
        assert_eq!(HistoryMark::parse(odd), None, "{odd}");
    }
}

#[tokio::test]
async fn a_run_knows_what_it_read_and_what_it_made() {
    let fixture = fixture().await;
    let run = run(&fixture, 1).await;
    let dataset = Dataset {
        name: "digits".to_owned(),
        digest: "2981c147".to_owned(),
        source_type: "http".to_owned(),
        source: "{}".to_owned(),
        schema: None,
        profile: Some("{}".to_owned()),
        tags: pairs(&[("mlflow.data.context", "training")]),
    };
    let input = LoggedModelId::new(7);
    let inputs = Inputs { datasets: vec![dataset.clone()], models: vec![input.clone()] };
    let later = Dataset { profile: None, tags: Pairs::new(), ..dataset.clone() };
    let output = |step| Output { model: LoggedModelId::new(8), step };
    for _ in 0..2 {
        fixture.store.log_inputs(&run.id, &inputs).await.unwrap();
    }
    let again = Inputs { datasets: vec![later], models: Vec::new() };
    fixture.store.log_inputs(&run.id, &again).await.unwrap();
    for step in [1, 1, 3] {
        fixture.store.log_outputs(&run.id, &[output(step)]).await.unwrap();
    }
    let found = fixture.store.run(&run.id).await.unwrap();
    assert_eq!(found.datasets, [dataset], "the first stays");
    assert_eq!((found.inputs, found.outputs), (vec![input], vec![output(3)]));
    let unknown = fixture.store.log_outputs(&RunId::new(2), &[output(1)]).await;
    assert!(matches!(unknown, Err(Error::UnknownRun(_))));
}

#[tokio::test]
async fn a_logged_model_is_described_finalized_and_measured() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let run = run(&fixture, 1).await;
    let made = store.create_logged_model(&new_model(2, Some(&run.id))).await.unwrap();
    let uri = "mlflow-artifacts:/0/models/m-00000000000000000000000000000002/artifacts";
    assert_eq!((made.artifact_uri().as_str(), made.status), (uri, ModelStatus::Pending));
    assert_eq!(made.run(), Some(run.id.clone()));
    let ready = store.finalize_logged_model(&made.id, ModelStatus::Ready, at(9)).await.unwrap();
    assert_eq!((ready.status, ready.updated_at), (ModelStatus::Ready, at(9)));
    store.describe_logged_model(&made.id, &pairs(&[("k", "w")]), &Pairs::new()).await.unwrap();
    store.describe_logged_model(&made.id, &Pairs::new(), &pairs(&[("p", "1")])).await.unwrap();
    let changed = store.describe_logged_model(&made.id, &Pairs::new(), &pairs(&[("p", "2")])).await;
    assert!(matches!(changed, Err(Error::Changed { .. })));
    let digest = Some("d".to_owned());
    let of = Of { model: made.id.clone(), dataset: Some("digits".to_owned()), digest };
    let batch = |of: &Of| Batch {
        metrics: vec![(metric("acc", 0.9, 1, 0), Some(of.clone()))],
        ..Batch::default()
    };
    for _ in 0..2 {
        store.log(&run.id, &batch(&of)).await.unwrap();
    }
    let found = store.logged_model(&made.id).await.unwrap();
    assert_eq!((found.tags, found.params), (pairs(&[("k", "w")]), pairs(&[("p", "1")])));
    assert_eq!(found.metrics.len(), 1);
    assert_eq!((&found.metrics[0].run, &found.metrics[0].of), (&run.id, &of));
    assert_eq!(store.run(&run.id).await.unwrap().metrics.len(), 1, "it is the run's too");
    let nobody = Of { model: LoggedModelId::new(9), ..of };
    let unknown = store.log(&run.id, &batch(&nobody)).await;
    assert!(matches!(unknown, Err(Error::UnknownLoggedModel(_))));
    store.untag_logged_model(&made.id, "k").await.unwrap();
    let absent = store.untag_logged_model(&made.id, "k").await;
    assert!(matches!(absent, Err(Error::UnknownTag { .. })));
    let unknown = store.finalize_logged_model(&nobody.model, ModelStatus::Ready, at(9)).await;
    assert!(matches!(unknown, Err(Error::UnknownLoggedModel(_))));
}

#[tokio::test]
async fn logged_models_are_found_by_name_run_and_tag_page_after_page() {
    let fixture = fixture().await;
    let run = run(&fixture, 1).await;
    for number in 1..=5 {
        let source = (number % 2 == 1).then_some(&run.id);
        fixture.store.create_logged_model(&new_model(number, source)).await.unwrap();
    }
    let other =
        NewLoggedModel { name: "other".to_owned(), tags: Pairs::new(), ..new_model(6, None) };
    fixture.store.create_logged_model(&other).await.unwrap();
    let looking = |text: &str| crate::search::Search {
        filter: filter(text, Subject::LoggedModels).unwrap(),
        order: order_by(&[], Subject::LoggedModels).unwrap(),
        after: None,
        limit: 2,
    };
    for (text, expected) in [
        (String::new(), vec![6, 5, 4, 3, 2, 1]),
        ("name = 'model'".to_owned(), vec![5, 4, 3, 2, 1]),
        (format!("source_run_id = '{}'", run.id), vec![5, 3, 1]),
        (format!("source_run_id != '{}'", run.id), vec![6, 4, 2]),
        (format!("model_id = '{}'", LoggedModelId::new(4)), vec![4]),
        ("tag.k != 'v'".to_owned(), vec![6]),
    ] {
        let (mut search, mut found) = (looking(&text), Vec::new());
        loop {
            let page = fixture.store.search_logged_models(&[DEFAULT], &search).await.unwrap();
            found.extend(page.items.into_iter().map(|model| model.id));
            if page.next.is_none() {
                break;
            }
            search.after = page.next;
        }
        let expected: Vec<_> = expected.into_iter().map(LoggedModelId::new).collect();
        assert_eq!(found, expected, "{text}");
    }
    let elsewhere = [ExperimentId(1)];
    let none = fixture.store.search_logged_models(&elsewhere, &looking("")).await.unwrap();
    assert_eq!(none.items.len(), 0);
    let nowhere = fixture.store.search_logged_models(&[], &looking("")).await.unwrap();
    assert_eq!(nowhere.items.len(), 0);
}
