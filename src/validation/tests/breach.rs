//! Each broken promise fails the check that is named for it.

use super::fake::{Breach, beside};
use super::*;
use crate::dataset::{File, Format};

pub(super) fn dataset(name: &str, content: &str) -> (tempfile::TempDir, File) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    let format = Format::of_path(&path).unwrap();
    (directory, File { path, format, label: Some("label".to_owned()) })
}

/// 200 rows of a rule that the honest server answers without a fault.
pub(super) fn holdout() -> (tempfile::TempDir, File) {
    let row = |i: i32| {
        let (a, b) = (f64::from(i % 20) / 20.0, f64::from(i / 20) / 10.0);
        let client = if i % 4 == 0 { "mobile" } else { "web" };
        format!("{a},{b},{},{client}\n", i32::from(a + b > 1.0))
    };
    let rows: String = (0..200).map(row).collect();
    dataset("holdout.csv", &format!("a,b,label,client\n{rows}"))
}

async fn contract(breach: Breach) -> Report {
    let run = async |candidate| validate(request(plan("{}"), candidate)).await;
    beside(breach, run).await
}

#[tokio::test]
async fn an_honest_model_without_a_holdout_passes_on_made_inputs() {
    let report = contract(Breach::None).await;
    assert_eq!(report.outcome, Outcome::Passed, "{report:#?}");
    assert_eq!(report.summary, "no holdout   16/16 contract tests");
}

#[tokio::test]
async fn every_broken_promise_fails_the_check_named_for_it() {
    let malformed = [
        "nan",
        "infinity",
        "overflow",
        "badJson",
        "emptyBody",
        "missingInput",
        "wrongDatatype",
        "wrongShape",
        "unknownInput",
        "emptyBatch",
    ];
    let cases: [(Breach, &[&str]); 12] = [
        (Breach::Narrow, &["outputs"]),
        (Breach::Metadata, &["metadata"]),
        (Breach::Misnamed, &["metadata"]),
        (Breach::Misnumbered, &["metadata"]),
        (Breach::Restless, &["batchInvariance", "determinism", "concurrency"]),
        (Breach::BatchBound, &["batchInvariance"]),
        (Breach::Fragile, &malformed),
        (Breach::Boundless, &["tooLarge"]),
        (Breach::Crossed, &["concurrency"]),
        (Breach::Lonely, &["concurrency"]),
        (Breach::Late, &["concurrency"]),
        (Breach::None, &[]),
    ];
    for (breach, expected) in cases {
        assert_eq!(failed(&contract(breach).await), expected, "{breach:?}");
    }
    // Whatever is asked after the first malformed request is not answered.
    assert_eq!(failed(&contract(Breach::Mortal).await).first(), Some(&"nan"));
}

#[tokio::test]
async fn a_wrong_shape_names_output_found_and_declared() {
    let report = contract(Breach::Narrow).await;
    let Outcome::Failed { why } = &report.outcome else { panic!("it passed") };
    let line = "outputs: output \"scores\" is FP32 [3,1], declared FP32 [-1,2]";
    assert_eq!(why, line);
    assert_eq!(check(&report, "outputs").limit, Some("FP32 [-1,2]".to_owned().into()));
}

#[tokio::test]
async fn budgets_are_kept_or_fail_with_value_and_limit() {
    let report = beside(Breach::None, async |candidate| {
        let contract = "{contract: {latencyP99: 20s, memory: 1MiB}}";
        let mut asked = request(plan(contract), candidate);
        asked.memory_bytes = Some(2 << 20);
        validate(asked).await
    });
    let report = report.await;
    assert_eq!(failed(&report), ["memory"]);
    let memory = check(&report, "memory");
    assert_eq!(memory.detail, "2097152 bytes, budget 1048576 bytes");
    assert_eq!(check(&report, "latencyP99").verdict, Verdict::Passed);
}

#[tokio::test]
async fn memory_that_was_not_measured_is_no_pass() {
    let report = beside(Breach::None, async |candidate| {
        validate(request(plan("{contract: {memory: 1MiB}}"), candidate)).await
    });
    assert_eq!(failed(&report.await), ["memory"]);
}

