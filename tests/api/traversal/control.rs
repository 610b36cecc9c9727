//! Every route of the control API that takes a path or a name: those of its own document.

use super::raw::BYTES;
use super::{Request, Target, assert_refused, at_each_place, texts};
use crate::harness::{Server, demo_model};
use serde_json::{Value, json};

/// What fills a place of a path so that it is in order.
struct Good {
    upload: String,
}

impl Good {
    fn at(&self, place: &str) -> String {
        match place {
            "{model}" | "{endpoint}" => "m",
            "{version}" | "{rollout}" => "1",
            "{other}" => "2",
            "{alias}" => "best",
            "{policy}" => "p",
            "{dataset}" => "d",
            "{digest}" | "{signature}" => return format!("sha256:{}", "0".repeat(64)),
            "{upload}" => &self.upload,
            _ => panic!("{place} is a place that this test does not know yet"),
        }
        .to_owned()
    }

    fn filled(&self, path: &str) -> String {
        path.split('/')
            .map(|part| if part.starts_with('{') { self.at(part) } else { part.to_owned() })
            .collect::<Vec<_>>()
            .join("/")
    }
}

fn policy(more: &str) -> String {
    let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\n";
    json!({"text": format!("{head}spec: {{endpoint: m{more}}}\n")}).to_string()
}

/// Routes that change something, each with a body that is in order.
fn bodies(upload: &str, dataset: &str) -> Vec<(&'static str, &'static str, String)> {
    let of = |value: Value| value.to_string();
    vec![
        ("put", "/api/v1/policies/{policy}", policy("")),
        ("post", "/api/v1/models/{model}/versions", of(json!({"upload": upload}))),
        ("put", "/api/v1/models/{model}/aliases/{alias}", of(json!({"version": 1}))),
        ("delete", "/api/v1/models/{model}/aliases/{alias}", String::new()),
        (
            "patch",
            "/api/v1/models/{model}/versions/{version}/tags",
            of(json!({"tags": {"k": "v"}})),
        ),
        ("post", "/api/v1/models/{model}/versions/{version}/verify", of(json!({}))),
        ("post", "/api/v1/datasets/{dataset}/versions", of(json!({"upload": dataset}))),
        ("put", "/api/v1/uploads/{upload}/files", BYTES.to_owned()),
        ("delete", "/api/v1/uploads/{upload}", String::new()),
    ]
}

/// Those for which nothing here is in the state that they need, or which would end the others.
fn unready() -> Vec<(&'static str, &'static str, String)> {
    let reason = json!({"reason": "test"}).to_string();
    let abort = json!({"command": "abort", "reason": "test"}).to_string();
    vec![
        ("patch", "/api/v1/endpoints/{endpoint}", json!({"deadline_ms": 100}).to_string()),
        ("post", "/api/v1/endpoints/{endpoint}/rollback", reason.clone()),
        ("post", "/api/v1/rollouts/{rollout}/commands", abort),
        ("post", "/api/v1/quarantine/{digest}/lift", reason),
        ("delete", "/api/v1/models/{model}/versions/{version}", String::new()),
        ("delete", "/api/v1/models/{model}", String::new()),
        ("post", "/api/v1/models/{model}/versions/{version}/signatures", "{}".to_owned()),
        ("put", "/api/v1/uploads/{upload}/signature", "{}".to_owned()),
    ]
}

async fn server() -> (Server, Good, String, String) {
    let server = Server::start();
    for model in ["v1", "v2"] {
        assert_eq!(server.push("m", &demo_model(model)).await.status, 201);
    }
    let model = std::fs::read(demo_model("v3")).unwrap();
    let upload = server.upload(&[("model.onnx", model)]).await;
    let dataset = server.upload(&[("d.csv", b"x,label\n1,0\n".to_vec())]).await;
    let good = Good { upload: server.upload(&[("a", vec![1])]).await };
    (server, good, upload, dataset)
}

fn address(server: &Server) -> String {
    server.control.replace("http://", "")
}

#[tokio::test]
async fn no_name_in_a_path_leads_anywhere() {
    let (server, good, upload, dataset) = server().await;
    let (ready, unready) = (bodies(&upload, &dataset), unready());
    let document: Value = serde_json::from_str(&seatrial::api::document()).unwrap();
    let mut requests = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|_| path.contains('{')) {
            let known = ready.iter().chain(&unready).find(|row| (row.0, row.1) == (method, path));
            let (method, body) = match (method.as_str(), known) {
                ("get", None) => ("GET", ""),
                (_, Some((method, _, body))) => (upper(method), body.as_str()),
                _ => panic!("{method} {path} is a route that this test does not know yet"),
            };
            requests.extend(at_each_place(method, path, body, |place| good.at(place)));
        }
    }
    assert!(requests.len() > 500, "{}", requests.len());

    assert_refused(&server, &address(&server), &requests);

    // It was the name: with one that is in order each goes through.
    for (method, path, body) in &ready {
        let query = if path.ends_with("/files") { "?path=b" } else { "" };
        let target = Target(format!("{}{query}", good.filled(path)).into_bytes());
        let request = Request { method: upper(method), target, body: body.clone() };
        let status = request.send(&address(&server));
        assert!((200..300).contains(&status), "{status} {request}");
    }
}

fn upper(method: &str) -> &'static str {
    match method {
        "get" => "GET",
        "put" => "PUT",
        "post" => "POST",
        "patch" => "PATCH",
        "delete" => "DELETE",
        _ => panic!("{method}"),
    }
}

#[tokio::test]
async fn no_name_in_a_body_leads_anywhere() {
    let (server, _, upload, _) = server().await;
    let mut requests = Vec::new();
    for text in texts() {
        let yaml = json!(text).to_string();
        let bodies = [
            ("POST", "/models/m/versions", json!({"upload": text})),
            ("POST", "/models/m/versions", json!({"upload": upload, "alias": text})),
            ("POST", "/datasets/d/versions", json!({"upload": text})),
            ("POST", "/rollouts", json!({"model": text, "version": 1})),
            ("POST", "/rollouts", json!({"model": "m", "version": 1, "endpoint": text})),
            ("POST", "/rollouts", json!({"model": "m", "version": 1, "policy": text})),
            ("PATCH", "/endpoints/m", json!({"model": text})),
        ];
        for (method, path, body) in bodies {
            let target = Target(format!("/api/v1{path}").into_bytes());
            requests.push(Request { method, target, body: body.to_string() });
        }
        for place in ["holdout: {dataset: ", "command: "] {
            let close = "}".repeat(place.matches('{').count());
            let body = policy(&format!(", validation: {{{place}{yaml}{close}}}"));
            let target = Target(b"/api/v1/policies/p".to_vec());
            requests.push(Request { method: "PUT", target, body });
        }
    }
    assert_refused(&server, &address(&server), &requests);
}

#[tokio::test]
async fn no_path_of_an_uploads_file_leads_anywhere() {
    let (server, good, ..) = server().await;
    let mut requests = Vec::new();
    for segment in super::segments() {
        let mut target = format!("/api/v1/uploads/{}/files?path=", good.upload).into_bytes();
        target.extend(segment);
        requests.push(Request { method: "PUT", target: Target(target), body: BYTES.to_owned() });
    }
    assert_refused(&server, &address(&server), &requests);
}
