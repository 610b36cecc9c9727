//! Voyages that complete: promote, first, restore, and what their standby does.

use super::script::{check, check_with};
use crate::Share;
use crate::plan::{Kind, NeedsApproval, StandbyMode};
use crate::rollout::Bootstrap;
use crate::rollout::fixture::evening;

#[test]
fn a_good_candidate_completes() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   turn            -> staging 0 % epoch 10
        2   staged          -> validating 0 % epoch 10
        3   validated       -> shadow 0 % epoch 11
        4   ack             -> shadow 0 % epoch 11
        14  look pass 100   -> canary 5 % epoch 12
        15  ack             -> canary 5 % epoch 12
        24  look pass 400   -> refused: undecided
        25  look pass 99    -> refused: undecided
        26  look pass 100   -> ramp(0) 10 % epoch 13
        27  ack             -> ramp(0) 10 % epoch 13
        37  look pass 100   -> ramp(1) 25 % epoch 14
        38  ack             -> ramp(1) 25 % epoch 14
        48  look pass 100   -> ramp(2) 50 % epoch 15
        49  ack             -> ramp(2) 50 % epoch 15
        59  look pass 100   -> cutover 100 % epoch 16 + champion is v2 + v1 known good
        59  ack old         -> refused: stale: about epoch 15, now 16
        60  ack             -> stabilizing 100 % epoch 17
        61  ack             -> stabilizing 100 % epoch 17
        90  tick            -> refused: undecided
        91  tick            -> decommissioning 100 % epoch 18 + v2 known good
        92  drained         -> refused: undecided
        92  ack             -> decommissioning 100 % epoch 18
        93  drained         -> completed 100 % epoch 19 + v1 retired
        94  abort too late  -> refused: the rollout is completed: it is over
    ",
    );
}

