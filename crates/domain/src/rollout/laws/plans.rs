//! Random plans of every kind, mode and reaction.

use crate::Share;
use crate::plan::*;
use crate::rollout::fixture::{evening, plan, queued};
use crate::rollout::{Bootstrap, Rollout};
use proptest::prelude::*;

pub(super) fn rollouts() -> impl Strategy<Value = Rollout> {
    let kind =
        prop_oneof![5 => Just(Kind::Promote), 1 => Just(Kind::First), 1 => Just(Kind::Restore)];
    let bootstrap = prop_oneof![Just(Bootstrap::Ask), Just(Bootstrap::Approved)];
    let modes = prop::collection::vec(
        prop_oneof![
            2 => Just(GateMode::Auto),
            1 => Just(GateMode::Approval),
            1 => Just(GateMode::AutoAndApproval),
        ],
        4,
    );
    let holdback = prop_oneof![Just(0_u16), Just(1000_u16)];
    let reactions = (any::<[bool; 7]>(), 0..4_u8, 1..=2_u32, 0..8_u8);
    (kind, bootstrap, modes, holdback, reactions).prop_map(
        |(kind, bootstrap, modes, holdback, (choices, provider, approvals, windows))| {
            let mut plan = plan(kind);
            plan.gates.iter_mut().zip(modes).for_each(|(gate, mode)| gate.mode = mode);
            plan.stability.holdback = Share::new(holdback).unwrap();
            plan.approval.count = approvals;
            react(&mut plan, choices);
            plan.analysis.on_provider_error = match provider {
                0 => OnProviderError::Pause,
                1 => OnProviderError::Rollback,
                _ => OnProviderError::Hold,
            };
            if windows == 0 {
                plan.windows = vec![evening()];
            }
            queued(plan, bootstrap)
        },
    )
}

fn react(plan: &mut Plan, choices: [bool; 7]) {
    let [on_fail, deadline, skewed, diverged, cold, decommission, quarantine] = choices;
    if on_fail {
        plan.analysis.on_fail = OnFail::Pause;
    }
    if deadline {
        plan.analysis.at_deadline = AtDeadline::Rollback;
    }
    if skewed {
        plan.analysis.on_sample_ratio = OnSampleRatio::Rollback;
    }
    if diverged {
        plan.shadow.on_fail = OnDivergence::Reject;
    }
    if cold {
        plan.standby.mode = StandbyMode::Cold;
    }
    if decommission {
        plan.decommission.approval = NeedsApproval::Yes;
    }
    if quarantine {
        plan.concurrency.quarantine = Quarantine::Off;
    }
}
