//! A fail or a mismatch, once seen, is never forgotten; a trip takes the share whatever else stands.

use super::history::{Offer, always, over_histories};
use crate::plan::{Kind, OnFail, Quarantine};
use crate::rollout::fixture::trip;
use crate::rollout::{Effect, Event, Outcome, Rollout, Stage};
use crate::telemetry::BadOf;
use crate::verdict::{Decision, SampleRatio};
use crate::{Share, VersionRef};
use proptest::prelude::*;

/// What a look shows in a stage where fails act.
fn shown(offer: &Offer) -> Option<(&Decision, SampleRatio)> {
    let acts = matches!(
        offer.before.stage,
        Stage::Canary | Stage::Ramp { .. } | Stage::Cutover | Stage::Stabilizing
    );
    let Event::Judged { verdict, .. } = &offer.event else { return None };
    acts.then_some((&verdict.decision, verdict.sample_ratio))
}

fn failed(offer: &Offer) -> bool {
    shown(offer).is_some_and(|(decision, _)| matches!(decision, Decision::Fail { .. }))
}

fn mismatched(offer: &Offer) -> bool {
    shown(offer).is_some_and(|(_, sample_ratio)| sample_ratio == SampleRatio::Mismatch)
}

#[test]
fn once_a_fail_or_a_mismatch_was_seen_the_share_never_rises_again() {
    over_histories(|offers| {
        let mut void = false;
        for offer in offers {
            void |= failed(offer) || mismatched(offer);
            let next = offer.taken().map_or(&offer.before, |transition| &transition.next);
            prop_assert!(!void || next.share() <= offer.before.share());
            prop_assert!(!void || next.stage != Stage::Completed);
        }
        Ok(())
    });
}

fn marked(offer: &Offer) -> bool {
    offer.taken().is_some_and(|transition| {
        transition.journal.effects.iter().any(|effect| matches!(effect, Effect::Quarantine { .. }))
    })
}

/// The outcome with which this offer ended its rollout, or set out to.
fn ended(offer: &Offer) -> Option<Outcome> {
    let next = &offer.taken()?.next;
    if matches!(offer.before.stage, Stage::RollingBack { .. }) {
        return None;
    }
    if let Stage::RollingBack { outcome } = next.stage {
        return Some(outcome);
    }
    let outcomes = [Outcome::RolledBack, Outcome::Rejected, Outcome::Aborted, Outcome::Superseded];
    outcomes.into_iter().find(|outcome| outcome.stage() == next.stage)
}

#[test]
fn a_candidate_that_failed_is_quarantined_when_it_is_rolled_back_or_rejected() {
    over_histories(|offers| {
        let mut fail = false;
        for offer in offers {
            fail |= failed(offer);
            let for_cause = matches!(ended(offer), Some(Outcome::RolledBack | Outcome::Rejected));
            if fail && for_cause && offer.before.plan.concurrency.quarantine == Quarantine::Failed {
                prop_assert!(marked(offer), "{} forgot the fail", offer.event.name());
            }
        }
        Ok(())
    });
}

#[test]
fn a_fail_rolls_back_where_the_policy_says_so_and_something_is_left_to_answer() {
    always(|offer| {
        let before = &offer.before;
        let stranded = before.incumbent.is_none();
        if failed(offer) && before.plan.analysis.on_fail == OnFail::Rollback && !stranded {
            prop_assert_eq!(ended(offer), Some(Outcome::RolledBack));
        }
        Ok(())
    });
}

#[test]
fn a_trip_leads_to_share_zero_from_every_exposed_state_of_a_promotion() {
    let counts = [(20, 20, 0, 100), (20, 20, 20, 20), (20, 20, 0, 3)];
    always(|offer| {
        let before = &offer.before;
        let exposed = before.share() > Share::ZERO && !before.stage.is_terminal();
        if before.plan.kind != Kind::Promote || !exposed {
            return Ok(());
        }
        for (bad, total, incumbent_bad, incumbent_total) in counts {
            let candidate = BadOf { bad, total };
            let incumbent = BadOf { bad: incumbent_bad, total: incumbent_total };
            let trip = trip("errorRatio", before.epoch, candidate, incumbent);
            let answer = before.on(&Event::GuardrailTripped(Box::new(trip)), offer.now);
            prop_assert_eq!(answer.map(|transition| transition.next.share()), Ok(Share::ZERO));
        }
        Ok(())
    });
}

#[test]
fn a_trip_that_leaves_the_share_is_written_down_once_under_each_table() {
    always(|offer| {
        let before = &offer.before;
        let exposed = before.share() > Share::ZERO && !before.stage.is_terminal();
        if before.plan.kind == Kind::Promote || !exposed {
            return Ok(());
        }
        let bad = BadOf { bad: 20, total: 20 };
        let trip = trip("consecutiveErrors", before.epoch, bad, BadOf::default());
        let tripped = before.on(&Event::GuardrailTripped(Box::new(trip.clone())), offer.now);
        let known = before.step.trips.contains(&trip.guardrail);
        prop_assert_eq!(tripped.is_err(), known);
        let Ok(tripped) = tripped else { return Ok(()) };
        prop_assert!(tripped.next.paused.is_some());
        prop_assert_eq!(tripped.next.share(), before.share());
        if let Ok(resumed) = tripped.next.on(&Event::Resume, offer.now) {
            prop_assert!(resumed.next.epoch > before.epoch);
        }
        Ok(())
    });
}

#[test]
fn what_is_compared_stays_fixed_once_it_had_its_turn() {
    type Fixed<'a> = (&'a Option<VersionRef>, &'a VersionRef, u64, String);
    fn fixed(rollout: &Rollout) -> Fixed<'_> {
        let Rollout { incumbent, candidate, salt, plan, .. } = rollout;
        (incumbent, candidate, salt.0, plan.hash().to_string())
    }
    always(|offer| {
        if let Some(transition) = offer.taken().filter(|_| offer.before.stage != Stage::Queued) {
            prop_assert_eq!(fixed(&offer.before), fixed(&transition.next));
        }
        Ok(())
    });
}
