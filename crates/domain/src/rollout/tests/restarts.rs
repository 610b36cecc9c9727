//! Restarts of the server: what an outage leaves as it was, and what is asked for again.

use super::script::check;
use crate::plan::Kind;
use crate::rollout::fixture::{at, plan, queued};
use crate::rollout::{Bootstrap, Cause, Event};

#[test]
fn a_minimum_duration_is_not_fulfilled_by_downtime() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary   -> canary 5 % epoch 12
        0   ack            -> canary 5 % epoch 12
        34  restart 30     -> canary 5 % epoch 12
        35  look pass 400  -> refused: undecided
        35  ack            -> canary 5 % epoch 12
        40  look pass 400  -> refused: undecided
        41  look pass 400  -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn a_minimum_fulfilled_before_the_outage_still_waits_for_the_acknowledgement() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary   -> canary 5 % epoch 12
        0   ack            -> canary 5 % epoch 12
        45  restart 30     -> canary 5 % epoch 12
        45  look pass 400  -> refused: undecided
        46  ack            -> canary 5 % epoch 12
        46  look pass 400  -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn a_stability_window_is_not_fulfilled_by_downtime() {
    check(
        Kind::Promote,
        |_| {},
        "
        0    reach stabilizing  -> stabilizing 100 % epoch 17
        0    ack                -> stabilizing 100 % epoch 17
        110  restart 100        -> stabilizing 100 % epoch 17
        110  tick               -> refused: undecided
        110  ack                -> stabilizing 100 % epoch 17
        129  tick               -> refused: undecided
        130  tick               -> decommissioning 100 % epoch 18 + v2 known good
    ",
    );
}

#[test]
fn no_deadline_passes_while_the_server_is_down() {
    check(
        Kind::Promote,
        |_| {},
        "
        0    reach canary  -> canary 5 % epoch 12
        0    ack           -> canary 5 % epoch 12
        220  restart 200   -> canary 5 % epoch 12
        220  ack           -> canary 5 % epoch 12
        259  tick          -> refused: undecided
        260  tick          -> canary 5 % epoch 12 paused(deadline)
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0    turn         -> staging 0 % epoch 10
        105  restart 100  -> staging 0 % epoch 10
        119  tick         -> refused: undecided
        120  tick         -> rejected 0 % epoch 11
    ",
    );
}

#[test]
fn what_begins_anew_has_its_whole_time_again() {
    check(
        Kind::Promote,
        |_| {},
        "
        0    reach validating  -> validating 0 % epoch 10
        114  restart 100       -> validating 0 % epoch 10
        129  tick              -> refused: undecided
        130  tick              -> rejected 0 % epoch 11
    ",
    );
}

#[test]
fn no_approval_expires_while_the_server_is_down() {
    check(
        Kind::First,
        |_| {},
        "
        0    reach validating  -> validating 0 % epoch 10
        1    validated         -> validating 0 % epoch 10 awaiting_approval
        105  restart 100       -> validating 0 % epoch 10 awaiting_approval
        120  tick              -> refused: undecided
        121  tick              -> validating 0 % epoch 10 paused(approval_expired)
    ",
    );
}

#[test]
fn acknowledgements_have_their_whole_time_again_after_a_restart() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary  -> canary 5 % epoch 12
        50  restart 50    -> canary 5 % epoch 12
        50  tick          -> refused: undecided
        51  tick          -> canary 5 % epoch 12 held(ack)
        60  restart 5     -> canary 5 % epoch 12 held(ack)
        61  ack           -> canary 5 % epoch 12
    ",
    );
}

#[test]
fn overlays_outlive_a_restart_and_keep_stopping_the_clock() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary   -> canary 5 % epoch 12
        0   ack            -> canary 5 % epoch 12
        4   pause lunch    -> canary 5 % epoch 12 paused(operator)
        90  restart 30     -> canary 5 % epoch 12 paused(operator)
        90  ack            -> canary 5 % epoch 12 paused(operator)
        95  resume         -> canary 5 % epoch 12
        100 look pass 400  -> refused: undecided
        101 look pass 400  -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn a_rollback_goes_on_and_what_is_over_is_not_taken_up() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary  -> canary 5 % epoch 12
        1   rollback bad  -> rolling_back(rolled_back) 0 % epoch 13
        31  restart 30    -> rolling_back(rolled_back) 0 % epoch 13
        31  ack           -> rolled_back 0 % epoch 14
        32  restart 1     -> refused: the rollout is rolled_back: it is over
    ",
    );
}

#[test]
fn the_journal_says_how_long_the_server_was_down() {
    let rollout = queued(plan(Kind::Promote), Bootstrap::Ask);
    let restarted = Event::Restarted { alive_until: at(3) };
    let journal = rollout.on(&restarted, at(5)).unwrap().journal;
    assert_eq!(journal.event, "restarted");
    assert_eq!(journal.cause, Cause::Said { text: "taken up again after 120 s".to_owned() });
}
