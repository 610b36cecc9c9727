//! The shadow: divergence, and what a person makes of it.

use super::script::check;
use crate::plan::{Kind, OnDivergence};

#[test]
fn a_divergence_is_accepted() {
    check(
        Kind::Promote,
        |plan| plan.approval.count = 2,
        "
        0   reach shadow   -> shadow 0 % epoch 11
        0   ack            -> shadow 0 % epoch 11
        1   approve ann    -> refused: approve is not possible in shadow
        9   look fail 400  -> refused: undecided
        10  look fail 99   -> refused: undecided
        10  look fail 100  -> shadow 0 % epoch 11 paused(divergence)
        11  tick           -> refused: undecided
        12  approve ann    -> shadow 0 % epoch 11 paused(divergence)
        13  approve ann    -> refused: ann has approved already: another person is needed
        14  approve bob    -> shadow 0 % epoch 11
        15  look fail 300  -> canary 5 % epoch 12
    ",
    );
}

#[test]
fn a_divergence_is_rejected() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach shadow                     -> shadow 0 % epoch 11
        0   ack                              -> shadow 0 % epoch 11
        10  look fail 100                    -> shadow 0 % epoch 11 paused(divergence)
        11  reject it is not an improvement  -> rejected 0 % epoch 12 + v2 quarantined
    ",
    );
    check(
        Kind::Promote,
        |plan| plan.shadow.on_fail = OnDivergence::Reject,
        "
        0   reach shadow   -> shadow 0 % epoch 11
        0   ack            -> shadow 0 % epoch 11
        10  look fail 100  -> rejected 0 % epoch 12 + v2 quarantined
    ",
    );
}

#[test]
fn a_divergence_resumed_is_found_again() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach shadow   -> shadow 0 % epoch 11
        0   ack            -> shadow 0 % epoch 11
        10  look fail 100  -> shadow 0 % epoch 11 paused(divergence)
        11  resume         -> shadow 0 % epoch 11
        12  look fail 110  -> shadow 0 % epoch 11 paused(divergence)
    ",
    );
}

#[test]
fn a_diverging_shadow_can_be_overridden() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach shadow                   -> shadow 0 % epoch 11
        0   ack                            -> shadow 0 % epoch 11
        10  look fail 100                  -> shadow 0 % epoch 11 paused(divergence)
        11  promote the labels are better  -> shadow 0 % epoch 11
        12  look fail 120                  -> canary 5 % epoch 12
    ",
    );
}

#[test]
fn a_shadow_without_traffic_pauses_at_its_deadline() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach shadow  -> shadow 0 % epoch 11
        0   ack           -> shadow 0 % epoch 11
        30  look pass 0   -> refused: undecided
        60  tick          -> shadow 0 % epoch 11 paused(deadline)
    ",
    );
}

#[test]
fn a_void_verdict_does_not_leave_the_shadow() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach shadow      -> shadow 0 % epoch 11
        0   ack               -> shadow 0 % epoch 11
        10  look skewed 100   -> refused: undecided
        11  look pass 100     -> canary 5 % epoch 12
    ",
    );
}
