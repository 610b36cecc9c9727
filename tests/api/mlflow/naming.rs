//! Models' names, tags and aliases.

use super::{call, get, post, refusal};
use crate::harness::{Server, answer, demo_model};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_model_is_made_once_and_its_bad_names_are_refused() {
    let server = Server::start();
    let made = post(&server, "registered-models/create", json!({"name": "m", "unknown": 1})).await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(made.body["registered_model"]["name"], "m");
    assert!(made.body["registered_model"]["creation_timestamp"].is_i64());
    assert!(made.body["registered_model"].get("tags").is_none(), "what is empty is left out");
    let again = post(&server, "registered-models/create", json!({"name": "m"})).await;
    assert_eq!(refusal(&again), (400, "RESOURCE_ALREADY_EXISTS"));
    for name in ["", "  ", "a/b", "a:b", "..", "../x", "a\u{0}b"] {
        let refused = post(&server, "registered-models/create", json!({"name": name})).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{name:?}");
    }
    let unknown = get(&server, "registered-models/get", &[("name", "other")]).await;
    assert_eq!(refusal(&unknown), (404, "RESOURCE_DOES_NOT_EXIST"));
}

#[tokio::test]
async fn tags_are_checked_set_and_removed() {
    let server = Server::start();
    post(&server, "registered-models/create", json!({"name": "m"})).await;
    let set = json!({"name": "m", "key": "a.b c:d/e", "value": "v"});
    assert_eq!(post(&server, "registered-models/set-tag", set).await.status, 200);
    let shown = get(&server, "registered-models/get", &[("name", "m")]).await;
    let tags = json!([{"key": "a.b c:d/e", "value": "v"}]);
    assert_eq!(shown.body["registered_model"]["tags"], tags);
    for key in ["", "a*b", &"k".repeat(251)] {
        let set = json!({"name": "m", "key": key, "value": "v"});
        let refused = post(&server, "registered-models/set-tag", set).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{key:?}");
    }
    let own = json!({"name": "m", "key": "rollout.stage", "value": "v"});
    let refused = post(&server, "registered-models/set-tag", own).await;
    assert_eq!(refusal(&refused), (403, "PERMISSION_DENIED"));
    for key in ["a.b c:d/e", "never there"] {
        let path = "registered-models/delete-tag";
        let gone = call(&server, Method::DELETE, path, json!({"name": "m", "key": key})).await;
        assert_eq!(gone.status, 200, "{key}");
    }
}

/// As Python writes it: what is not ASCII in escapes.
fn escaped(value: &Value) -> String {
    let plain = value.to_string();
    let utf16 = |c: char| {
        let units: Vec<u16> = c.encode_utf16(&mut [0; 2]).to_vec();
        units.iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>()
    };
    plain.chars().map(|c| if c.is_ascii() { c.to_string() } else { utf16(c) }).collect()
}

#[tokio::test]
async fn the_longest_tags_are_set_however_their_client_writes_them() {
    let server = Server::start();
    server.push("m", &demo_model("v1")).await;
    let value = "😀".repeat(100_000);
    for noun in ["registered-models", "model-versions"] {
        let set = escaped(&json!({"name": "m", "version": "1", "key": "k", "value": value}));
        assert!(set.is_ascii() && set.len() > 1_200_000);
        let request = server.at(Method::POST, &format!("/api/2.0/mlflow/{noun}/set-tag"));
        let set = answer(request.header("content-type", "application/json").body(set)).await;
        assert_eq!(set.status, 200, "{noun}: {set:?}");
    }
    let shown = get(&server, "model-versions/get", &[("name", "m"), ("version", "1")]).await;
    assert_eq!(shown.body["model_version"]["tags"][0]["value"], value);
    let tag = |number: u32| json!({"key": format!("k{number}"), "value": "v".repeat(100_000)});
    let tags: Vec<Value> = (0..11).map(tag).collect();
    let made = json!({"name": "m", "source": "models:/m/1", "tags": tags});
    assert_eq!(post(&server, "model-versions/create", made).await.status, 200);
}

