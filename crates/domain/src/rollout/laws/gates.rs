//! Law 3: no stage is left upward without its verdict or a recorded override.

use super::history::{Offer, always, over_histories};
use super::times::Counted;
use crate::Share;
use crate::plan::{GateMode, Kind, OnFail};
use crate::rollout::fixture;
use crate::rollout::{Cause, Event, Pause, Rollout, Stage, Void};
use crate::verdict::{Coverage, Decision, SampleRatio, Verdict};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// What a gated stage asks for: its mode, minimum duration and minimum units.
fn demands(rollout: &Rollout) -> Option<(GateMode, Duration, u64)> {
    let plan = &rollout.plan;
    if rollout.stage == Stage::Shadow {
        return Some((GateMode::Auto, plan.shadow.min_duration, plan.shadow.min_requests));
    }
    let gate = rollout.gate(rollout.gate_index()?)?;
    Some((gate.mode, gate.min_duration, plan.analysis.min_units))
}

/// Whether the offer moved the rollout on, to the next gate or to cutover.
fn left_upward(offer: &Offer) -> bool {
    offer.taken().is_some_and(|transition| {
        let onward =
            matches!(transition.next.stage, Stage::Canary | Stage::Ramp { .. } | Stage::Cutover);
        onward && transition.next.stage != offer.before.stage
    })
}

fn passes(verdict: &Verdict, units: u64) -> bool {
    verdict.decision == Decision::Pass
        && verdict.units.candidate >= units
        && verdict.units.candidate > 0
        && verdict.sample_ratio == SampleRatio::Plausible
        && verdict.coverage == Coverage::Enough
}

#[test]
fn no_gate_is_left_upward_without_its_verdict_or_a_recorded_word() {
    over_histories(|offers| {
        let mut counted = Counted::default();
        for offer in offers {
            let minimum = counted.before(offer);
            counted.after(offer);
            let Some((mode, least, units)) = demands(&offer.before).filter(|_| left_upward(offer))
            else {
                continue;
            };
            let Event::Judged { verdict, .. } = &offer.event else {
                return Err(TestCaseError::fail("left without a look"));
            };
            let step = &offer.before.step;
            prop_assert!(step.acknowledged_at.is_some());
            if let Some(reason) = &step.overridden {
                let cause = offer.taken().unwrap().journal.cause.clone();
                prop_assert_eq!(cause, Cause::Said { text: format!("overridden: {reason}") });
                continue;
            }
            prop_assert!(minimum >= least, "{minimum:?} of {least:?}");
            let approved = step.approved.is_some();
            let shadow = offer.before.stage == Stage::Shadow;
            match mode {
                GateMode::Auto if shadow && approved => {}
                GateMode::Auto => prop_assert!(passes(verdict, units)),
                GateMode::Approval => prop_assert!(approved),
                GateMode::AutoAndApproval => prop_assert!(approved && passes(verdict, units)),
            }
        }
        Ok(())
    });
}

/// Without a person's word, looks without units promote nothing, whatever they say.
#[test]
fn no_data_is_never_a_pass() {
    always(|offer| {
        let Event::Judged { verdict, .. } = &offer.event else { return Ok(()) };
        let mut empty = verdict.clone();
        empty.units.candidate = 0;
        empty.decision = Decision::Pass;
        let mut before = offer.before.clone();
        Arc::make_mut(&mut before.plan).shadow.min_requests = 0;
        Arc::make_mut(&mut before.plan).analysis.min_units = 0;
        let step = &before.step;
        if step.overridden.is_some() || step.approved.is_some() {
            return Ok(());
        }
        let event = Event::Judged { verdict: empty, capacity: u32::MAX };
        if let Ok(transition) = before.on(&event, offer.now) {
            prop_assert!(transition.next.share() <= before.share());
        }
        Ok(())
    });
}

#[test]
fn a_fail_acts_under_every_overlay() {
    always(|offer| {
        let before = &offer.before;
        let exposed = matches!(
            before.stage,
            Stage::Canary | Stage::Ramp { .. } | Stage::Cutover | Stage::Stabilizing
        );
        if !exposed || before.plan.kind != Kind::Promote {
            return Ok(());
        }
        let verdict = Box::new(fixture::verdict(fixture::fail(), 1));
        let answer = before.on(&Event::Judged { verdict, capacity: 0 }, offer.now);
        match before.plan.analysis.on_fail {
            OnFail::Rollback => {
                prop_assert_eq!(answer.map(|transition| transition.next.share()), Ok(Share::ZERO));
            }
            OnFail::Pause => {
                let next = answer.map_or(before.clone(), |transition| transition.next);
                let stopped = matches!(next.paused, Some(Pause::Fail | Pause::Incident));
                prop_assert!(stopped, "{:?}", next.paused);
                let kept = matches!(next.void, Some(Void::Fail { .. }));
                prop_assert!(kept, "a fail under {:?} is forgotten", before.paused);
            }
        }
        Ok(())
    });
}

#[test]
fn an_undecided_deadline_never_promotes() {
    always(|offer| {
        if offer.event == Event::Tick && demands(&offer.before).is_some() {
            let share = offer.taken().map(|transition| transition.next.share());
            prop_assert!(share.is_none_or(|share| share <= offer.before.share()));
        }
        Ok(())
    });
}
