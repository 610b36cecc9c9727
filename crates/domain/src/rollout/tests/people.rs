//! Approvals and overrides.

use super::script::check;
use crate::plan::{GateMode, Kind, Plan};
use crate::rollout::fixture::{self, at};
use crate::rollout::{Awaiting, Bootstrap, Event, Pause, Rollout, Stage};

fn approval(plan: &mut Plan) {
    plan.gates[0].mode = GateMode::Approval;
}

fn both(plan: &mut Plan) {
    plan.gates[0].mode = GateMode::AutoAndApproval;
    plan.gates[0].max_duration = fixture::MINUTE * 200;
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
fn an_override_does_without_labels_and_without_checks_that_cannot_be_computed() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary                -> canary 5 % epoch 12
        0   ack                         -> canary 5 % epoch 12
        10  look unlabelled 100         -> canary 5 % epoch 12 held(coverage)
        11  promote we know this model  -> canary 5 % epoch 12 held(coverage)
        12  look unlabelled 110         -> ramp(0) 10 % epoch 13
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary                -> canary 5 % epoch 12
        0   ack                         -> canary 5 % epoch 12
        10  look error 100              -> canary 5 % epoch 12 held(provider)
        11  promote we know this model  -> canary 5 % epoch 12 held(provider)
        12  look error 110 0            -> canary 5 % epoch 12 held(capacity)
        13  look error 120              -> ramp(0) 10 % epoch 13
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary                -> canary 5 % epoch 12
        0   ack                         -> canary 5 % epoch 12
        10  hold telemetry              -> canary 5 % epoch 12 held(telemetry)
        11  promote we know this model  -> canary 5 % epoch 12 held(telemetry)
        12  look undecided 110          -> refused: undecided
    ",
    );
}

#[test]
fn an_override_waits_for_the_table_it_overrides_to_be_in_force() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary                -> canary 5 % epoch 12
        0   promote we know this model  -> canary 5 % epoch 12
        0   look undecided 3            -> refused: undecided
        0   look error 3                -> refused: undecided
        0   ack                         -> canary 5 % epoch 12
        1   look undecided 3            -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn the_reason_is_the_last_word_and_not_the_pause_it_ended() {
    let gate = |adjust: fn(&mut Plan)| {
        let mut plan = fixture::plan(Kind::Promote);
        adjust(&mut plan);
        let mut rollout = fixture::queued(plan, Bootstrap::Ask);
        rollout.enter(Stage::Canary, at(0));
        rollout.step.acknowledged_at = Some(at(0));
        rollout
    };
    let reason_after =
        |rollout: &Rollout, event: Event| rollout.on(&event, at(1)).unwrap().next.reason;

    let mut paused = gate(|_| {});
    (paused.paused, paused.reason) = (Some(Pause::Deadline), Some("undecided".to_owned()));
    let promoted = Event::Promote { reason: "long enough".to_owned() };
    assert_eq!(reason_after(&paused, promoted).unwrap(), "gate overridden: long enough");

    let mut asked = gate(approval);
    (asked.awaiting, asked.reason) = (Some(Awaiting { since: at(0) }), Some("expired".to_owned()));
    let approved = Event::Approve { by: "ann".to_owned() };
    assert_eq!(reason_after(&asked, approved.clone()).unwrap(), "approved by ann: 1 of 1");

    asked.paused = Some(Pause::Operator);
    assert_eq!(reason_after(&asked, approved.clone()).unwrap(), "expired");

    let mut diverged = gate(|_| {});
    diverged.enter(Stage::Shadow, at(0));
    (diverged.paused, diverged.reason) = (Some(Pause::Divergence), Some("30 %".to_owned()));
    assert_eq!(reason_after(&diverged, approved).unwrap(), "divergence accepted by ann: 1 of 1");
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
