//! Holds: what the world must give before the share may rise.

use super::script::check;
use crate::plan::{Kind, OnProviderError};
use crate::rollout::fixture::{at, evening, plan, queued};
use crate::rollout::{Bootstrap, Event, Hold};

#[test]
fn a_table_that_is_not_acknowledged_holds() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary   -> canary 5 % epoch 12
        0   tick           -> refused: undecided
        1   tick           -> canary 5 % epoch 12 held(ack)
        2   tick           -> refused: undecided
        3   ack            -> canary 5 % epoch 12
        13  look pass 100  -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn capacity_comes_before_weight() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach ramp       -> ramp(0) 10 % epoch 13
        0   ack              -> ramp(0) 10 % epoch 13
        10  look pass 100 1  -> ramp(0) 10 % epoch 13 held(capacity)
        11  look pass 100 1  -> refused: undecided
        12  look pass 100 2  -> ramp(1) 25 % epoch 14
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach ramp            -> ramp(0) 10 % epoch 13
        0   ack                   -> ramp(0) 10 % epoch 13
        10  look pass 100 1       -> ramp(0) 10 % epoch 13 held(capacity)
        11  look undecided 100 2  -> refused: undecided
        60  tick                  -> ramp(0) 10 % epoch 13 paused(deadline) held(capacity)
    ",
    );
}

#[test]
fn a_freeze_holds_raises_and_stops_the_maximum_but_no_rollback() {
    check(
        Kind::Promote,
        |plan| plan.windows = vec![evening()],
        "
        230  reach canary   -> canary 5 % epoch 12
        0    ack            -> canary 5 % epoch 12
        40   look pass 100  -> canary 5 % epoch 12 held(freeze)
        41   look pass 110  -> refused: undecided
        300  tick           -> refused: undecided
        390  tick           -> canary 5 % epoch 12
        391  look pass 120  -> ramp(0) 10 % epoch 13
    ",
    );
    check(
        Kind::Promote,
        |plan| plan.windows = vec![evening()],
        "
        230  reach canary   -> canary 5 % epoch 12
        0    ack            -> canary 5 % epoch 12
        40   look pass 100  -> canary 5 % epoch 12 held(freeze)
        42   look fail 200  -> rolling_back(rolled_back) 0 % epoch 13 + v2 quarantined
    ",
    );
    check(
        Kind::Promote,
        |plan| plan.windows = vec![evening()],
        "
        310  turn  -> refused: a freeze window is open until 2023-11-14T23:00:00.000Z
        661  turn  -> staging 0 % epoch 10
    ",
    );
}

#[test]
fn missing_telemetry_blocks_a_pass_and_the_deadline_still_comes() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary       -> canary 5 % epoch 12
        0   ack                -> canary 5 % epoch 12
        1   hold telemetry     -> canary 5 % epoch 12 held(telemetry)
        2   hold standby       -> refused: it is so already
        30  look pass 400      -> refused: undecided
        31  look pass 400 0    -> refused: undecided
        60  tick               -> canary 5 % epoch 12 paused(deadline) held(telemetry)
        61  release telemetry  -> canary 5 % epoch 12 paused(deadline)
        62  resume             -> canary 5 % epoch 12
    ",
    );
}

#[test]
fn a_raise_that_waits_masks_nothing_that_is_missing() {
    check(
        Kind::Promote,
        |plan| plan.windows = vec![evening()],
        "
        0   reach ramp         -> ramp(0) 10 % epoch 13
        0   ack                -> ramp(0) 10 % epoch 13
        10  look pass 100 1    -> ramp(0) 10 % epoch 13 held(capacity)
        11  hold freeze        -> refused: it is so already
        11  hold standby       -> ramp(0) 10 % epoch 13 held(standby)
        12  hold telemetry     -> refused: it is so already
        13  look pass 100 2    -> refused: undecided
        14  release standby    -> ramp(0) 10 % epoch 13
        15  look pass 100 2    -> ramp(1) 25 % epoch 14
    ",
    );
    check(
        Kind::Promote,
        |plan| plan.windows = vec![evening()],
        "
        230  reach canary   -> canary 5 % epoch 12
        0    ack            -> canary 5 % epoch 12
        40   look pass 100  -> canary 5 % epoch 12 held(freeze)
        41   hold telemetry -> canary 5 % epoch 12 held(telemetry)
    ",
    );
}

#[test]
fn too_few_labels_hold() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary         -> canary 5 % epoch 12
        0   ack                  -> canary 5 % epoch 12
        10  look unlabelled 100  -> canary 5 % epoch 12 held(coverage)
        11  look pass 110        -> refused: undecided
        12  release coverage     -> canary 5 % epoch 12
        13  look pass 120        -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn a_check_that_cannot_be_computed_holds_until_it_can() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary      -> canary 5 % epoch 12
        0   ack               -> canary 5 % epoch 12
        10  look error 100    -> canary 5 % epoch 12 held(provider)
        11  release provider  -> refused: undecided
        12  look error 100    -> refused: it is so already
        13  look pass 100     -> canary 5 % epoch 12
        14  look pass 100     -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn a_check_that_cannot_be_computed_pauses_or_rolls_back_if_so_planned() {
    check(
        Kind::Promote,
        |plan| plan.analysis.on_provider_error = OnProviderError::Pause,
        "
        0   reach canary    -> canary 5 % epoch 12
        0   ack             -> canary 5 % epoch 12
        10  look error 100  -> canary 5 % epoch 12 paused(operator)
        11  look error 110  -> refused: it is so already
    ",
    );
    check(
        Kind::Promote,
        |plan| plan.analysis.on_provider_error = OnProviderError::Rollback,
        "
        0   reach canary    -> canary 5 % epoch 12
        0   ack             -> canary 5 % epoch 12
        12  look error 100  -> rolling_back(rolled_back) 0 % epoch 13
    ",
    );
}

#[test]
fn a_lost_standby_blocks_decommissioning() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach stabilizing  -> stabilizing 100 % epoch 17
        0   ack                -> stabilizing 100 % epoch 17
        5   hold standby       -> stabilizing 100 % epoch 17 held(standby)
        60  tick               -> refused: undecided
        61  release standby    -> stabilizing 100 % epoch 17
        85  tick               -> refused: undecided
        86  tick               -> decommissioning 100 % epoch 18 + v2 known good
    ",
    );
}

#[test]
fn a_hold_says_what_is_missing_until_it_is_back() {
    let rollout = queued(plan(Kind::Promote), Bootstrap::Ask);
    let why = "endpoint other answers with the version to retire".to_owned();
    let hold = Hold::Referenced;

    let held = rollout.on(&Event::Held { hold, why: why.clone() }, at(1)).unwrap();

    assert_eq!(held.journal.cause.in_words(), format!("held(referenced): {why}"));
    assert_eq!(held.next.reason, Some(why));
    let back = held.next.on(&Event::Released(hold), at(2)).unwrap().next;
    assert_eq!((back.held, back.reason), (None, None));
}
