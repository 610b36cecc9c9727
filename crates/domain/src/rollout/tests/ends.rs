//! Voyages that end early.

use super::script::check;
use crate::plan::{AtDeadline, Kind, OnFail, OnSampleRatio, Quarantine};

#[test]
fn a_version_that_does_not_load_is_rejected_without_quarantine() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach staging             -> staging 0 % epoch 10
        1   unstaged exit status 134  -> rejected 0 % epoch 11
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach staging  -> staging 0 % epoch 10
        14  tick           -> refused: undecided
        15  tick           -> rejected 0 % epoch 11
    ",
    );
}

#[test]
fn only_what_waits_can_be_turned_away() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   turnaway quarantined meanwhile  -> rejected 0 % epoch 0
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary                    -> canary 5 % epoch 12
        0   turnaway quarantined meanwhile  -> refused: turned_away is not possible in canary
    ",
    );
}

#[test]
fn a_way_back_that_does_not_load_can_be_given_up_by_a_person() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary           -> canary 5 % epoch 12
        0   ack                    -> canary 5 % epoch 12
        1   rollback one word      -> rolling_back(rolled_back) 0 % epoch 13
        2   abort no               -> refused: it is so already
        3   hold rollback_failed   -> rolling_back(rolled_back) 0 % epoch 13 held(rollback_failed)
        4   rollback again         -> refused: it is so already
        5   abort its bytes are gone  -> aborted 0 % epoch 14
    ",
    );
}

#[test]
fn a_version_that_is_wrong_is_rejected_and_quarantined() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach validating              -> validating 0 % epoch 10
        1   invalid accuracy .786 < .900  -> rejected 0 % epoch 11 + v2 quarantined
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach validating           -> validating 0 % epoch 10
        15  tick                       -> refused: undecided
        15  invalid not within 15 min  -> rejected 0 % epoch 11 + v2 quarantined
    ",
    );
}

#[test]
fn a_version_that_could_not_be_judged_is_rejected_without_quarantine() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach validating                    -> validating 0 % epoch 10
        1   unjudged the incumbent: status 500  -> rejected 0 % epoch 11
    ",
    );
    // Validation says itself that it is late; where nothing is said, nobody knows whose fault it is.
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach validating  -> validating 0 % epoch 10
        15  tick              -> refused: undecided
        16  tick              -> rejected 0 % epoch 11
    ",
    );
}

#[test]
fn a_person_rejects_where_a_person_was_asked() {
    check(
        Kind::First,
        |_| {},
        "
        0   reach validating      -> validating 0 % epoch 10
        1   reject not asked yet  -> refused: reject is not possible in validating
        1   validated             -> validating 0 % epoch 10 awaiting_approval
        2   reject not this one   -> rejected 0 % epoch 11 + v2 quarantined
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach ramp          -> ramp(0) 10 % epoch 13
        1   ack                 -> ramp(0) 10 % epoch 13
        2   pause looking       -> ramp(0) 10 % epoch 13 paused(operator)
        3   reject seen enough  -> rolling_back(rejected) 0 % epoch 14 + v2 quarantined
        4   ack                 -> rejected 0 % epoch 15
    ",
    );
}

#[test]
fn a_rejection_leaves_no_endpoint_without_an_answer() {
    check(Kind::First, |_| {}, "
        0   reach stabilizing   -> stabilizing 100 % epoch 12
        1   pause looking       -> stabilizing 100 % epoch 12 paused(operator)
        2   reject seen enough  -> refused: there is no incumbent to roll back to: abort the rollout instead
        3   abort seen enough   -> rolling_back(aborted) 0 % epoch 13 + champion is nobody
    ");
}

#[test]
fn a_degraded_candidate_is_rolled_back_from_every_gate() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary              -> canary 5 % epoch 12
        0   ack                       -> canary 5 % epoch 12
        1   look fail 20              -> rolling_back(rolled_back) 0 % epoch 13 + v2 quarantined
        2   abort already on its way  -> refused: it is so already
        2   ack                       -> rolled_back 0 % epoch 14
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach ramp    -> ramp(0) 10 % epoch 13
        1   look fail 20  -> rolling_back(rolled_back) 0 % epoch 14 + v2 quarantined
        2   ack           -> rolled_back 0 % epoch 15
    ",
    );
    check(
        Kind::Promote,
        |plan| plan.concurrency.quarantine = Quarantine::Off,
        "
        0   reach stabilizing  -> stabilizing 100 % epoch 17
        1   look fail 20       -> rolling_back(rolled_back) 0 % epoch 18 + champion is v1
        2   ack                -> rolled_back 0 % epoch 19
    ",
    );
}

