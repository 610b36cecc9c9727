//! Approvals and overrides.

use super::script::check;
use crate::plan::{GateMode, Kind, Plan};

fn approval(plan: &mut Plan) {
    plan.gates[0].mode = GateMode::Approval;
}

fn both(plan: &mut Plan) {
    plan.gates[0].mode = GateMode::AutoAndApproval;
    plan.gates[0].max_duration = crate::rollout::fixture::MINUTE * 200;
}

#[test]
fn approval_records_the_verdict_without_requiring_it() {
    check(
        Kind::Promote,
        approval,
        "
        0   reach canary       -> canary 5 % epoch 12
        0   ack                -> canary 5 % epoch 12
        5   approve ann        -> refused: approve is not possible in canary
        9   look undecided 40  -> refused: undecided
        10  look undecided 40  -> canary 5 % epoch 12 awaiting_approval
        11  look undecided 41  -> refused: it is so already
        12  approve ann        -> canary 5 % epoch 12
        13  look undecided 42  -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn auto_and_approval_requires_the_verdict_still_to_hold() {
    check(
        Kind::Promote,
        both,
        "
        0   reach canary        -> canary 5 % epoch 12
        0   ack                 -> canary 5 % epoch 12
        10  look undecided 100  -> refused: undecided
        11  look pass 100       -> canary 5 % epoch 12 awaiting_approval
        12  approve ann         -> canary 5 % epoch 12
        13  look undecided 120  -> refused: undecided
        14  look pass 130       -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn a_fail_acts_while_an_approval_is_awaited() {
    check(
        Kind::Promote,
        both,
        "
        0   reach canary   -> canary 5 % epoch 12
        0   ack            -> canary 5 % epoch 12
        11  look pass 100  -> canary 5 % epoch 12 awaiting_approval
        12  look fail 120  -> rolling_back(rolled_back) 0 % epoch 13 + v2 quarantined
    ",
    );
}

#[test]
fn an_expired_approval_pauses_and_everybody_is_asked_anew() {
    let adjust = |plan: &mut Plan| {
        both(plan);
        plan.approval.count = 2;
    };
    check(
        Kind::Promote,
        adjust,
        "
        0   reach canary   -> canary 5 % epoch 12
        0   ack            -> canary 5 % epoch 12
        10  look pass 100  -> canary 5 % epoch 12 awaiting_approval
        11  approve ann    -> canary 5 % epoch 12 awaiting_approval
        12  approve ann    -> refused: ann has approved already: another person is needed
        29  tick           -> refused: undecided
        30  tick           -> canary 5 % epoch 12 paused(approval_expired)
        31  approve bob    -> refused: approve is not possible in canary
        32  resume         -> canary 5 % epoch 12
        33  look pass 300  -> canary 5 % epoch 12 awaiting_approval
        34  approve ann    -> canary 5 % epoch 12 awaiting_approval
        35  approve bob    -> canary 5 % epoch 12
        36  look pass 310  -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn a_gate_is_overridden_with_a_reason_but_capacity_still_comes_first() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary                -> canary 5 % epoch 12
        0   ack                         -> canary 5 % epoch 12
        1   promote we know this model  -> canary 5 % epoch 12
        2   promote again               -> refused: it is so already
        3   look undecided 3 0          -> canary 5 % epoch 12 held(capacity)
        4   look undecided 4 1          -> ramp(0) 10 % epoch 13
        5   ack                         -> ramp(0) 10 % epoch 13
        6   look undecided 9            -> refused: undecided
    ",
    );
}

#[test]
fn a_gate_is_overridden_at_its_deadline() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary         -> canary 5 % epoch 12
        0   ack                  -> canary 5 % epoch 12
        60  tick                 -> canary 5 % epoch 12 paused(deadline)
        61  promote long enough  -> canary 5 % epoch 12
        61  tick                 -> refused: undecided
        62  look undecided 50    -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn an_override_ends_the_wait_for_an_approval() {
    check(
        Kind::Promote,
        approval,
        "
        0   reach canary             -> canary 5 % epoch 12
        0   ack                      -> canary 5 % epoch 12
        10  look undecided 40        -> canary 5 % epoch 12 awaiting_approval
        11  promote ann is on leave  -> canary 5 % epoch 12
        12  look undecided 41        -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn an_override_does_not_stop_a_fail() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary                -> canary 5 % epoch 12
        0   ack                         -> canary 5 % epoch 12
        1   promote we know this model  -> canary 5 % epoch 12
        2   look fail 20                -> rolling_back(rolled_back) 0 % epoch 13 + v2 quarantined
    ",
    );
}