async fn on_holdout(breach: Breach, validation: &str) -> Report {
    let (_directory, file) = holdout();
    let run = async |incumbent: Subject| {
        let run = async |candidate| {
            let mut asked = request(plan(validation), candidate);
            asked.incumbent = Some(incumbent);
            asked.holdout = Some(file);
            validate(asked).await
        };
        beside(breach, run).await
    };
    Box::pin(beside(Breach::None, run)).await
}

const GATES: &str = "{holdout: {dataset: rows@1, slices: [{column: client, maxDrop: 0.1}], \
    metrics: [{name: accuracy, min: 0.9, maxDrop: 0.03}, {name: f1, maxDrop: 0.03}, \
    {name: rocAuc, maxDrop: 0.03}, {name: logLoss, maxDrop: 0.03}]}}";

#[tokio::test]
async fn an_equal_candidate_passes_every_metric_and_slice() {
    let report = on_holdout(Breach::None, GATES).await;
    assert_eq!(failed(&report), Vec::<&str>::new(), "{report:#?}");
    assert_eq!(
        report.summary,
        "holdout 1.000 vs 1.000 (n=200, margin -0.030)   16/16 contract tests"
    );
    assert_eq!(report.evaluations.len(), 12, "four metrics: all rows, mobile, web");
    let stored = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&stored).unwrap(), report);
}

#[tokio::test]
async fn a_worse_candidate_fails_every_metric_and_slice() {
    let report = on_holdout(Breach::WrongLabels, GATES).await;
    for name in ["accuracy", "f1", "rocAuc", "logLoss", "accuracy[client=mobile]"] {
        assert_eq!(check(&report, name).verdict, Verdict::Failed, "{name}");
    }
    assert_eq!(check(&report, "accuracy").detail, "0.000 < min 0.900 (holdout n=200)");
}

#[tokio::test]
async fn a_holdout_that_cannot_be_evaluated_is_no_pass() {
    let report = on_holdout(Breach::None, "{holdout: {dataset: rows@1, metrics: [{name: rmse}]}}");
    let report = report.await;
    assert_eq!(
        check(&report, "rmse").detail,
        "the model answers no single number a row (holdout n=200)"
    );
    let busy = on_holdout(Breach::Busy, "{holdout: {dataset: rows@1}}").await;
    assert!(failed(&busy).contains(&"holdout"), "{busy:#?}");
}

#[tokio::test]
async fn expected_predictions_and_golden_requests_are_compared_within_tolerance() {
    let input = r#"{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[0.9,0.9]}]}"#;
    let pair = |score: f64| {
        let low = 1.0 - score;
        format!(
            "{{\"request\":{input},\"response\":{{\"outputs\":[{{\"name\":\"scores\",\
             \"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[{low},{score}]}}]}}}}\n"
        )
    };
    let expected =
        |score: f64| format!("a,b,label,scores_0,scores_1\n0.9,0.9,1,{},{score}\n", 1.0 - score);
    for (score, verdict) in [(0.9, Verdict::Passed), (0.8, Verdict::Failed)] {
        let (_kept, golden) = dataset("golden.jsonl", &pair(score));
        let (_kept_too, table) = dataset("expected.csv", &expected(score));
        let report = beside(Breach::None, async |candidate| {
            let mut asked = request(plan("{}"), candidate);
            asked.golden = Some(golden);
            asked.expected = Some(table);
            validate(asked).await
        });
        let report = report.await;
        assert_eq!(check(&report, "golden").verdict, verdict, "{report:#?}");
        assert_eq!(check(&report, "expected").verdict, verdict, "{report:#?}");
    }
}

#[tokio::test]
async fn validation_ends_within_its_timeout() {
    let report = beside(Breach::Busy, async |candidate| {
        validate(request(plan("{timeout: 1s}"), candidate)).await
    });
    let report = report.await;
    assert!(failed(&report).contains(&"timeout"), "{report:#?}");
}
