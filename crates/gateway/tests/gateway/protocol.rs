//! What a client of the Open Inference Protocol sees.

use crate::double::Script;
use crate::http::INPUT;
use crate::world::World;
use serde_json::json;

async fn serving() -> World {
    World::with(|table| table.rollout = None).await
}

async fn refused(world: &World, body: &str) -> (u16, String) {
    let reply = world.client.post("/v2/models/digits/infer", &[], body).await;
    (reply.status, reply.error().to_owned())
}

#[tokio::test]
async fn health_and_metadata_are_the_protocols() {
    let world = serving().await;
    assert_eq!(world.client.get("/v2/health/live").await.status, 200);
    assert_eq!(world.client.get("/v2/health/ready").await.status, 200);
    assert_eq!(world.client.get("/v2/models/digits/ready").await.status, 200);
    assert_eq!(world.client.get("/v2").await.body["name"], "seatrial");
    let metadata = world.client.get("/v2/models/digits").await.body;
    assert_eq!(metadata["name"], "digits");
    assert_eq!(metadata["platform"], "onnx_onnxv1");
    assert_eq!(metadata["versions"], json!(["1"]));
    assert_eq!(metadata["inputs"], json!([{"name": "x", "datatype": "FP32", "shape": [-1, 2]}]));
    let index = world.client.post("/v2/repository/index", &[], "").await.body;
    assert_eq!(index, json!([{"name": "digits", "version": "1", "state": "READY", "reason": ""}]));
}

