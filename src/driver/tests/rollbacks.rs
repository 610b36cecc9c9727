//! The way back is over once somebody answers.

use super::bench::{Bench, ada};
use seatrial_domain::rollout::{Event, Hold, Outcome, Rollout, Stage};

fn rolling_back(rollout: &mut Rollout) {
    rollout.stage = Stage::RollingBack { outcome: Outcome::RolledBack };
    rollout.reason = Some("one word".to_owned());
}

#[tokio::test]
async fn a_rollback_to_an_incumbent_that_does_not_load_is_held_until_it_does() {
    let bench = Bench::new().await;
    let one = bench.version("one").await;
    bench.world.break_loads_of(&one);
    let stored = bench.voyage(rolling_back).await;

    bench.step().await.unwrap();

    let held = bench.stored(&stored).await.rollout;
    assert_eq!((held.stage, held.held), (stored.rollout.stage, Some(Hold::RollbackFailed)));
    let why = "one word; the incumbent did not load: its blob is altered";
    assert_eq!(held.reason.as_deref(), Some(why));

    bench.world.mend();
    bench.step().await.unwrap();

    let ended = bench.stored(&stored).await.rollout;
    assert_eq!((ended.stage, ended.held), (Stage::RolledBack, None));
}

#[tokio::test]
async fn a_person_may_give_up_an_incumbent_that_does_not_load() {
    let bench = Bench::new().await;
    let one = bench.version("one").await;
    bench.world.break_loads_of(&one);
    let stored = bench.voyage(rolling_back).await;
    bench.step().await.unwrap();

    let abort = Event::Abort { reason: "its bytes are gone".to_owned() };
    let ended = bench.driver.command(stored.rollout.id, None, abort, ada()).await.unwrap();

    assert_eq!(ended.rollout.stage, Stage::Aborted);
}
