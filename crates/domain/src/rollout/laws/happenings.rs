//! What may happen to a rollout, at random. Some of the events are the ones a healthy voyage needs
//! next, so that histories reach every stage; how many of the others end it is the weather's.

use crate::evidence::ArmCount;
use crate::rollout::fixture::{SESSIONS, fail, incumbent, trip, verdict};
use crate::rollout::{Event, Fault, Hold, Outcome, Rollout, Stage, StageName};
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
    /// A look at a shadow that disagrees; elsewhere time passes.
    Diverged,
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
        Happening::Diverged if rollout.stage == Stage::Shadow => {
            Event::Judged { verdict: Box::new(verdict(fail(), 500)), capacity: SESSIONS }
        }
        Happening::Diverged => Event::Tick,
        Happening::Event(event) => event,
    }
}

/// What leads on from here: what stands in the way is cleared first, where it can be.
fn healthy(rollout: &Rollout) -> Event {
    if rollout.paused.is_some() && rollout.void.is_none() {
        return Event::Resume;
    }
    if let Some(hold) = rollout.held.filter(|hold| *hold != Hold::Provider && *hold != Hold::Ack) {
        return Event::Released(hold);
    }
    if rollout.awaiting.is_some() {
        let asked = ["bob", "ann"].into_iter();
        let mut others = asked.filter(|by| !rollout.step.approvals.iter().any(|name| name == by));
        return Event::Approve { by: others.next().unwrap_or("cleo").to_owned() };
    }
    next_step(rollout)
}

fn next_step(rollout: &Rollout) -> Event {
    let acknowledge = Event::Acknowledged { epoch: rollout.epoch };
    match rollout.stage.name() {
        StageName::Queued => Event::Turn {
            epoch: Epoch(10),
            incumbent: incumbent(rollout.plan.kind),
            plan: Box::new((*rollout.plan).clone()),
        },
        StageName::Staging => Event::Staged,
        StageName::Validating if rollout.step.approved.is_some() => Event::Tick,
        StageName::Validating => Event::Validated { summary: "12/12".into() },
        _ if rollout.step.acknowledged_at.is_none() => acknowledge,
        StageName::Shadow | StageName::Canary | StageName::Ramp => {
            Event::Judged { verdict: Box::new(verdict(Decision::Pass, 500)), capacity: SESSIONS }
        }
        StageName::Decommissioning => Event::Drained,
        StageName::Cutover | StageName::RollingBack => acknowledge,
        StageName::Stabilizing
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
        40 => 0..240_000_i64,
        8 => 0..100_i64,
        8 => 0..900_000_i64,
        1 => 0..40_000_000_i64,
        2 => -600_000..0_i64,
    ]
}

/// How much of a history ends its rollout.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weather {
    /// Nothing but time and the policy's own deadlines.
    Calm,
    /// Mostly what a healthy voyage needs.
    Fair,
    /// Much of what may go wrong.
    Rough,
}

pub(super) fn happenings(weather: Weather) -> BoxedStrategy<Happening> {
    match weather {
        Weather::Calm => prop_oneof![8 => Just(Happening::Healthy), 92 => harmless()].boxed(),
        Weather::Fair => {
            prop_oneof![48 => Just(Happening::Healthy), 48 => harmless(), 4 => harmful()].boxed()
        }
        Weather::Rough => {
            prop_oneof![20 => Just(Happening::Healthy), 64 => harmless(), 16 => harmful()].boxed()
        }
    }
}

/// What ends no rollout by itself.
fn harmless() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (0..2_u64).prop_map(Happening::Acknowledged),
        2 => spans().prop_map(Happening::Restarted),
        2 => Just(Happening::Diverged),
        16 => looks(undecided()).prop_map(Happening::Event),
        2 => looks(Just((Decision::Pass, SampleRatio::Plausible))).prop_map(Happening::Event),
        16 => people().prop_map(Happening::Event),
        24 => world().prop_map(Happening::Event),
    ]
}

/// What may end one, or keep it from going on.
fn harmful() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => tripped(),
        4 => looks(bad()).prop_map(Happening::Event),
        2 => endings().prop_map(Happening::Event),
    ]
}

fn tripped() -> impl Strategy<Value = Happening> {
    let bad_of = || (0..30_u64, 0..60_u64).prop_map(|(bad, good)| BadOf { bad, total: bad + good });
    let guardrail = prop_oneof![3 => Just("errorRatio"), 1 => Just("notReady")];
    (guardrail, prop_oneof![3 => Just(0), 1 => Just(1)], bad_of(), bad_of()).prop_map(
        |(guardrail, behind, candidate, incumbent)| Happening::Tripped {
            guardrail,
            behind,
            candidate,
            incumbent,
        },
    )
}

fn undecided() -> impl Strategy<Value = (Decision, SampleRatio)> {
    Just((Decision::Inconclusive, SampleRatio::Plausible))
}

fn bad() -> impl Strategy<Value = (Decision, SampleRatio)> {
    let decision = prop_oneof![
        2 => Just(fail()),
        1 => Just(Decision::Inconclusive),
        1 => Just(Decision::Error { check: "errorRate".into(), why: "other edges".into() }),
    ];
    let sample_ratio =
        prop_oneof![1 => Just(SampleRatio::Plausible), 1 => Just(SampleRatio::Mismatch)];
    (decision, sample_ratio)
}

fn looks(decision: impl Strategy<Value = (Decision, SampleRatio)>) -> impl Strategy<Value = Event> {
    let coverage = prop_oneof![
        8 => Just(Coverage::Enough),
        1 => Just(Coverage::Short { check: "correct".into(), why: "none".into() }),
    ];
    let capacity = prop_oneof![2 => Just(SESSIONS), 1 => 0..=SESSIONS];
    (decision, coverage, 0..200_u64, capacity).prop_map(
        |((decision, sample_ratio), coverage, units, capacity)| {
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
                ranking: Vec::new(),
                told_apart: Vec::new(),
            };
            Event::Judged { verdict: Box::new(verdict), capacity }
        },
    )
}

fn reason() -> String {
    "said so".to_owned()
}

fn people() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Pause { reason: reason() }),
        12 => Just(Event::Resume),
        8 => prop_oneof![Just("ann"), Just("bob")]
            .prop_map(|by| Event::Approve { by: by.to_owned() }),
        2 => Just(Event::Promote { reason: reason() }),
    ]
}

/// Words and news that end a rollout.
fn endings() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Reject { reason: reason() }),
        1 => Just(Event::Abort { reason: reason() }),
        1 => Just(Event::RollBack { reason: reason() }),
        1 => Just(Event::Supersede { by: RolloutId(2) }),
        1 => Just(Event::StagingFailed { why: "exit status 134".into() }),
        1 => prop::sample::select(vec![Fault::Candidate, Fault::Surroundings])
            .prop_map(|fault| Event::ValidationFailed { why: "accuracy".into(), fault }),
        1 => Just(Event::TurnedAway { outcome: Outcome::Rejected, why: "meanwhile".into() }),
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
        12 => hold().prop_map(|hold| Event::Held { hold, why: "it is gone".to_owned() }),
        12 => hold().prop_map(Event::Released),
        4 => Just(Event::Drained),
        2 => Just(Event::Staged),
        2 => Just(Event::Validated { summary: "12/12".into() }),
    ]
}