#[tokio::test]
async fn an_answer_names_its_version_and_its_request() {
    let world = serving().await;
    let reply = world.client.infer(&[("x-request-id", "r-1")]).await;
    assert_eq!((reply.status, reply.label()), (200, 1));
    assert_eq!(reply.header("x-seatrial-version"), Some("1"));
    assert_eq!(reply.header("x-request-id"), Some("r-1"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.body["model_name"], "digits");
    assert_eq!(reply.body["model_version"], "1");

    let made = world.client.infer(&[("x-request-id", "not valid")]).await;
    let made = made.header("x-request-id").unwrap().to_owned();
    assert!(made.starts_with("000000000000b007-"), "{made}");
}

#[tokio::test]
async fn only_the_outputs_asked_for_are_answered() {
    let world = serving().await;
    let ask =
        |name: &str| INPUT.replacen('{', &format!(r#"{{"outputs":[{{"name":"{name}"}}],"#), 1);
    let reply = world.client.post("/v2/models/digits/infer", &[], &ask("score")).await;
    assert_eq!(reply.body["outputs"].as_array().unwrap().len(), 1);
    assert_eq!(reply.body["outputs"][0]["data"], json!([0.5]));
    let (status, error) = refused(&world, &ask("other")).await;
    assert_eq!(
        (status, error.as_str()),
        (400, r#"unknown output "other"; expected "label", "score""#)
    );
}

#[tokio::test]
async fn what_the_client_got_wrong_is_400_and_names_the_input() {
    let world = serving().await;
    let cases = [
        (INPUT.replace("[1,2],\"datatype", "[2,1],\"datatype"), "input \"x\" has shape [2,1]"),
        (INPUT.replace("FP32", "FP64"), "input \"x\" is FP64; expected FP32"),
        (INPUT.replace("\"x\"", "\"y\""), "unknown input \"y\""),
        (INPUT.replace("[1,2]}", "[1]}"), "input \"x\""),
        (INPUT.replace("[1,2]}", "[1,null]}"), "input \"x\""),
        (INPUT.replace("[1,2]}", "[1,NaN]}"), "the body is not an inference request"),
        (
            INPUT.replace("[1,2],\"datatype", "[0,2],\"datatype").replace("[1,2]}", "[]}"),
            "input \"x\"",
        ),
        (INPUT.replace("[1,2],\"datatype", "\"2\",\"datatype"), "input \"x\": `shape` is not"),
        (INPUT.replace("\"shape\":[1,2],", ""), "input \"x\": `shape` is missing"),
        (INPUT.replace("\"FP32\"", "7"), "input \"x\": `datatype` is not text"),
        ("{".to_owned(), "the body is not an inference request"),
        (r#"{"inputs":[]}"#.to_owned(), "input \"x\" is missing"),
    ];
    for (body, expected) in cases {
        let (status, error) = refused(&world, &body).await;
        assert_eq!(status, 400, "{body}: {error}");
        assert!(error.starts_with(expected), "{body}: {error}");
    }
    assert_eq!(world.incumbent.calls(), 0);
}

#[tokio::test]
async fn unknown_models_paths_and_methods_are_told_apart() {
    let world = serving().await;
    assert_eq!(world.client.post("/v2/models/other/infer", &[], INPUT).await.status, 404);
    assert_eq!(world.client.get("/v3").await.status, 404);
    assert_eq!(world.client.get("/v2/models/digits/infer").await.status, 405);
    let load = world.client.post("/v2/repository/models/digits/load", &[], "").await;
    assert_eq!(
        (load.status, load.error()),
        (501, "loading and unloading by clients is not available yet")
    );
    let binary = [("inference-header-content-length", "3")];
    let reply = world.client.post("/v2/models/digits/infer", &binary, "{}\n").await;
    assert_eq!((reply.status, reply.error()), (501, "binary tensor data is not available yet"));
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_413_declared_or_streamed() {
    let world = World::with(|table| table.settings.max_body = 100).await;
    let declared = "POST /v2/models/digits/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: 101\r\n\
                    connection: close\r\n\r\n";
    assert_eq!(world.client.say(declared).await.status, 413);
    let streamed = format!(
        "POST /v2/models/digits/infer HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\
         connection: close\r\n\r\n65\r\n{}\r\n0\r\n\r\n",
        "x".repeat(101)
    );
    let reply = world.client.say(&streamed).await;
    assert_eq!((reply.status, reply.error()), (413, "the body is larger than 100 bytes"));
}

#[tokio::test]
async fn a_models_failures_have_statuses_of_their_own() {
    let world = serving().await;
    for (script, status) in [(Script::Fail, 500), (Script::Late, 504), (Script::NotANumber, 500)] {
        world.incumbent.play(script);
        assert_eq!(world.client.infer(&[]).await.status, status);
    }
    let reply = world.client.infer(&[]).await;
    assert_eq!(reply.error(), "output \"score\" holds NaN or an infinity, which JSON cannot hold");
}

#[tokio::test]
async fn before_the_first_cutover_the_endpoint_is_unavailable() {
    let world = World::with(|table| (table.incumbent, table.rollout) = (None, None)).await;
    assert_eq!(world.client.infer(&[]).await.status, 503);
    assert_eq!(world.client.get("/v2/models/digits/ready").await.status, 503);
}

#[tokio::test]
async fn an_index_of_the_ready_leaves_the_others_out() {
    let world = serving().await;
    let index = |filter| world.client.post("/v2/repository/index", &[], filter);
    let row = |state, reason| json!([{"name": "digits", "version": "1", "state": state, "reason": reason}]);
    assert_eq!(index(r#"{"ready":true}"#).await.body, row("READY", ""));
    world.incumbent.ready.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(index(r#"{"ready":true}"#).await.body, json!([]));
    assert_eq!(index(r#"{"ready":false}"#).await.body, row("UNAVAILABLE", "not ready"));
    assert_eq!(index(r#"{"ready":"yes"}"#).await.status, 400);
}

#[tokio::test]
async fn nesting_without_end_is_refused() {
    let world = serving().await;
    let deep = "[".repeat(100_000);
    for body in [
        deep.clone(),
        INPUT.replace("[1,2]}", &format!("{deep}1")),
        INPUT.replacen('{', &format!(r#"{{"parameters":{{"a":{deep}"#), 1),
    ] {
        assert_eq!(refused(&world, &body).await.0, 400);
    }
    assert_eq!(world.client.infer(&[]).await.status, 200);
}

#[tokio::test]
async fn the_metrics_tell_latencies_refusals_and_copies() {
    let world = World::with(crate::world::route(|route| {
        route.share = crate::world::share(0);
        route.shadow = Some(crate::world::shadow());
    }))
    .await;
    world.client.infer(&[]).await;
    world.until(|world| world.shadow().mirror.sent == 1).await;
    for body in ["{", "{}"] {
        assert_eq!(refused(&world, body).await.0, 400);
    }
    let mut text = String::new();
    world.gateway.metrics(&mut text);
    for line in [
        r#"seatrial_latency_seconds_bucket{endpoint="digits",version="1",le="+Inf"} 1"#,
        r#"seatrial_latency_seconds_count{endpoint="digits",version="1"} 1"#,
        r#"seatrial_refused_requests_total{endpoint="digits",reason="invalid"} 2"#,
        r#"seatrial_mirrored_requests_total{endpoint="digits",fate="sent"} 1"#,
        r#"seatrial_concurrent_requests{endpoint="digits",version="1"} 0"#,
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn the_metrics_tell_requests_by_version_and_outcome() {
    let world = serving().await;
    world.client.infer(&[]).await;
    let mut text = String::new();
    world.gateway.metrics(&mut text);
    for line in [
        "seatrial_requests_total{endpoint=\"digits\",version=\"1\",outcome=\"ok\"} 1",
        "seatrial_epoch{endpoint=\"digits\"} 1",
        "seatrial_candidate_share_basis_points{endpoint=\"digits\"} 0",
        "seatrial_in_flight{endpoint=\"digits\",version=\"1\"} 0",
        "seatrial_guardrail_trips_total 0",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_reaches_no_model() {
    let world = serving().await;
    for host in ["evil.example:8000", "localhost.evil.example", "10.0.0.1"] {
        let ask = format!("GET /v2 HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let reply = world.client.say(&ask).await;
        assert_eq!(reply.status, 403, "{host}");
        assert!(reply.error().contains(host), "{reply:?}");
    }
    for host in ["127.0.0.9:1", "[::1]:8000", "LOCALHOST"] {
        let ask = format!("GET /v2 HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        assert_eq!(world.client.say(&ask).await.status, 200, "{host}");
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example"] {
        assert_eq!(world.client.infer(&[("origin", origin)]).await.status, 403, "{origin}");
    }
    assert_eq!(world.incumbent.calls(), 0);
    assert_eq!(world.client.infer(&[("origin", "http://localhost:8002")]).await.status, 200);
}
