//! The state a server leaves behind when it dies within a stage that lasts a millisecond: written
//! as the server writes it, by the same store and the same transition, while no server runs.

use super::Server;
use super::wait::now;
use seatrial_domain::rollout::Event;
use seatrial_domain::{Actor, RolloutId, Timestamp};
use seatrial_store::rollouts::Commit;
use seatrial_store::{Options, Store};

/// Stores that `event` has happened to the rollout; whatever it leads to is not carried out.
pub(crate) fn store_event(server: &Server, id: u64, event: &Event) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&server.data(), Options::default()).await.expect("nobody has it");
        let before = store.rollout(RolloutId(id)).await.expect("it is read").expect("it is there");
        let at = Timestamp::from_micros(now());
        let transition = before.rollout.on(event, at).expect("it means something here");
        let commit = Commit {
            transition: &transition,
            expected: before.revision,
            actor: &Actor::Seatrial,
            evidence: None,
            now: at,
        };
        store.commit(commit).await.expect("it is stored");
        store.close().await;
    });
}
