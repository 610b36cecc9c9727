//! A panic is the server's fault, and one request's alone.

use crate::double::Script;
use crate::world::{World, digits};
use seatrial_domain::VersionNumber;

#[tokio::test]
async fn a_request_that_panics_is_answered_and_so_is_the_next() {
    let world = World::with(|table| table.rollout = None).await;
    world.incumbent.play(Script::Panic);
    let reply = world.client.infer(&[("x-request-id", "r-1")]).await;
    assert_eq!((reply.status, reply.header("x-request-id")), (500, Some("r-1")));
    assert!(reply.error().contains("the server's own"), "{reply:?}");
    assert_eq!(world.gateway.in_flight(&digits(), VersionNumber(1)), 0);
    world.incumbent.play(Script::Answer(1));
    assert_eq!(world.client.infer(&[]).await.label(), 1);
    assert_eq!(world.incumbent.calls(), 2, "what panicked is not tried again");
}