#[tokio::test]
async fn more_tags_than_one_may_have_are_refused_and_their_client_does_not_ask_again() {
    let server = Server::start_with("[limits.models]\nmax_tags = 2\nmax_tag_bytes = 50\n");
    let tag = |key: &str, value: &str| json!({"key": key, "value": value});
    let many = json!({"name": "m", "tags": [tag("a", ""), tag("b", ""), tag("c", "")]});
    let refused = post(&server, "registered-models/create", many).await;
    assert_eq!(refusal(&refused), (400, "RESOURCE_LIMIT_EXCEEDED"));
    server.push("m", &demo_model("v1")).await;
    for place in ["registered-models", "model-versions"] {
        let path = format!("{place}/set-tag");
        let set = async |key: &str, value: &str| {
            let set = json!({"name": "m", "version": "1", "key": key, "value": value});
            post(&server, &path, set).await
        };
        for (key, value) in [("a", "1"), ("b", "1"), ("a", "2")] {
            assert_eq!(set(key, value).await.status, 200, "{place} {key}");
        }
        for (key, value, of) in [("c", "".to_owned(), "2 tags"), ("a", "x".repeat(49), "50 bytes")]
        {
            let refused = set(key, &value).await;
            assert_eq!(refusal(&refused), (400, "RESOURCE_LIMIT_EXCEEDED"), "{place}");
            assert!(refused.body["message"].as_str().unwrap().contains(of), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn more_aliases_than_a_model_may_have_are_refused_and_their_client_does_not_ask_again() {
    let server = Server::start_with("[limits.models]\nmax_aliases = 2\n");
    for version in ["v1", "v2"] {
        server.push("m", &demo_model(version)).await;
    }
    let set = async |alias: &str, version: &str| {
        let set = json!({"name": "m", "alias": alias, "version": version});
        post(&server, "registered-models/alias", set).await
    };
    for (alias, version) in [("a", "1"), ("b", "1"), ("b", "2")] {
        assert_eq!(set(alias, version).await.status, 200, "{alias}");
    }
    let refused = set("c", "1").await;
    assert_eq!(refusal(&refused), (400, "RESOURCE_LIMIT_EXCEEDED"));
    assert!(refused.body["message"].as_str().unwrap().contains("2 aliases"), "{refused:?}");
    let ours = server.put("/models/m/aliases/c", json!({"version": 1})).await;
    assert_eq!(ours.status, 422, "{ours:?}");
    let gone = json!({"name": "m", "alias": "a"});
    let gone = call(&server, Method::DELETE, "registered-models/alias", gone).await;
    assert_eq!(gone.status, 200);
    assert_eq!(set("c", "1").await.status, 200);
}

#[tokio::test]
async fn an_alias_is_set_found_and_removed_and_reserved_ones_are_refused() {
    let server = Server::start();
    server.push("m", &demo_model("v1")).await;
    let path = "registered-models/alias";
    for alias in ["latest", "v3", "V12", "", "a b", "a/b"] {
        let set = json!({"name": "m", "alias": alias, "version": "1"});
        let refused = post(&server, path, set).await;
        assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{alias:?}");
    }
    let absent = post(&server, path, json!({"name": "m", "alias": "best", "version": "9"})).await;
    assert_eq!(refusal(&absent), (404, "RESOURCE_DOES_NOT_EXIST"));
    let set = post(&server, path, json!({"name": "m", "alias": "best", "version": "1"})).await;
    assert_eq!(set.status, 200, "{set:?}");
    let found = get(&server, path, &[("name", "m"), ("alias", "best")]).await;
    assert_eq!(found.body["model_version"]["version"], "1");
    assert_eq!(found.body["model_version"]["aliases"], json!(["best"]));
    for _twice in 0..2 {
        let gone = json!({"name": "m", "alias": "best"});
        assert_eq!(call(&server, Method::DELETE, path, gone).await.status, 200);
    }
    let unknown = get(&server, path, &[("name", "m"), ("alias", "best")]).await;
    assert_eq!(refusal(&unknown), (400, "INVALID_PARAMETER_VALUE"));
}

#[tokio::test]
async fn an_alias_that_is_none_is_a_bad_request_before_anybody_looks_whose_it_is() {
    let server = Server::start();
    let path = "registered-models/alias";
    let long = "a".repeat(256);
    for alias in ["", "a b", "a/b", &long] {
        let none = json!({"name": "nobodys", "alias": alias, "version": "1"});
        let shown = get(&server, path, &[("name", "nobodys"), ("alias", alias)]).await;
        let set = post(&server, path, none.clone()).await;
        let removed = call(&server, Method::DELETE, path, none).await;
        for refused in [shown, set, removed] {
            assert_eq!(refusal(&refused), (400, "INVALID_PARAMETER_VALUE"), "{alias:?}");
        }
    }
    let word = get(&server, path, &[("name", "nobodys"), ("alias", "best")]).await;
    assert_eq!(refusal(&word), (404, "RESOURCE_DOES_NOT_EXIST"));
}

#[tokio::test]
async fn an_alias_that_rollouts_move_is_denied_by_name_of_the_command() {
    let server = Server::start();
    server.push("m", &demo_model("v1")).await;
    let yaml = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\n\
                spec: {endpoint: m}\n";
    let applied = server.put("/policies/p", json!({"text": yaml})).await;
    assert!(applied.status < 300, "{applied:?}");
    for alias in ["champion", "canary", "standby"] {
        for method in [Method::POST, Method::DELETE] {
            let set = json!({"name": "m", "alias": alias, "version": "1"});
            let refused = call(&server, method, "registered-models/alias", set).await;
            assert_eq!(refusal(&refused), (403, "PERMISSION_DENIED"), "{alias}");
            let said = refused.body["message"].as_str().unwrap();
            assert!(said.contains("seatrial rollout start m VERSION"), "{said}");
        }
    }
    let stage = json!({"name": "m", "version": "1", "stage": "Production"});
    let refused = post(&server, "model-versions/transition-stage", stage).await;
    assert_eq!(refusal(&refused), (403, "PERMISSION_DENIED"));
}

#[tokio::test]
async fn no_rename_leads_past_a_policy() {
    let server = Server::start();
    server.push("other", &demo_model("v1")).await;
    let champion = json!({"name": "other", "alias": "champion", "version": "1"});
    assert_eq!(post(&server, "registered-models/alias", champion).await.status, 200);
    let yaml = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\n\
                spec: {endpoint: m}\n";
    assert!(server.put("/policies/p", json!({"text": yaml})).await.status < 300);
    let rename = |from: &str, to: &str| {
        let rename = json!({"name": from, "new_name": to});
        post(&server, "registered-models/rename", rename)
    };
    let taken = rename("other", "m").await;
    assert_eq!(refusal(&taken), (400, "INVALID_STATE"), "its alias was not moved by a rollout");
    server.push("m", &demo_model("v1")).await;
    let left = rename("m", "free").await;
    assert_eq!(refusal(&left), (400, "INVALID_STATE"));
    assert!(left.body["message"].as_str().unwrap().contains("policy p is for the model m"));
    assert_eq!(rename("other", "free").await.status, 200);
}

#[tokio::test]
async fn a_renamed_model_keeps_its_versions_and_the_old_name_its_numbers() {
    let server = Server::start();
    server.push("old", &demo_model("v1")).await;
    let set = json!({"name": "old", "alias": "best", "version": "1"});
    post(&server, "registered-models/alias", set).await;
    let rename = json!({"name": "old", "new_name": "new"});
    let renamed = post(&server, "registered-models/rename", rename).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    let found =
        get(&server, "registered-models/alias", &[("name", "new"), ("alias", "best")]).await;
    assert_eq!(found.body["model_version"]["name"], "new");
    let gone = get(&server, "registered-models/get", &[("name", "old")]).await;
    assert_eq!(gone.status, 404);
    let next = server.push("old", &demo_model("v2")).await;
    assert_eq!(next.body["version"], 2, "{next:?}");
}