#[test]
fn a_fail_at_cutover_moves_the_alias_back() {
    check(Kind::Promote, |_| {}, "
        0   reach cutover  -> cutover 100 % epoch 16 + champion is v2 + v1 known good
        1   look fail 20   -> rolling_back(rolled_back) 0 % epoch 17 + v2 quarantined + champion is v1
        2   ack            -> rolled_back 0 % epoch 18
    ");
}

#[test]
fn a_first_version_that_fails_has_nothing_to_fall_back_to() {
    check(
        Kind::First,
        |plan| plan.analysis.on_sample_ratio = OnSampleRatio::Rollback,
        "
        0   reach stabilizing   -> stabilizing 100 % epoch 12
        1   look skewed 20      -> stabilizing 100 % epoch 12 paused(fail)
        2   look fail 20        -> refused: it is so already
        3   resume              -> refused: paused(fail) cannot be resumed: roll back or abort
        4   abort take it down  -> rolling_back(aborted) 0 % epoch 13 + champion is nobody
    ",
    );
}

#[test]
fn a_fail_can_pause_and_then_only_ends() {
    check(
        Kind::Promote,
        |plan| plan.analysis.on_fail = OnFail::Pause,
        "
        0   reach canary           -> canary 5 % epoch 12
        0   ack                    -> canary 5 % epoch 12
        1   look fail 20           -> canary 5 % epoch 12 paused(fail)
        2   look fail 25           -> refused: it is so already
        3   resume                 -> refused: paused(fail) cannot be resumed: roll back or abort
        4   promote I know better  -> refused: paused(fail) cannot be resumed: roll back or abort
        5   rollback it is bad     -> rolling_back(rolled_back) 0 % epoch 13 + v2 quarantined
        6   ack                    -> rolled_back 0 % epoch 14
    ",
    );
}

#[test]
fn an_abort_wins_from_every_state() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   abort changed my mind  -> aborted 0 % epoch 0
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach shadow           -> shadow 0 % epoch 11
        1   abort changed my mind  -> aborted 0 % epoch 12
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach ramp             -> ramp(0) 10 % epoch 13
        1   hold storage           -> ramp(0) 10 % epoch 13 held(storage)
        2   abort changed my mind  -> rolling_back(aborted) 0 % epoch 14
        3   tick                   -> rolling_back(aborted) 0 % epoch 14 held(ack)
        4   ack                    -> aborted 0 % epoch 15
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach decommissioning  -> decommissioning 100 % epoch 18 + v2 known good
        1   abort changed my mind  -> rolling_back(aborted) 0 % epoch 19 + champion is v1
        2   ack                    -> aborted 0 % epoch 20
    ",
    );
}

#[test]
fn a_newer_version_supersedes() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   supersede  -> superseded 0 % epoch 0
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary  -> canary 5 % epoch 12
        1   supersede     -> rolling_back(superseded) 0 % epoch 13
        2   ack           -> superseded 0 % epoch 14
    ",
    );
}

#[test]
fn a_rollback_from_stabilizing_goes_to_the_standby() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach stabilizing            -> stabilizing 100 % epoch 17
        0   ack                          -> stabilizing 100 % epoch 17
        9   rollback customers complain  -> rolling_back(rolled_back) 0 % epoch 18 + champion is v1
        9   ack                          -> rolled_back 0 % epoch 19
    ",
    );
}

#[test]
fn a_deadline_can_roll_back_without_quarantine() {
    check(
        Kind::Promote,
        |plan| plan.analysis.at_deadline = AtDeadline::Rollback,
        "
        0   reach canary  -> canary 5 % epoch 12
        0   ack           -> canary 5 % epoch 12
        59  tick          -> refused: undecided
        60  tick          -> rolling_back(rolled_back) 0 % epoch 13
        61  ack           -> rolled_back 0 % epoch 14
    ",
    );
}

#[test]
fn a_skewed_split_can_roll_back_without_quarantine() {
    check(
        Kind::Promote,
        |plan| plan.analysis.on_sample_ratio = OnSampleRatio::Rollback,
        "
        0   reach canary     -> canary 5 % epoch 12
        0   ack              -> canary 5 % epoch 12
        10  look skewed 400  -> rolling_back(rolled_back) 0 % epoch 13
        11  ack              -> rolled_back 0 % epoch 14
    ",
    );
}
