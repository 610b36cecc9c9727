//! What the world's state suggests to a rollout, most urgent first. Suggests only: the rollout
//! takes what means something to it and refuses the rest.

#[cfg(test)]
pub(super) mod tests;

use crate::world::{Deployment, Observed, State};
use seatrial_domain::Share;
use seatrial_domain::plan::StandbyMode;
use seatrial_domain::rollout::{Event, Hold, Rollout, Stage, Validation};
use seatrial_domain::verdict::{Coverage, Verdict};
use std::time::Duration;

/// What else the driver knows at a step.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) verdict: Option<Verdict>,
    pub(super) validated: Option<Event>,
    /// Who else still needs the incumbent, in words.
    pub(super) referrer: Option<String>,
    /// Time counted towards the step's minimum duration.
    pub(super) counted: Duration,
    /// Counters have not reached the store for too long.
    pub(super) telemetry: Telemetry,
    /// The incumbent's drain timeout is over.
    pub(super) drain: Drain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Telemetry {
    #[default]
    Fresh,
    Late,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Drain {
    #[default]
    Waiting,
    Over,
}

/// The events to offer, in order.
pub(super) fn offers(rollout: &Rollout, observed: &Observed, known: &Known) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(epoch) = observed.acknowledged
        && !draining(rollout, observed, known)
        && !unanswered(rollout, observed)
    {
        events.push(Event::Acknowledged { epoch });
    }
    events.extend(holds(rollout, observed, known));
    events.extend(staged(rollout, observed));
    events.extend(known.validated.clone());
    if let Some(verdict) = &known.verdict {
        events.push(judged(verdict.clone(), rollout, observed));
    }
    events.extend(drained(rollout, observed, known));
    events.push(Event::Tick);
    events
}

/// A look at the evidence, with the candidate's capacity at that moment.
pub(super) fn judged(verdict: Verdict, rollout: &Rollout, observed: &Observed) -> Event {
    let capacity = observed.sessions(&rollout.candidate);
    Event::Judged { verdict: Box::new(verdict), capacity }
}

fn staged(rollout: &Rollout, observed: &Observed) -> Option<Event> {
    if rollout.stage != Stage::Staging {
        return None;
    }
    let deployment = observed.deployment(&rollout.candidate)?;
    match (&deployment.state, &deployment.private_url) {
        (State::Ready { sessions }, Some(_)) if *sessions >= rollout.candidate_sessions() => {
            Some(Event::Staged)
        }
        (State::Failed { why }, _) => Some(Event::StagingFailed { why: why.clone() }),
        (State::Ready { .. } | State::Loading, _) => None,
    }
}

fn drained(rollout: &Rollout, observed: &Observed, known: &Known) -> Option<Event> {
    let over = incumbent_in_flight(rollout, observed) == 0 || known.drain == Drain::Over;
    (rollout.stage == Stage::Decommissioning && over).then_some(Event::Drained)
}

/// Whether share zero is no way back yet, although it is in force: whoever is to answer instead
/// does not.
fn unanswered(rollout: &Rollout, observed: &Observed) -> bool {
    let ready = |incumbent| observed.sessions(incumbent) > 0;
    matches!(rollout.stage, Stage::RollingBack { .. })
        && rollout.incumbent.as_ref().is_some_and(|incumbent| !ready(incumbent))
}

/// Whether a cutover is in force, and the incumbent still answers what it was given before.
fn draining(rollout: &Rollout, observed: &Observed, known: &Known) -> bool {
    rollout.stage == Stage::Cutover
        && rollout.full_share() == Share::FULL
        && known.drain == Drain::Waiting
        && incumbent_in_flight(rollout, observed) > 0
}

fn incumbent_in_flight(rollout: &Rollout, observed: &Observed) -> u64 {
    let incumbent = rollout.incumbent.as_ref();
    incumbent.and_then(|version| observed.deployment(version)).map_or(0, |d| d.in_flight)
}

