//! Guardrails: whom a trip blames, and what an incident does to the share.

use super::script::check;
use crate::plan::{Kind, OnFail};

#[test]
fn a_trip_with_only_the_candidate_bad_rolls_back_and_quarantines() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary                -> canary 5 % epoch 12
        1   trip errorRatio 12/20 3/20  -> rolling_back(rolled_back) 0 % epoch 13 + v2 quarantined
        2   trip errorRatio 12/20 3/20  -> refused: it is so already
        2   ack                         -> rolled_back 0 % epoch 14
    ",
    );
}

#[test]
fn a_trip_without_enough_incumbent_requests_rolls_back_only() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary                -> canary 5 % epoch 12
        1   trip errorRatio 12/20 0/19  -> rolling_back(rolled_back) 0 % epoch 13
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary               -> canary 5 % epoch 12
        1   trip notReady 20/20 0/500  -> rolling_back(rolled_back) 0 % epoch 13
    ",
    );
}

#[test]
fn an_incident_takes_the_share_away_and_resume_restores_it() {
    check(Kind::Promote, |_| {}, "
        0   reach ramp                  -> ramp(0) 10 % epoch 13
        0   ack                         -> ramp(0) 10 % epoch 13
        5   trip errorRatio 12/20 6/20  -> ramp(0) 0 % epoch 14 paused(incident)
        6   look pass 400               -> refused: undecided
        6   ack                         -> ramp(0) 0 % epoch 14 paused(incident)
        7   promote anyway              -> refused: promote has to wait: the rollout is paused(incident): resume first
        90  tick                        -> refused: undecided
        91  resume                      -> ramp(0) 10 % epoch 15
        91  tick                        -> refused: undecided
        92  tick                        -> ramp(0) 10 % epoch 15 held(ack)
        93  ack                         -> ramp(0) 10 % epoch 15
        97  look pass 400               -> refused: undecided
        98  look pass 400               -> ramp(1) 25 % epoch 16
    ");
}

#[test]
fn nothing_brings_the_share_back_during_an_incident_but_resume() {
    check(
        Kind::Promote,
        |plan| plan.analysis.on_fail = OnFail::Pause,
        "
        0   reach ramp                   -> ramp(0) 10 % epoch 13
        0   ack                          -> ramp(0) 10 % epoch 13
        5   trip errorRatio 12/20 20/20  -> ramp(0) 0 % epoch 14 paused(incident)
        6   pause me too                 -> refused: it is so already
        7   resume                       -> ramp(0) 10 % epoch 15
    ",
    );
}

#[test]
fn a_fail_seen_during_an_incident_is_not_forgotten_with_it() {
    check(
        Kind::Promote,
        |plan| plan.analysis.on_fail = OnFail::Pause,
        "
        0   reach ramp                   -> ramp(0) 10 % epoch 13
        0   ack                          -> ramp(0) 10 % epoch 13
        5   trip errorRatio 12/20 20/20  -> ramp(0) 0 % epoch 14 paused(incident)
        6   look skewed 400              -> ramp(0) 0 % epoch 14 paused(incident)
        7   look fail 400                -> ramp(0) 0 % epoch 14 paused(incident)
        8   look skewed 400              -> refused: it is so already
        9   resume                       -> refused: paused(fail) cannot be resumed: roll back or abort
        10  promote anyway               -> refused: paused(fail) cannot be resumed: roll back or abort
        11  rollback it failed           -> rolling_back(rolled_back) 0 % epoch 15 + v2 quarantined
    ",
    );
}

#[test]
fn an_incident_makes_no_void_verdict_resumable() {
    check(
        Kind::Promote,
        |plan| plan.analysis.on_fail = OnFail::Pause,
        "
        0   reach ramp                   -> ramp(0) 10 % epoch 13
        0   ack                          -> ramp(0) 10 % epoch 13
        5   look fail 400                -> ramp(0) 10 % epoch 13 paused(fail)
        6   trip errorRatio 12/20 20/20  -> ramp(0) 0 % epoch 14 paused(incident)
        7   resume                       -> refused: paused(fail) cannot be resumed: roll back or abort
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach ramp                   -> ramp(0) 10 % epoch 13
        0   ack                          -> ramp(0) 10 % epoch 13
        5   look skewed 400              -> ramp(0) 10 % epoch 13 paused(sample_ratio)
        6   trip errorRatio 12/20 20/20  -> ramp(0) 0 % epoch 14 paused(incident)
        7   resume                       -> refused: paused(sample_ratio) cannot be resumed: roll back or abort
    ",
    );
}

#[test]
fn a_share_lost_to_an_incident_comes_back_only_where_there_is_capacity_for_it() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach ramp                   -> ramp(0) 10 % epoch 13
        5   trip errorRatio 12/20 20/20  -> ramp(0) 0 % epoch 14 paused(incident)
        6   hold capacity                -> ramp(0) 0 % epoch 14 paused(incident) held(capacity)
        7   resume                       -> refused: resume has to wait: the rollout is held(capacity)
        8   release capacity             -> ramp(0) 0 % epoch 14 paused(incident)
        9   resume                       -> ramp(0) 10 % epoch 15
    ",
    );
}

#[test]
fn an_incident_can_be_ended() {
    check(Kind::Promote, |_| {}, "
        0   reach stabilizing                  -> stabilizing 100 % epoch 17
        0   ack                                -> stabilizing 100 % epoch 17
        1   trip deadlineExceeded 12/20 20/20  -> stabilizing 0 % epoch 18 paused(incident)
        2   abort enough                       -> rolling_back(aborted) 0 % epoch 19 + champion is v1
        3   ack                                -> aborted 0 % epoch 20
    ");
}

#[test]
fn a_trip_of_a_first_version_pauses_and_leaves_the_share() {
    check(
        Kind::First,
        |_| {},
        "
        0   reach stabilizing                 -> stabilizing 100 % epoch 12
        1   trip consecutiveErrors 20/20 0/0  -> stabilizing 100 % epoch 12 paused(operator)
    ",
    );
}

#[test]
fn a_guardrail_of_a_first_version_works_again_after_each_resume() {
    check(
        Kind::First,
        |_| {},
        "
        0   reach stabilizing                 -> stabilizing 100 % epoch 12
        1   trip consecutiveErrors 20/20 0/0  -> stabilizing 100 % epoch 12 paused(operator)
        2   trip consecutiveErrors 25/25 0/0  -> refused: it is so already
        3   trip errorRatio 25/30 0/0         -> stabilizing 100 % epoch 12 paused(operator)
        4   resume                            -> stabilizing 100 % epoch 13
        5   trip consecutiveErrors 20/20 0/0  -> stabilizing 100 % epoch 13 paused(operator)
    ",
    );
}

#[test]
fn a_trip_is_written_down_although_somebody_paused_before() {
    check(
        Kind::First,
        |_| {},
        "
        0   reach stabilizing                 -> stabilizing 100 % epoch 12
        1   pause lunch                       -> stabilizing 100 % epoch 12 paused(operator)
        2   trip consecutiveErrors 20/20 0/0  -> stabilizing 100 % epoch 12 paused(operator)
        3   resume                            -> stabilizing 100 % epoch 13
        4   trip consecutiveErrors 20/20 0/0  -> stabilizing 100 % epoch 13 paused(operator)
    ",
    );
}
