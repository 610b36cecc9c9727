//! Searches over HTTP: the client's own filter, orders, pages.

use super::{get, post, refusal};
use crate::harness::Server;
use serde_json::json;

#[tokio::test]
async fn a_model_without_the_prompt_tag_is_found() {
    let server = Server::start();
    for name in ["b", "a", "prompt"] {
        post(&server, "registered-models/create", json!({"name": name})).await;
    }
    let tag = json!({"name": "prompt", "key": "mlflow.prompt.is_prompt", "value": "true"});
    post(&server, "registered-models/set-tag", tag).await;
    let filter = "tag.`mlflow.prompt.is_prompt` != 'true'";
    let first = [("filter", filter), ("max_results", "1"), ("order_by", "name ASC")];
    let page = get(&server, "registered-models/search", &first).await;
    assert_eq!(page.body["registered_models"][0]["name"], "a", "{page:?}");
    let token = page.body["next_page_token"].as_str().unwrap().to_owned();
    let next = [first.as_slice(), &[("page_token", token.as_str())]].concat();
    let last = get(&server, "registered-models/search", &next).await;
    assert_eq!(last.body["registered_models"][0]["name"], "b", "{last:?}");
    assert!(last.body.get("next_page_token").is_none());
}

#[tokio::test]
async fn what_is_not_understood_is_refused_and_not_tried_again() {
    let server = Server::start();
    for (path, query) in [
        ("registered-models/search", ("filter", "name OR 1")),
        ("registered-models/search", ("filter", "run_id = 'r'")),
        ("registered-models/search", ("order_by", "size")),
        ("registered-models/search", ("max_results", "1001")),
        ("registered-models/search", ("max_results", "-1")),
        ("registered-models/search", ("page_token", "made up")),
        ("model-versions/search", ("max_results", "200001")),
        ("model-versions/search", ("filter", "version_number = 'x'")),
        ("model-versions/search", ("filter", "tag.`rollout.stage` != 'canary'")),
    ] {
        let refused = get(&server, path, &[query]).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{query:?}");
    }
    let twice = [("order_by", "name ASC"), ("order_by", "name DESC")];
    let refused = get(&server, "registered-models/search", &twice).await;
    assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn what_tells_of_a_versions_rollout_is_refused_by_every_operator_and_spelling() {
    let server = Server::start();
    let asked = async |path: &str, filter: &str| get(&server, path, &[("filter", filter)]).await;
    for key in ["rollout.id", "rollout.stage", "rollout.share"] {
        let spaced = key.replace('.', " . ");
        for key in [key, &spaced, &format!("`{key}`"), &format!("\"{key}\""), &format!("'{key}'")] {
            for condition in [
                format!("tag.{key} = 'canary'"),
                format!("tags.{key} != 'canary'"),
                format!("tag.{key} LIKE 'can%'"),
                format!("tags.{key} ilike 'CAN%'"),
                format!("tag.{key}='canary'"),
                format!("tag.{key} = \"canary\" AND version_number > 1"),
            ] {
                let filter = format!("name = 'm' AND {condition}");
                let refused = asked("model-versions/search", &filter).await;
                assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{filter}");
                let said = refused.body["message"].as_str().unwrap();
                assert!(said.contains("seatrial rollout list"), "{filter}: {said}");
            }
        }
        // No tag of a model, nor one that is only named alike, is a rollout's.
        let of_model = asked("registered-models/search", &format!("tag.`{key}` = 'x'")).await;
        let alike = asked("model-versions/search", &format!("tag.`{key}s` != 'x'")).await;
        assert_eq!((of_model.status, alike.status), (200, 200), "{key}");
    }
}