/// At most one: the missing thing that is not held for yet, or the held one that is back.
fn holds(rollout: &Rollout, observed: &Observed, known: &Known) -> Option<Event> {
    let missing = missing(rollout, observed, known);
    match (rollout.held, missing) {
        (Some(held), Some((missing, _))) if held == missing => None,
        // A raise that waits hides nothing that is missing without one.
        (None | Some(Hold::Freeze | Hold::Capacity), Some((hold, why))) => {
            Some(Event::Held { hold, why })
        }
        (Some(Hold::Capacity), None) if rollout.sessions_without_a_look().is_some() => {
            Some(Event::Released(Hold::Capacity))
        }
        (
            Some(
                held @ (Hold::Telemetry
                | Hold::Coverage
                | Hold::Provider
                | Hold::Standby
                | Hold::Storage
                | Hold::Referenced
                | Hold::RollbackFailed),
            ),
            _,
        ) => Some(Event::Released(held)),
        // The route is in force; what is waited for has another name.
        (Some(held @ Hold::Ack), Some((Hold::RollbackFailed, _))) => Some(Event::Released(held)),
        // The rollout lifts these by itself: it sees what they wait for.
        (Some(Hold::Freeze | Hold::Capacity | Hold::Ack), _) | (None, None) => None,
    }
}

/// What the present stage depends on and does not have, in words too.
fn missing(rollout: &Rollout, observed: &Observed, known: &Known) -> Option<(Hold, String)> {
    let incumbent = rollout.incumbent.as_ref().and_then(|v| observed.deployment(v));
    let named = match rollout.stage {
        Stage::RollingBack { .. } => {
            incumbent.and_then(failed).map(|why| (Hold::RollbackFailed, why))
        }
        Stage::Canary | Stage::Ramp { .. } | Stage::Stabilizing => {
            let unfit = incumbent.and_then(|it| lost(it).or_else(|| unproven(rollout, it, known)));
            if let Some(why) = unfit {
                Some((Hold::Standby, why))
            } else if known.telemetry == Telemetry::Late {
                Some((Hold::Telemetry, "the store has taken no counters for a while".to_owned()))
            } else {
                let short = known.verdict.as_ref().filter(|v| short(rollout, v, known.counted));
                short.map(|verdict| (Hold::Coverage, verdict.coverage.in_words()))
            }
        }
        Stage::Decommissioning => known.referrer.as_ref().map(|referrer| {
            (Hold::Referenced, format!("the version to retire is needed: {referrer}"))
        }),
        Stage::Queued
        | Stage::Staging
        | Stage::Validating { state: Validation::Running | Validation::Passed }
        | Stage::Shadow
        | Stage::Cutover
        | Stage::Completed
        | Stage::Rejected
        | Stage::RolledBack
        | Stage::Aborted
        | Stage::Superseded => None,
    };
    named.or_else(|| too_few_sessions(rollout, observed))
}

/// The sessions that a raise needs which no look accompanies.
fn too_few_sessions(rollout: &Rollout, observed: &Observed) -> Option<(Hold, String)> {
    let needed = rollout.sessions_without_a_look()?;
    let ready = observed.sessions(&rollout.candidate);
    (ready < needed).then(|| {
        (Hold::Capacity, format!("{ready} of the candidate's {needed} sessions are ready"))
    })
}

fn failed(deployment: &Deployment) -> Option<String> {
    match &deployment.state {
        State::Failed { why } => Some(format!("the incumbent did not load: {why}")),
        State::Loading | State::Ready { .. } => None,
    }
}

/// Why the incumbent could not take the traffic back now.
fn lost(deployment: &Deployment) -> Option<String> {
    match (&deployment.state, &deployment.probe) {
        (State::Failed { .. }, _) => failed(deployment),
        (State::Loading, _) => Some("the incumbent is being loaded".to_owned()),
        (State::Ready { .. }, Some(Err(why))) => Some(format!("the incumbent's probe: {why}")),
        (State::Ready { .. }, Some(Ok(_)) | None) => None,
    }
}

/// A standby is verified before anybody lets go of it; until its time is over that is not urgent.
fn unproven(rollout: &Rollout, incumbent: &Deployment, known: &Known) -> Option<String> {
    let hot = rollout.plan.standby.mode == StandbyMode::Hot;
    let due = rollout.stage == Stage::Stabilizing && known.counted >= rollout.stability();
    (hot && due && incumbent.probe.is_none())
        .then(|| "the incumbent has not been probed yet".to_owned())
}

/// Labels come after answers: too few of them mean nothing before the units are enough to pass, and
/// before the first of them can be there.
fn short(rollout: &Rollout, verdict: &Verdict, counted: Duration) -> bool {
    let Coverage::Short { check, .. } = &verdict.coverage else { return false };
    let held = rollout.held == Some(Hold::Coverage);
    let enough = verdict.units.candidate >= rollout.plan.analysis.min_units;
    held || enough && counted >= rollout.late_by(check)
}
