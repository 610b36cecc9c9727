//! Labels on their way to whoever joins them.

use crate::world::{World, config};
use seatrial_domain::Timestamp;
use seatrial_gateway::{Config, feedback};

const PATH: &str = "/v2/models/digits/feedback";
const LABEL: &str = r#"{"request_id":"r-1","metric":"correct","value":true}"#;

#[tokio::test]
async fn a_label_reaches_the_joiner_and_its_answer_the_client() {
    let world = World::with(|_| {}).await;
    let mut labels = world.gateway.feedback().unwrap();
    let body = r#"{"request_id":"r-1","metric":"correct","value":0,"ts":"1970-01-01T00:00:02Z"}"#;
    let joined = async {
        let label = labels.recv().await.unwrap();
        assert_eq!((label.endpoint.as_str(), label.request_id.as_str()), ("digits", "r-1"));
        assert_eq!((label.metric.as_str(), label.value), ("correct", 0.0));
        assert_eq!(label.ts, Timestamp::from_micros(2_000_000));
        label.reply.send(Ok(())).unwrap();
    };
    let (reply, ()) = tokio::join!(world.client.post(PATH, &[], body), joined);
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn a_number_reaches_the_joiner_as_it_was_sent() {
    let world = World::with(|_| {}).await;
    let mut labels = world.gateway.feedback().unwrap();
    for (sent, value) in [("-12.75", -12.75), ("3e4", 30_000.0), ("false", 0.0)] {
        let joined = async {
            let label = labels.recv().await.unwrap();
            assert_eq!(label.value.to_bits(), f64::to_bits(value));
            label.reply.send(Ok(())).unwrap();
        };
        let body = LABEL.replace("true", sent);
        let (reply, ()) = tokio::join!(world.client.post(PATH, &[], &body), joined);
        assert_eq!(reply.status, 200, "{sent}");
    }
}

#[tokio::test]
async fn what_the_joiner_refuses_has_a_status() {
    let world = World::with(|_| {}).await;
    let mut labels = world.gateway.feedback().unwrap();
    let refusals = [
        (feedback::Error::UnknownRequest("r-1".into()), 404),
        (feedback::Error::Invalid("no such metric".into()), 400),
        (feedback::Error::Unavailable("the store is full".into()), 503),
    ];
    for (error, status) in refusals {
        let joined = async { labels.recv().await.unwrap().reply.send(Err(error)).unwrap() };
        let (reply, ()) = tokio::join!(world.client.post(PATH, &[], LABEL), joined);
        assert_eq!(reply.status, status, "{reply:?}");
    }
}

#[tokio::test]
async fn a_label_that_finds_no_room_is_turned_away() {
    let world = World::new(Config { feedback_queue: 1, ..config() }).await;
    world.install(1, |_| {});
    let mut labels = world.gateway.feedback().unwrap();
    let second = async {
        world.until(|_| labels.len() == 1).await;
        world.client.post(PATH, &[], LABEL).await
    };
    let mut first = std::pin::pin!(world.client.post(PATH, &[], LABEL));
    let second = tokio::select! {
        first = &mut first => panic!("nobody has joined it: {first:?}"),
        second = second => second,
    };
    assert_eq!((second.status, second.header("retry-after")), (503, Some("1")));
    labels.recv().await.unwrap().reply.send(Ok(())).unwrap();
    assert_eq!(first.await.status, 200);
}

#[tokio::test]
async fn malformed_labels_are_400_and_unknown_models_404() {
    let world = World::with(|_| {}).await;
    let bad = [
        "{",
        r#"{"request_id":"","metric":"m","value":1}"#,
        &LABEL.replace("true", "\"0.5\""),
        &LABEL.replace("true", "1e999"),
    ];
    for body in bad {
        assert_eq!(world.client.post(PATH, &[], body).await.status, 400, "{body}");
    }
    assert_eq!(world.client.post("/v2/models/other/feedback", &[], LABEL).await.status, 404);
}
