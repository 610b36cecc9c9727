//! What all clients together may take.

use crate::double::Script;
use crate::http::INPUT;
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
    let large = format!("{}{INPUT}", " ".repeat(3000));
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
