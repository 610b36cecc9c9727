//! What may happen to a rollout, at random. About half of the events are the ones a healthy voyage
//! needs next, so that histories reach every stage; the rest is anything.

use crate::evidence::ArmCount;
use crate::rollout::fixture::{SESSIONS, fail, incumbent, trip, verdict};
use crate::rollout::{Event, Hold, Rollout, StageName};
use crate::telemetry::BadOf;
use crate::verdict::{Coverage, Decision, SampleRatio, Verdict};
use crate::{Epoch, RolloutId, Timestamp};
use proptest::prelude::*;

/// Something that may happen, whatever the state will be by then.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    /// What a healthy voyage needs next.
    Healthy,
    /// The acknowledgement of the epoch this many before the wanted one.
    Acknowledged(u64),
    Tripped {
        guardrail: &'static str,
        behind: u64,
        candidate: BadOf,
        incumbent: BadOf,
    },
    /// The server is back after this many milliseconds; below zero, its clock had jumped.
    Restarted(i64),
    Event(Event),
}

pub(super) fn event(happening: Happening, rollout: &Rollout, now: Timestamp) -> Event {
    let earlier = |behind| Epoch(rollout.epoch.0.saturating_sub(behind));
    match happening {
        Happening::Healthy => healthy(rollout),
        Happening::Acknowledged(behind) => Event::Acknowledged { epoch: earlier(behind) },
        Happening::Tripped { guardrail, behind, candidate, incumbent } => {
            let trip = trip(guardrail, earlier(behind), candidate, incumbent);
            Event::GuardrailTripped(Box::new(trip))
        }
        Happening::Restarted(millis) => {
            let alive_until = Timestamp::from_micros(now.as_micros() - millis * 1000);
            Event::Restarted { alive_until }
        }
        Happening::Event(event) => event,
    }
}

fn healthy(rollout: &Rollout) -> Event {
    let acknowledge = Event::Acknowledged { epoch: rollout.epoch };
    match rollout.stage.name() {
        StageName::Queued => Event::Turn {
            epoch: Epoch(10),
            incumbent: incumbent(rollout.plan.kind),
            plan: Box::new(rollout.plan.clone()),
        },
        StageName::Staging => Event::Staged,
        StageName::Validating if rollout.awaiting.is_some() => Event::Approve { by: "bob".into() },
        StageName::Validating if rollout.step.approved.is_some() => Event::Tick,
        StageName::Validating => Event::Validated { summary: "12/12".into() },
        _ if rollout.step.acknowledged_at.is_none() => acknowledge,
        StageName::Shadow | StageName::Canary | StageName::Ramp => {
            Event::Judged { verdict: Box::new(verdict(Decision::Pass, 500)), capacity: SESSIONS }
        }
        StageName::Decommissioning => Event::Drained,
        StageName::Stabilizing
        | StageName::Cutover
        | StageName::RollingBack
        | StageName::Completed
        | StageName::Rejected
        | StageName::RolledBack
        | StageName::Aborted
        | StageName::Superseded => Event::Tick,
    }
}

/// Milliseconds to the next event: mostly minutes, sometimes half a day, sometimes backwards.
pub(super) fn spans() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => 0..900_000_i64,
        2 => 0..100_i64,
        1 => 0..40_000_000_i64,
        1 => -3_600_000..0_i64,
    ]
}

pub(super) fn happenings() -> impl Strategy<Value = Happening> {
    let bad_of = || (0..30_u64, 0..60_u64).prop_map(|(bad, good)| BadOf { bad, total: bad + good });
    let guardrail = prop_oneof![Just("errorRatio"), Just("notReady")];
    let tripped = (guardrail, 0..2_u64, bad_of(), bad_of());
    prop_oneof![
        40 => Just(Happening::Healthy),
        6 => (0..2_u64).prop_map(Happening::Acknowledged),
        1 => tripped.prop_map(|(guardrail, behind, candidate, incumbent)| Happening::Tripped {
            guardrail, behind, candidate, incumbent,
        }),
        1 => spans().prop_map(Happening::Restarted),
        20 => looks().prop_map(Happening::Event),
        14 => people().prop_map(Happening::Event),
        16 => world().prop_map(Happening::Event),
    ]
}

fn looks() -> impl Strategy<Value = Event> {
    let decision = prop_oneof![
        12 => Just(Decision::Pass),
        12 => Just(Decision::Inconclusive),
        2 => Just(fail()),
        2 => Just(Decision::Error { check: "errorRate".into(), why: "other edges".into() }),
    ];
    let sample_ratio =
        prop_oneof![20 => Just(SampleRatio::Plausible), 1 => Just(SampleRatio::Mismatch)];
    let coverage = prop_oneof![
        8 => Just(Coverage::Enough),
        1 => Just(Coverage::Short { check: "correct".into(), why: "none".into() }),
    ];
    let capacity = prop_oneof![2 => Just(SESSIONS), 1 => 0..=SESSIONS];
    (decision, sample_ratio, coverage, 0..200_u64, capacity).prop_map(
        |(decision, sample_ratio, coverage, units, capacity)| {
            let units = ArmCount { candidate: units, incumbent: units * 19 };
            let checks = Vec::new();
            let verdict = Verdict {
                decision,
                units,
                sample_ratio,
                coverage,
                checks,
                assignment: None,
                labelled: Vec::new(),
            };
            Event::Judged { verdict: Box::new(verdict), capacity }
        },
    )
}

fn people() -> impl Strategy<Value = Event> {
    let reason = || "said so".to_owned();
    prop_oneof![
        6 => Just(Event::Pause { reason: reason() }),
        12 => Just(Event::Resume),
        8 => prop_oneof![Just("ann"), Just("bob")]
            .prop_map(|by| Event::Approve { by: by.to_owned() }),
        1 => Just(Event::Reject { reason: reason() }),
        3 => Just(Event::Promote { reason: reason() }),
        1 => Just(Event::Abort { reason: reason() }),
        1 => Just(Event::RollBack { reason: reason() }),
        1 => Just(Event::Supersede { by: RolloutId(2) }),
    ]
}

fn world() -> impl Strategy<Value = Event> {
    let hold = || {
        prop::sample::select(vec![
            Hold::Freeze,
            Hold::Telemetry,
            Hold::Coverage,
            Hold::Provider,
            Hold::Capacity,
            Hold::Standby,
            Hold::Ack,
            Hold::Storage,
            Hold::Referenced,
            Hold::RollbackFailed,
        ])
    };
    prop_oneof![
        20 => Just(Event::Tick),
        2 => hold().prop_map(|hold| Event::Held { hold, why: "it is gone".to_owned() }),
        20 => hold().prop_map(Event::Released),
        4 => Just(Event::Drained),
        2 => Just(Event::Staged),
        1 => Just(Event::StagingFailed { why: "exit status 134".into() }),
        2 => Just(Event::Validated { summary: "12/12".into() }),
        1 => Just(Event::ValidationFailed { why: "accuracy".into() }),
    ]
}
