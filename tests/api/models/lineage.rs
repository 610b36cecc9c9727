//! What versions are said to be made from.

use crate::harness::{Answer, Server, answer, demo_model};
use crate::mlflow::post;
use reqwest::Method;
use seatrial_domain::Timestamp;
use seatrial_store::tracking::{ExperimentId, NewRun, RunId};
use seatrial_store::{Options, Store};
use serde_json::{Value, json};

async fn registered(server: &Server, file: &str, more: Value) -> Answer {
    let bytes = std::fs::read(demo_model(file)).unwrap();
    let upload = server.upload(&[("model.onnx", bytes)]).await;
    let mut body = json!({"upload": upload});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    server.post("/models/digits/versions", body).await
}

#[tokio::test]
async fn a_lineage_is_sealed_with_its_version() {
    let server = Server::start();
    let base = registered(&server, "v1", json!({})).await.body["digest"].clone();
    let data = format!("sha256:{}", "1".repeat(64));
    let said = json!({"parents": ["digits@1"], "trained_on": data, "code_ref": "4f2a1c",
        "run_id": "run-7"});
    let made = registered(&server, "v2", said.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");

    let lineage = server.get("/models/digits/versions/2/lineage").await.body;
    let first = &lineage["line"][0];
    let parent = json!({"digest": base, "name": "digits@1", "whereabouts": "here"});
    assert_eq!(first["parents"], json!([parent]), "{lineage:#}");
    assert_eq!(first["trained_on"], json!({"digest": data, "name": null}));
    assert_eq!((&first["code_ref"], &first["run_id"]), (&json!("4f2a1c"), &json!("run-7")));
    assert_eq!(lineage["line"].as_array().unwrap().len(), 2);
    let near = server.get("/models/digits/versions/2/lineage?depth=0").await.body;
    assert_eq!((near["line"].as_array().unwrap().len(), &near["cut"]), (1, &json!(true)));
    let base = server.get("/models/digits/versions/1/lineage").await.body;
    assert_eq!(base["children"][0]["name"], "digits@2");

    assert_eq!(registered(&server, "v2", said).await.status, 200);
    let other = registered(&server, "v2", json!({"parents": []  , "code_ref": "x"})).await;
    assert_eq!((other.status, other.kind.as_str()), (409, "application/problem+json"), "{other:?}");
    assert!(other.body["hint"].as_str().unwrap().contains("--lineage"));
    assert_eq!(server.get("/models/digits/versions/9/lineage").await.status, 404);
}

#[tokio::test]
async fn what_cannot_be_cited_is_refused_and_leaves_nothing() {
    let server = Server::start();
    for (more, status) in [
        (json!({"parents": ["digits@1"]}), 422),
        (json!({"trained_on": "train@1"}), 422),
        (json!({"parents": ["digits"]}), 400),
        (json!({"parents": ["../x@1"]}), 400),
        (json!({"trained_on": "sha256:abc"}), 400),
        (json!({"code_ref": "two\nlines"}), 400),
        (json!({"run_id": ""}), 400),
    ] {
        let refused = registered(&server, "v1", more.clone()).await;
        assert_eq!(refused.status, status, "{more}: {refused:?}");
    }
    let many = (1..=33).map(|n| format!("digits@{n}")).collect::<Vec<_>>();
    assert_eq!(registered(&server, "v1", json!({"parents": many})).await.status, 400);
    assert_eq!(server.get("/models").await.body["items"], json!([]));
}

#[tokio::test]
async fn what_a_registry_client_says_is_its_versions_lineage() {
    let server = Server::start();
    registered(&server, "v1", json!({"run_id": "r7"})).await;
    post(&server, "registered-models/create", json!({"name": "copies"})).await;
    let tags = json!([{"key": "mlflow.source.git.commit", "value": "4f2a1c"}]);
    let about = json!({"name": "copies", "source": "models:/digits/1", "tags": tags});
    let made = post(&server, "model-versions/create", about).await;
    assert_eq!(made.status, 200, "{made:?}");
    let first = server.get("/models/copies/versions/1/lineage").await.body["line"][0].take();
    assert_eq!(first["parents"][0]["name"], "digits@1", "{first:#}");
    assert_eq!((&first["code_ref"], &first["run_id"]), (&json!("4f2a1c"), &json!("r7")));
    let gone = answer(server.request(Method::DELETE, "/models/digits/versions/1")).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    let first = server.get("/models/copies/versions/1/lineage").await.body["line"][0].take();
    assert_eq!(first["parents"][0]["whereabouts"], "deleted");
}

#[tokio::test]
async fn the_commit_of_a_run_is_the_code_of_its_versions() {
    let mut server = Server::start();
    server.kill();
    let run = RunId::new(7);
    let store = Store::open(server.data.path(), Options::default()).await.unwrap();
    let new = NewRun {
        id: run.clone(),
        experiment: ExperimentId(0),
        name: "a run".to_owned(),
        user: "ada".to_owned(),
        started_ms: None,
        tags: [("mlflow.source.git.commit".to_owned(), "4f2a1c".to_owned())].into(),
        now: Timestamp::from_micros(1),
    };
    store.create_run(&new).await.unwrap();
    store.close().await;
    drop(store);
    server.restart();

    post(&server, "registered-models/create", json!({"name": "copies"})).await;
    for (number, run, code) in
        [(1, run.as_str(), json!("4f2a1c")), (2, "of another server", Value::Null)]
    {
        registered(&server, &format!("v{number}"), json!({"run_id": run})).await;
        let about = json!({"name": "copies", "source": format!("models:/digits/{number}")});
        assert_eq!(post(&server, "model-versions/create", about).await.status, 200);
        let path = format!("/models/copies/versions/{number}/lineage");
        let first = server.get(&path).await.body["line"][0].take();
        assert_eq!((&first["run_id"], &first["code_ref"]), (&json!(run), &code));
    }
}
