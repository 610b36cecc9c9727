//! The demo's versions behind the real gateway, on the demo's holdout.

use super::*;
use crate::dataset::{File, Format};
use seatrial_domain::{Epoch, Timestamp, endpoint};
use seatrial_gateway::{Config, Gateway, RouteTable, Target};
use seatrial_runtime::{Backend as _, Files, LoadOptions, OnnxModel, Source, library};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const ROUNDS: &str = "rounds.bin";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn load(path: &Path) -> Arc<OnnxModel> {
    let environment = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    let cache = root().join("target/tmp");
    let search = library::Search { environment, ..library::Search::new(cache) };
    let found = library::ensure(&search, &mut |_| {}).unwrap();
    library::init(&found).unwrap();
    // The slow version keeps its number of rounds in a file of its own.
    let rounds = path.with_file_name(ROUNDS);
    let beside = rounds.is_file().then(|| (ROUNDS.to_owned(), rounds));
    let files = Files { model: path.to_owned(), beside: beside.into_iter().collect() };
    OnnxModel::load(LoadOptions::new(Source::Paths(files))).unwrap()
}

/// Runs `work` beside a gateway that serves this file as version `number`.
async fn staged<T>(path: PathBuf, number: u64, work: impl AsyncFnOnce(Subject) -> T) -> T {
    let model = tokio::task::spawn_blocking(move || load(&path)).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let subject = subject(url, number, model.signature().clone());
    let mut settings = endpoint::Settings::of(subject.version.model.clone());
    settings.max_body = 64 * 1024;
    settings.deadline = Duration::from_secs(20);
    let gateway = Gateway::new(Config::new(number, || Timestamp::from_micros(0))).unwrap();
    gateway
        .install(RouteTable {
            endpoint: subject.model.clone(),
            epoch: Epoch(1),
            settings,
            incumbent: Some(Target { version: subject.version.clone(), backend: model }),
            candidate: None,
            pinned: Vec::new(),
            rollout: None,
        })
        .unwrap();
    let serving = gateway.serve(listener, CancellationToken::new(), Duration::ZERO);
    tokio::select! {
        done = work(subject) => done,
        () = serving => panic!("the gateway ended"),
    }
}

async fn against_v1(candidate: &str) -> Report {
    let holdout = "{holdout: {dataset: digits@1, slices: [{column: client}], \
                   metrics: [{name: accuracy, maxDrop: 0.03}, {name: f1}, {name: rocAuc}]}}";
    let work = async |incumbent: Subject| {
        let work = async |candidate| {
            let mut asked = request(plan(holdout), candidate);
            asked.incumbent = Some(incumbent);
            asked.holdout = Some(File {
                path: root().join("demo/data/holdout.csv"),
                format: Format::Csv,
                label: Some("label".to_owned()),
            });
            validate(asked).await
        };
        staged(root().join(candidate), 2, work).await
    };
    Box::pin(staged(root().join("demo/models/v1.onnx"), 1, work)).await
}

#[tokio::test]
async fn the_demos_second_version_passes() {
    let report = against_v1("demo/models/v2.onnx").await;
    assert_eq!(report.outcome, Outcome::Passed, "{report:#?}");
    let summary = "holdout 0.925 vs 0.903 (n=359, margin -0.030)   16/16 contract tests";
    assert_eq!(report.summary, summary);
}

#[tokio::test]
async fn the_demos_fourth_version_passes() {
    let report = against_v1("demo/models/v4.onnx").await;
    assert_eq!(report.outcome, Outcome::Passed, "{report:#?}");
}

#[tokio::test]
async fn the_version_exported_without_its_scaler_is_rejected_by_its_accuracy() {
    let report = against_v1("demo/models/v3.onnx").await;
    assert_eq!(failed(&report), ["accuracy"], "{report:#?}");
    let Outcome::Failed { why } = &report.outcome else { panic!("it passed") };
    assert!(why.starts_with("accuracy: 0.799 vs 0.903, drop bound -0.1"), "{why}");
    assert!(why.ends_with("< -0.030 (holdout n=359)"), "{why}");
}

#[tokio::test]
async fn a_version_with_wrongly_shaped_outputs_is_rejected() {
    let report = against_v1("tests/fixtures/digits_shape.onnx").await;
    let Outcome::Failed { why } = &report.outcome else { panic!("it passed") };
    let line = "outputs: output \"probabilities\" is FP32 [3,9], declared FP32 [-1,10]";
    assert!(why.starts_with(line), "{why}");
}

#[tokio::test]
async fn versions_whose_faults_show_only_in_live_traffic_pass() {
    let dir = tempfile::tempdir().unwrap();
    let slow = dir.path().join("digits_slow.onnx");
    std::fs::copy(root().join("tests/fixtures/digits_slow.onnx"), &slow).unwrap();
    std::fs::write(dir.path().join(ROUNDS), 1_i64.to_le_bytes()).unwrap();
    for fixture in ["tests/fixtures/digits_flaky.onnx", slow.to_str().unwrap()] {
        let report = against_v1(fixture).await;
        assert_eq!(report.outcome, Outcome::Passed, "{fixture}: {report:#?}");
    }
}