#[test]
fn a_first_version_waits_for_its_approval() {
    check(Kind::First, |_| {}, "
        0   turn              -> staging 0 % epoch 10
        1   staged            -> validating 0 % epoch 10
        2   validated         -> validating 0 % epoch 10 awaiting_approval
        3   tick              -> refused: undecided
        4   approve ann       -> validating 0 % epoch 10
        5   tick              -> cutover 100 % epoch 11 + champion is v2 + skipped shadow canary ramp
        6   ack               -> stabilizing 100 % epoch 12
        7   ack               -> stabilizing 100 % epoch 12
        8   rollback to what  -> refused: there is no incumbent to roll back to: abort the rollout instead
        8   supersede         -> refused: there is no incumbent to roll back to: abort the rollout instead
        36  tick              -> refused: undecided
        37  tick              -> decommissioning 100 % epoch 13 + v2 known good
        38  ack               -> decommissioning 100 % epoch 13
        38  drained           -> completed 100 % epoch 14
    ");
}

#[test]
fn a_first_version_goes_live_only_with_its_capacity() {
    check_with(Kind::First, Bootstrap::Approved, |_| {}, "
        0   reach validating  -> validating 0 % epoch 10
        1   validated         -> validating 0 % epoch 10
        2   hold capacity     -> validating 0 % epoch 10 held(capacity)
        3   tick              -> refused: undecided
        4   release capacity  -> validating 0 % epoch 10
        5   tick              -> cutover 100 % epoch 11 + champion is v2 + skipped shadow canary ramp
    ");
}

#[test]
fn nobody_is_asked_to_decommission_an_incumbent_that_there_is_not() {
    check(
        Kind::First,
        |plan| plan.decommission.approval = NeedsApproval::Yes,
        "
        0   reach stabilizing  -> stabilizing 100 % epoch 12
        0   ack                -> stabilizing 100 % epoch 12
        30  tick               -> decommissioning 100 % epoch 13 + v2 known good
    ",
    );
}

#[test]
fn a_bootstrapped_first_version_goes_live_at_once() {
    check_with(Kind::First, Bootstrap::Approved, |_| {}, "
        0   reach validating  -> validating 0 % epoch 10
        1   validated         -> validating 0 % epoch 10
        1   tick              -> cutover 100 % epoch 11 + champion is v2 + skipped shadow canary ramp
        2   ack               -> stabilizing 100 % epoch 12
    ");
}

#[test]
fn a_first_version_nobody_wants_is_aborted_to_no_answer() {
    check(Kind::First, |_| {}, "
        0   reach cutover      -> cutover 100 % epoch 11 + champion is v2 + skipped shadow canary ramp
        1   abort it is wrong  -> rolling_back(aborted) 0 % epoch 12 + champion is nobody
        2   ack                -> aborted 0 % epoch 13
    ");
}

#[test]
fn a_first_version_waits_for_a_freeze_to_end() {
    check_with(
        Kind::First,
        Bootstrap::Approved,
        |plan| plan.windows = vec![evening()],
        "
        0    turn       -> staging 0 % epoch 10
        1    staged     -> validating 0 % epoch 10
        299  resume     -> refused: it is so already
        310  validated  -> validating 0 % epoch 10
        311  tick       -> validating 0 % epoch 10 held(freeze)
        312  tick       -> refused: undecided
        661  tick       -> validating 0 % epoch 10
        662  tick       -> cutover 100 % epoch 11 + champion is v2 + skipped shadow canary ramp
    ",
    );
}

#[test]
fn a_restore_takes_everything_back_at_once() {
    check(Kind::Restore, |plan| plan.windows = vec![evening()], "
        310  turn                      -> staging 0 % epoch 10
        311  staged                    -> cutover 100 % epoch 11 + champion is v2 + v1 known good + skipped validating shadow canary ramp
        312  ack                       -> stabilizing 100 % epoch 12
        313  ack                       -> stabilizing 100 % epoch 12
        314  trip errorRatio 9/20 0/0  -> stabilizing 100 % epoch 12 paused(operator)
        315  resume                    -> stabilizing 100 % epoch 13
        315  ack                       -> stabilizing 100 % epoch 13
        344  tick                      -> decommissioning 100 % epoch 14 + v2 known good
        345  tick                      -> decommissioning 100 % epoch 14 held(ack)
        346  ack                       -> decommissioning 100 % epoch 14
        347  drained                   -> completed 100 % epoch 15 + v1 retired
    ");
}

#[test]
fn a_holdback_ends_with_decommissioning_and_not_in_a_freeze() {
    let adjust = |plan: &mut crate::plan::Plan| {
        plan.stability.holdback = Share::new(1000).unwrap();
        plan.windows = vec![evening()];
    };
    check(
        Kind::Promote,
        adjust,
        "
        0    reach ramp          -> ramp(0) 10 % epoch 13
        0    ack                 -> ramp(0) 10 % epoch 13
        10   look pass 100       -> ramp(1) 25 % epoch 14
        10   ack                 -> ramp(1) 25 % epoch 14
        20   look pass 100       -> ramp(2) 50 % epoch 15
        20   ack                 -> ramp(2) 50 % epoch 15
        30   look pass 100 7     -> ramp(2) 50 % epoch 15 held(capacity)
        31   look pass 100 8     -> cutover 90 % epoch 16 + champion is v2 + v1 known good
        32   ack                 -> stabilizing 90 % epoch 17
        32   ack                 -> stabilizing 90 % epoch 17
        62   look undecided 900  -> refused: undecided
        260  tick                -> stabilizing 90 % epoch 17 held(freeze)
        620  tick                -> stabilizing 90 % epoch 17
        621  tick                -> decommissioning 100 % epoch 18 + v2 known good
    ",
    );
}

#[test]
fn a_cold_standby_is_unloaded_once_stable_begins() {
    check(
        Kind::Promote,
        |plan| plan.standby.mode = StandbyMode::Cold,
        "
        0   reach stabilizing    -> stabilizing 100 % epoch 17
        1   ack                  -> stabilizing 100 % epoch 17
        5   rollback it is slow  -> rolling_back(rolled_back) 0 % epoch 18 + champion is v1
        6   ack                  -> rolled_back 0 % epoch 19
    ",
    );
}

#[test]
fn decommissioning_can_wait_for_an_approval() {
    check(
        Kind::Promote,
        |plan| plan.decommission.approval = NeedsApproval::Yes,
        "
        0   reach stabilizing   -> stabilizing 100 % epoch 17
        0   ack                 -> stabilizing 100 % epoch 17
        30  tick                -> stabilizing 100 % epoch 17 awaiting_approval
        31  tick                -> refused: undecided
        50  tick                -> stabilizing 100 % epoch 17 paused(approval_expired)
        51  approve ann         -> refused: approve is not possible in stabilizing
        52  resume              -> stabilizing 100 % epoch 17
        53  tick                -> stabilizing 100 % epoch 17 awaiting_approval
        54  approve ann         -> stabilizing 100 % epoch 17
        55  tick                -> decommissioning 100 % epoch 18 + v2 known good
        56  ack                 -> decommissioning 100 % epoch 18
        57  hold referenced     -> decommissioning 100 % epoch 18 held(referenced)
        58  drained             -> refused: undecided
        59  release referenced  -> decommissioning 100 % epoch 18
        60  drained             -> completed 100 % epoch 19 + v1 retired
    ",
    );
}

#[test]
fn a_long_drain_is_no_missing_acknowledgement() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach decommissioning  -> decommissioning 100 % epoch 18 + v2 known good
        0   ack                    -> decommissioning 100 % epoch 18
        30  tick                   -> refused: undecided
        31  drained                -> completed 100 % epoch 19 + v1 retired
    ",
    );
}
