//! What all clients together may take.

use crate::double::Script;
use crate::http::{INPUT, request};
use crate::world::{World, config};
use seatrial_gateway::Config;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

#[tokio::test]
async fn bodies_beyond_what_all_may_take_are_refused_until_others_are_answered() {
    let world = World::new(Config { max_bodies: 4096, ..config() }).await;
    world.install(1, |table| table.rollout = None);
    let permits = Arc::new(Semaphore::new(0));
    world.incumbent.play(Script::Wait(Arc::clone(&permits), 1));
    let large = format!("{}{INPUT}", " ".repeat(2900));
    let infer = |body: String| async move {
        world.client.post("/v2/models/digits/infer", &[], &body).await
    };
    let meanwhile = async {
        world.until(|world| world.incumbent.calls() == 1).await;
        let refused = infer(large.clone()).await;
        assert_eq!((refused.status, world.incumbent.calls()), (503, 1), "{refused:?}");
        assert!(refused.error().contains("try again"), "{refused:?}");
        permits.add_permits(3);
        assert_eq!(infer(INPUT.to_owned()).await.status, 200, "there is room for small ones");
    };
    let (held, ()) = tokio::join!(infer(large.clone()), meanwhile);
    assert_eq!(held.status, 200);
    assert_eq!(infer(large.clone()).await.status, 200, "the room is given back");
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let head_timeout = Duration::from_millis(50);
    let world = World::new(Config { head_timeout, max_connections: 1, ..config() }).await;
    let mut slow = TcpStream::connect(world.client.0).await.unwrap();
    slow.write_all(b"GET /v2/health/live HT").await.unwrap();
    // The only place is taken until the slow one is cut off.
    assert_eq!(world.client.get("/v2/health/live").await.status, 200);
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).await.unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("200"), "{rest:?}");
}

#[tokio::test]
async fn the_tensors_of_a_body_count_among_the_bytes() {
    let world = World::new(Config { max_bodies: 4096, ..config() }).await;
    world.install(1, |table| table.rollout = None);
    // Two bytes of text become four of a tensor, and its spare.
    let infer = |pairs: usize| async move {
        let shape = format!("[{pairs},2],\"datatype");
        let data = format!("[{}0]}}", "0,".repeat(pairs * 2 - 1));
        let body = INPUT.replace("[1,2],\"datatype", &shape).replace("[1,2]}", &data);
        assert!(body.len() < 1500, "the text alone would fit");
        world.client.post("/v2/models/digits/infer", &[], &body).await
    };
    assert_eq!(infer(100).await.status, 200);
    let refused = infer(300).await;
    assert_eq!((refused.status, world.incumbent.calls()), (503, 1), "{refused:?}");
    assert_eq!(infer(100).await.status, 200, "the room is given back");
}

#[tokio::test]
async fn a_client_that_never_reads_is_sent_away() {
    let write_timeout = Duration::from_millis(50);
    let world = World::new(Config { write_timeout, max_connections: 1, ..config() }).await;
    world.install(1, |table| table.rollout = None);
    // More than the sockets' buffers take.
    world.incumbent.play(Script::Zeros(8 << 20));
    let mut deaf = TcpStream::connect(world.client.0).await.unwrap();
    let ask = INPUT.replacen('{', r#"{"outputs":[{"name":"score"}],"#, 1);
    let ask = request("/v2/models/digits/infer", &[], &ask);
    deaf.write_all(ask.as_bytes()).await.unwrap();
    // The only place is taken until the deaf one is cut off.
    assert_eq!(world.client.get("/v2/health/live").await.status, 200);
    assert_eq!(world.incumbent.calls(), 1);
}

#[tokio::test]
async fn a_body_that_trickles_in_is_not_waited_for() {
    let body_timeout = Duration::from_millis(50);
    let world = World::new(Config { body_timeout, ..config() }).await;
    world.install(1, |table| table.rollout = None);
    let begun = "POST /v2/models/digits/infer HTTP/1.1\r\nhost: localhost\r\n\
                 connection: close\r\ncontent-length: 10\r\n\r\n{";
    let reply = world.client.say(begun).await;
    assert_eq!((reply.status, reply.error()), (400, "the body did not arrive in time"));
}

#[tokio::test]
async fn what_is_no_http_or_too_long_a_head_is_refused_and_the_next_is_served() {
    let world = World::new(Config { max_head: 8192, ..config() }).await;
    let long = format!("GET /v2 HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(9000));
    for (text, status) in [("NO HTTP AT ALL\r\n\r\n", " 400 "), (long.as_str(), " 431 ")] {
        let mut stream = TcpStream::connect(world.client.0).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // What is left unread of a head may reset the connection behind the answer.
        let _ended = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.is_empty() || answer.contains(status), "{answer}");
        assert_eq!(world.client.get("/v2").await.status, 200);
    }
}
