//! Whoever sets something waits until policies were asked about it, and no longer.

use super::bench::Bench;
use seatrial_store::Options;
use std::time::Duration;

/// Well below what an alias or a tag is waited for at most.
const SOON: Duration = Duration::from_secs(5);

async fn is_caught_up_soon(bench: &Bench) -> bool {
    bench.driver.trigger();
    tokio::time::timeout(SOON, bench.driver.caught_up()).await.is_ok()
}

#[tokio::test]
async fn what_an_earlier_process_was_told_is_not_waited_for() {
    let bench = Bench::new().await;
    bench.version("one").await;
    let head = *bench.store.journal_head().borrow();
    bench.store.delivered("trigger", head).await.unwrap();

    let bench = bench.restarted(Options::default()).await;

    assert!(is_caught_up_soon(&bench).await, "nothing was set since");
}

#[tokio::test]
async fn what_nobody_was_asked_about_yet_is_read_first() {
    let bench = Bench::new().await;
    bench.version("one").await;

    assert!(is_caught_up_soon(&bench).await);

    let head = *bench.store.journal_head().borrow();
    assert_eq!(*bench.driver.triggers_read.borrow(), head);
}
