//! From names to places.

use super::*;

#[tokio::test]
async fn a_registered_version_is_found_by_alias_number_and_latest() {
    let client = client(&registered("mlflow-artifacts:/0/models/x/artifacts")).await;
    for uri in ["models:/m@best", "models:/m/3", "models:/m/latest"] {
        let found = resolve(&client, uri).await.unwrap();
        assert_eq!(found.root, path("0/models/x/artifacts"), "{uri}");
        assert_eq!(found.facts.version, Some(("m".to_owned(), 3)), "{uri}");
        assert_eq!(found.facts.run_id.as_deref(), Some("r1"), "{uri}");
        assert_eq!(found.facts.model_id, Some(format!("m-{HEX}")), "{uri}");
        assert_eq!(found.facts.tags["team"], "vision", "{uri}");
        assert_eq!(found.facts.description, "fine", "{uri}");
    }
    let unknown = resolve(&client, "models:/m@none").await.unwrap_err();
    assert_eq!(unknown.kind(), Kind::Missing, "{unknown}");
    assert!(!unknown.to_string().contains('\u{1b}'), "its words are shown plainly: {unknown:?}");
}

#[tokio::test]
async fn a_logged_model_is_found_by_its_own_name_and_through_a_version() {
    let model = json!({"model": {"info": {"model_id": format!("m-{HEX}"), "name": "model",
        "artifact_uri": "mlflow-artifacts:/1/models/y/artifacts", "source_run_id": "r2"}}});
    let fake = registered(&format!("models:/m-{HEX}"))
        .json(&format!("{API}logged-models/m-{HEX}"), &model);
    let client = client(&fake).await;
    let found = resolve(&client, &format!("models:/m-{HEX}")).await.unwrap();
    assert_eq!(found.root, path("1/models/y/artifacts"));
    assert_eq!(found.facts.run_id.as_deref(), Some("r2"));
    assert_eq!(resolve(&client, "models:/m/3").await.unwrap().root, path("1/models/y/artifacts"));
}

#[tokio::test]
async fn a_runs_model_is_among_its_files_or_beside_it() {
    let run = json!({"run": {"info": {"artifact_uri": "mlflow-artifacts:/1/r/artifacts"},
        "outputs": {"model_outputs": [{"model_id": format!("m-{HEX}"), "step": "2"}]}}});
    let model = json!({"model": {"info": {"name": "beside",
        "artifact_uri": "mlflow-artifacts:/1/models/z/artifacts"}}});
    let fake = Fake::default()
        .json(&format!("{API}runs/get?run_id={HEX}"), &run)
        .json(&format!("{API}logged-models/m-{HEX}"), &model)
        .listing("1/r/artifacts/within", &[("MLmodel", Some(1))])
        .listing("1/r/artifacts/beside", &[])
        .listing("1/r/artifacts/neither", &[]);
    let client = client(&fake).await;
    let within = resolve(&client, &format!("runs:/{HEX}/within")).await.unwrap();
    assert_eq!((within.root, within.facts.model_id), (path("1/r/artifacts/within"), None));
    let beside = resolve(&client, &format!("runs:/{HEX}/beside")).await.unwrap();
    assert_eq!(beside.root, path("1/models/z/artifacts"));
    assert_eq!(beside.facts.run_id.as_deref(), Some(HEX));
    let neither = resolve(&client, &format!("runs:/{HEX}/neither")).await.unwrap_err();
    assert_eq!(neither.kind(), Kind::Missing, "{neither}");
}

#[tokio::test]
async fn files_that_the_server_does_not_serve_are_refused_with_what_to_do() {
    for uri in [
        "s3://bucket/models/x",
        "/var/mlruns/0/models/x",
        "file:///var/mlruns/x",
        "mlflow-artifacts://other.example:5000/0/x",
        "http://169.254.169.254/latest",
    ] {
        let fake = registered(uri);
        let refused = resolve(&client(&fake).await, "models:/m/3").await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Lasting, "{uri}");
        assert!(refused.to_string().contains("mlflow artifacts download"), "{uri}: {refused}");
        assert_eq!(fake.asked().len(), 2, "{uri}: nobody else is asked: {:?}", fake.asked());
    }
}

#[tokio::test]
async fn its_own_address_in_a_uri_is_the_server_itself() {
    let fake = Fake::default();
    let address = fake.serve().await;
    let connected =
        Client::connect(target(address), Reach::Anywhere, Credentials::None, Bounds::default());
    let client = connected.await.unwrap();
    let uri = format!("mlflow-artifacts://localhost:{}/a/b", address.port());
    assert_eq!(resolve(&client, &uri).await.unwrap().root, path("a/b"));
}

#[tokio::test]
async fn every_question_is_signed() {
    let fake = registered("mlflow-artifacts:/x").listing("x", &[("a", Some(1))]).file("x/a", b"1");
    let credentials = Credentials::of(Some("ada".into()), Some("secret".into()), None);
    let target = target(fake.serve().await);
    let connected = Client::connect(target, Reach::Anywhere, credentials, Bounds::default());
    let client = connected.await.unwrap();
    let found = resolve(&client, "models:/m/latest").await.unwrap();
    let files = client.files(&found.root).await.unwrap();
    client.open(&found.root, &files[0]).await.unwrap().chunk().await.unwrap();
    let signed = fake.signed();
    assert_eq!(signed.len(), 4);
    assert!(signed.iter().all(|signed| signed.as_deref() == Some("Basic YWRhOnNlY3JldA==")));
}
