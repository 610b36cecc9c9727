//! Whoever sets something waits until the policies that wait for it were asked, and no longer.

use super::bench::Bench;
use seatrial_store::Options;
use seatrial_store::changed::Changed;
use std::time::Duration;

/// Well below what an alias or a tag is waited for at most.
const SOON: Duration = Duration::from_secs(5);
const CONSUMER: &str = "trigger";

fn alias(name: &str) -> Changed {
    Changed { aliases: vec![name.to_owned()], ..Changed::default() }
}

/// Long enough for a look at the policies, which is all that may be waited for.
const MOMENT: Duration = Duration::from_millis(300);

async fn is_waited_for(bench: &Bench, set: &Changed) -> bool {
    tokio::time::timeout(MOMENT, bench.driver.caught_up(set)).await.is_err()
}

/// Whether it is, before long, and what was waited for.
async fn is_caught_up_soon(bench: &Bench, set: &Changed) -> Option<bool> {
    tokio::time::timeout(SOON, bench.driver.caught_up(set)).await.ok()
}

async fn waiting_for_next() -> Bench {
    let bench = Bench::new().await;
    bench.apply("trigger: {alias: next}").await;
    bench.version("one").await;
    bench
}

#[tokio::test]
async fn what_an_earlier_process_was_told_is_not_waited_for() {
    let bench = waiting_for_next().await;
    let head = *bench.store.journal_head().borrow();
    bench.store.delivered(CONSUMER, head).await.unwrap();

    let bench = bench.restarted(Options::default()).await;
    bench.driver.trigger();

    assert_eq!(is_caught_up_soon(&bench, &alias("next")).await, Some(true), "nothing came since");
}

#[tokio::test]
async fn what_nobody_was_asked_about_yet_is_read_first_and_noted_once_all_is_calm() {
    let bench = waiting_for_next().await;
    bench.driver.trigger();

    assert_eq!(is_caught_up_soon(&bench, &alias("next")).await, Some(true));

    let head = *bench.store.journal_head().borrow();
    assert_eq!(*bench.driver.triggers_read.borrow(), head);
    let noted = async {
        while bench.store.delivered_to(CONSUMER).await.unwrap() < head {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, noted).await.expect("the next process reads on from there");
}

#[tokio::test]
async fn what_no_policy_waits_for_is_not_waited_for() {
    let bench = waiting_for_next().await;
    // Nobody reads the journal, so that waiting would not end soon.
    assert_eq!(is_caught_up_soon(&bench, &alias("other")).await, Some(false));
    assert!(is_waited_for(&bench, &alias("next")).await);
    bench.apply("trigger: {alias: other}").await;
    assert!(is_waited_for(&bench, &alias("other")).await, "the text in force counts");
}
