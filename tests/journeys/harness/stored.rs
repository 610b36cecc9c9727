//! The state a server leaves behind when it dies within a stage that lasts a millisecond: written
//! as the server writes it, by the same store and the same transition, while no server runs.

use super::Server;
use super::wait::{PATIENCE, eventually, now};
use seatrial_domain::rollout::{Event, Transition};
use seatrial_domain::{Actor, RolloutId, Timestamp};
use seatrial_store::rollouts::Commit;
use seatrial_store::{Options, Store};

/// Makes every blob older than any grace.
pub(crate) fn age_blobs(server: &Server) {
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(86_400);
    for entry in std::fs::read_dir(server.data().join("blobs/sha256")).expect("it has blobs") {
        let blob = std::fs::File::open(entry.expect("an entry").path());
        // One that was removed meanwhile is as old as can be.
        if let Ok(blob) = blob {
            blob.set_modified(long_ago).expect("it is ours");
        }
    }
}

/// Stores that `event` has happened to the rollout, as soon as it means something there; whatever
/// it leads to is not carried out.
pub(crate) fn store_event(server: &Server, id: u64, event: &Event) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&server.data(), Options::default()).await.expect("nobody has it");
        let before = store.rollout(RolloutId(id)).await.expect("it is read").expect("it is there");
        let possible = || -> Option<(Transition, Timestamp)> {
            let at = Timestamp::from_micros(now());
            Some((before.rollout.on(event, at).ok()?, at))
        };
        let what = format!("{} means something here", event.name());
        let (transition, at) = eventually(&what, PATIENCE, possible);
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
