//! The holdout is asked within the endpoint's limits, without taking the incumbent from its clients,
//! and what nobody's model is to blame for blames none.

use super::breach::{dataset, holdout};
use super::fake::{Breach, SMALL_BYTES, Seen, beside, watched};
use super::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;

async fn against((breach, seen): (Breach, &Arc<Seen>), validation: &str, limits: Limits) -> Report {
    let (_directory, file) = holdout();
    let run = async |incumbent: Subject| {
        let run = async |candidate| {
            let mut asked = request(plan(validation), candidate);
            asked.incumbent = Some(incumbent);
            asked.holdout = Some(file);
            asked.limits = limits;
            validate(asked).await
        };
        beside(Breach::None, run).await
    };
    Box::pin(watched(breach, seen, run)).await
}

const ACCURACY: &str = "{holdout: {dataset: rows@1, metrics: [{name: accuracy, maxDrop: 0.03}]}}";

#[tokio::test]
async fn an_incumbent_that_serves_clients_is_asked_one_request_at_a_time_and_gently_at_first() {
    let (seen, limits) = (Arc::default(), Limits { body_bytes: 64 * 1024, ..Limits::default() });
    let report = against((Breach::None, &seen), ACCURACY, limits).await;
    assert_eq!(failed(&report), Vec::<&str>::new(), "{report:#?}");
    assert_eq!(seen.in_flight_max.load(Ordering::SeqCst), 1);
    assert_eq!(seen.rows.lock().unwrap().first(), Some(&1));
}

#[tokio::test]
async fn what_the_endpoint_takes_at_once_decides_how_many_rows_are_asked() {
    for (breach, rows_max) in [(Breach::Slow, 3), (Breach::Small, 32)] {
        // The small one is not known to be small, and has to refuse.
        let seen = Arc::<Seen>::default();
        let (_directory, file) = holdout();
        let report = watched(breach, &seen, async |candidate| {
            let mut asked = request(plan(ACCURACY), candidate);
            asked.holdout = Some(file);
            validate(asked).await
        });
        let report = report.await;
        assert_eq!(failed(&report), Vec::<&str>::new(), "{breach:?}: {report:#?}");
        let rows = seen.rows.lock().unwrap();
        assert!(rows.iter().max() <= Some(&rows_max), "{breach:?}: {rows:?}");
    }
}

#[tokio::test]
async fn bodies_keep_to_what_the_endpoint_takes_and_a_row_that_does_not_blames_nobody() {
    let asked = async |breach, body_bytes| {
        let (_directory, file) = holdout();
        let run = async |candidate| {
            let mut asked = request(plan(ACCURACY), candidate);
            asked.holdout = Some(file);
            asked.limits.body_bytes = body_bytes;
            validate(asked).await
        };
        beside(breach, run).await
    };
    let small = asked(Breach::Small, u64::try_from(SMALL_BYTES).unwrap()).await;
    assert_eq!(failed(&small), Vec::<&str>::new(), "{small:#?}");
    let wide = asked(Breach::None, 60).await;
    let holdout = check(&wide, "holdout");
    assert_eq!(holdout.verdict, Verdict::Error, "{wide:#?}");
    assert!(holdout.detail.starts_with("rows 1 to 1: status 413"), "{holdout:?}");
}

#[tokio::test]
async fn an_incumbent_that_does_not_answer_is_not_the_candidates_fault() {
    let limits = Limits { body_bytes: 64 * 1024, ..Limits::default() };
    let report = against((Breach::Busy, &Arc::default()), ACCURACY, limits).await;
    let Outcome::Error { why } = &report.outcome else { panic!("{report:#?}") };
    assert_eq!(why, "holdout: the incumbent: rows 1 to 1: status 503: busy");
    assert_eq!(failed(&report), Vec::<&str>::new());
}

#[tokio::test]
async fn an_absolute_least_value_fails_a_first_version() {
    let (_directory, file) = holdout();
    let report = beside(Breach::WrongLabels, async |candidate| {
        let holdout = "{holdout: {dataset: rows@1, metrics: [{name: accuracy, min: 0.9}]}}";
        let mut asked = request(plan(holdout), candidate);
        asked.holdout = Some(file);
        validate(asked).await
    });
    let report = report.await;
    assert_eq!(failed(&report), ["accuracy"]);
    assert_eq!(check(&report, "accuracy").detail, "0.000 < min 0.900 (holdout n=200)");
}

#[tokio::test]
async fn identical_answers_on_three_rows_pass_no_limit_and_blame_nobody() {
    let (_directory, file) = dataset("few.csv", "a,b,label\n0,0,0\n1,1,1\n0,1,0\n");
    for metric in ["accuracy", "f1", "rocAuc", "logLoss"] {
        let run = async |incumbent: Subject| {
            let run = async |candidate| {
                let metrics = format!("[{{name: {metric}, maxDrop: 0.03}}]");
                let holdout = format!("{{holdout: {{dataset: few@1, metrics: {metrics}}}}}");
                let mut asked = request(plan(&holdout), candidate);
                asked.incumbent = Some(incumbent);
                asked.holdout = Some(file.clone());
                validate(asked).await
            };
            beside(Breach::None, run).await
        };
        let report = Box::pin(beside(Breach::None, run)).await;
        let found = check(&report, metric);
        assert_eq!(found.verdict, Verdict::Error, "{found:?}");
        let rows = if metric == "logLoss" { "30 rows are needed" } else { "88 rows are needed" };
        assert!(found.detail.contains(rows), "{found:?}");
    }
}

#[tokio::test]
async fn expected_columns_that_could_not_be_compared_are_no_agreement() {
    let (_holdout_directory, file) = holdout();
    let rows = |extra: &str| {
        let row = |i: i32| {
            let (a, b) = (f64::from(i % 20) / 20.0, f64::from(i / 20) / 10.0);
            format!("{}{extra}\n", i32::from(a + b > 1.0))
        };
        (0..200).map(row).collect::<String>()
    };
    // The labels agree; of the scores one column is missing, or they are numbered from one.
    for (columns, extra) in [("label,scores_0", ",0.5"), ("label,scores_1,scores_2", ",0.5,0.5")] {
        let (_directory, expected) = dataset("e.csv", &format!("{columns}\n{}", rows(extra)));
        let report = beside(Breach::None, async |candidate| {
            let mut asked = request(plan(ACCURACY), candidate);
            asked.holdout = Some(file.clone());
            asked.expected = Some(expected);
            validate(asked).await
        });
        let report = report.await;
        assert_eq!(failed(&report), ["expected"], "{columns}");
        let detail = &check(&report, "expected").detail;
        assert!(detail.contains("the 2 columns scores_0 to scores_1"), "{detail}");
    }
}
