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

#[tokio::test]
async fn one_reader_too_many_is_turned_away_and_let_in_when_another_has_gone() {
    let server = Server::start();
    let read = || server.at(Method::GET, "/events").send();
    let mut readers = Vec::new();
    for _ in 0..64 {
        readers.push(read().await.unwrap());
    }
    let refused = read().await.unwrap();
    assert_eq!(refused.status(), 429);
    drop(readers);
    while read().await.unwrap().status() == 429 {}
}
