//! Versions that are in a table and not loaded.

use crate::double::Double;
use crate::http::INPUT;
use crate::world::{World, config, route, share, target};
use seatrial_domain::plan::Fallback;
use seatrial_domain::split::Arm;
use seatrial_gateway::RouteTable;

fn full(table: &mut RouteTable) {
    route(|route| route.share = share(10_000))(table);
}

#[tokio::test]
async fn a_version_that_is_not_loaded_is_unavailable_whatever_the_client_sends() {
    let cold = Double::unloaded();
    let world = World::with(|table| {
        (table.incumbent, table.rollout) = (Some(target(1, &cold)), None);
    })
    .await;
    for body in [INPUT, r#"{"inputs":[]}"#] {
        for path in ["/v2/models/digits/infer", "/v2/models/digits/versions/1/infer"] {
            let reply = world.client.post(path, &[], body).await;
            assert_eq!(reply.status, 503, "{path} {reply:?}");
            assert!(reply.error().contains("ready"), "{reply:?}");
        }
    }
    for path in ["/v2/models/digits", "/v2/models/digits/versions/1"] {
        assert_eq!(world.client.get(path).await.status, 503, "{path}");
    }
    assert_eq!(world.client.post("/v2/models/digits/infer", &[], "{").await.status, 400);
}

#[tokio::test]
async fn the_standby_answers_for_a_candidate_that_is_not_loaded() {
    let world = World::new(config()).await;
    let cold = Double::unloaded();
    world.install(1, |table| {
        table.candidate = Some(target(2, &cold));
        full(table);
    });
    let reply = world.client.infer(&[]).await;
    assert_eq!((reply.status, reply.label()), (200, 1));
    assert_eq!(cold.calls(), 0);
    let bad = INPUT.replace("FP32", "INT8");
    assert_eq!(world.client.post("/v2/models/digits/infer", &[], &bad).await.status, 400);
    let mut metrics = String::new();
    world.gateway.metrics(&mut metrics);
    let failed = r#"seatrial_requests_total{endpoint="digits",version="2",outcome="error"} 1"#;
    assert!(metrics.contains(failed), "the candidate's failure, and only that one\n{metrics}");

    world.install(2, |table| {
        table.candidate = Some(target(2, &cold));
        full(table);
        route(|route| route.routing.fallback = Fallback::Off)(table);
    });
    assert_eq!(world.client.infer(&[]).await.status, 503);
}

#[tokio::test]
async fn an_incumbent_that_is_not_loaded_costs_the_candidates_clients_nothing() {
    let cold = Double::unloaded();
    let world = World::with(|table| table.incumbent = Some(target(1, &cold))).await;
    let of = |arm| World::user(arm, share(5000), 0);
    assert_eq!(world.client.infer_as(&of(Arm::Candidate)).await.label(), 2);
    assert_eq!(world.client.infer_as(&of(Arm::Incumbent)).await.status, 503);
}
