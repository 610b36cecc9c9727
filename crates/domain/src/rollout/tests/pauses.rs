//! Pauses: who set them, and what ends them.

use super::script::check;
use crate::plan::Kind;

#[test]
fn a_paused_gate_neither_advances_nor_counts_its_minimum() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary   -> canary 5 % epoch 12
        0   ack            -> canary 5 % epoch 12
        4   pause lunch    -> canary 5 % epoch 12 paused(operator)
        5   pause lunch    -> refused: it is so already
        30  look pass 400  -> refused: undecided
        90  tick           -> refused: undecided
        91  resume         -> canary 5 % epoch 12
        92  resume         -> refused: it is so already
        96  look pass 400  -> refused: undecided
        97  look pass 400  -> ramp(0) 10 % epoch 13
    ",
    );
}

#[test]
fn a_pause_holds_a_rollout_back_in_every_stage() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   pause not today  -> queued 0 % epoch 0 paused(operator)
        1   turn             -> refused: turn has to wait: the rollout is paused(operator)
        2   resume           -> queued 0 % epoch 0
        3   turn             -> staging 0 % epoch 10
        4   pause wait       -> staging 0 % epoch 10 paused(operator)
        5   staged           -> refused: undecided
        99  tick             -> refused: undecided
        100 resume           -> staging 0 % epoch 10
        101 staged           -> validating 0 % epoch 10
        102 pause wait       -> validating 0 % epoch 10 paused(operator)
        103 validated        -> refused: undecided
        104 resume           -> validating 0 % epoch 10
        105 validated        -> shadow 0 % epoch 11
    ",
    );
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach cutover  -> cutover 100 % epoch 16 + champion is v2 + v1 known good
        1   pause wait     -> cutover 100 % epoch 16 paused(operator)
        2   ack            -> cutover 100 % epoch 16 paused(operator)
        3   tick           -> refused: undecided
        4   resume         -> cutover 100 % epoch 16
        5   ack            -> stabilizing 100 % epoch 17
    ",
    );
}

#[test]
fn no_data_pauses_at_the_deadline_and_never_promotes() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary      -> canary 5 % epoch 12
        0   ack               -> canary 5 % epoch 12
        30  look undecided 0  -> refused: undecided
        59  tick              -> refused: undecided
        60  tick              -> canary 5 % epoch 12 paused(deadline)
        61  look pass 0       -> refused: undecided
        70  resume            -> canary 5 % epoch 12
        129 tick              -> refused: undecided
        130 tick              -> canary 5 % epoch 12 paused(deadline)
    ",
    );
}

#[test]
fn a_skewed_split_voids_the_pass_and_cannot_be_resumed() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary     -> canary 5 % epoch 12
        0   ack              -> canary 5 % epoch 12
        10  look skewed 400  -> canary 5 % epoch 12 paused(sample_ratio)
        11  look pass 400    -> refused: undecided
        12  resume           -> refused: paused(sample_ratio) cannot be resumed: roll back or abort
        13  promote anyway   -> refused: paused(sample_ratio) cannot be resumed: roll back or abort
        14  look fail 400    -> rolling_back(rolled_back) 0 % epoch 13 + v2 quarantined
        15  ack              -> rolled_back 0 % epoch 14
    ",
    );
}

#[test]
fn a_pass_wins_over_a_deadline_nobody_has_looked_at() {
    check(
        Kind::Promote,
        |_| {},
        "
        0   reach canary   -> canary 5 % epoch 12
        0   ack            -> canary 5 % epoch 12
        70  look pass 100  -> ramp(0) 10 % epoch 13
    ",
    );
}
