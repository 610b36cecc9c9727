//! The journal as a stream.

use crate::harness::{Server, demo_model};
use reqwest::Method;

#[tokio::test]
async fn a_reader_who_comes_back_misses_nothing() {
    let server = Server::start();
    server.push("digits", &demo_model("v1")).await;
    server.push("digits", &demo_model("v2")).await;
    let request = server.at(Method::GET, "/events").header("last-event-id", "1");
    let mut stream = request.send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains("\n\n") {
        let chunk = stream.chunk().await.unwrap().expect("the stream stays open");
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(text.contains("id: 2\n") && !text.contains("id: 1\n"), "{text}");
}
