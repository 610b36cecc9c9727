//! What `desired` promises in every state (the table of DESIGN.md §2).

use super::history::always;
use crate::plan::StandbyMode;
use crate::rollout::{Desired, Mirror, Pause, Pool, Rollout, Stage, Wanted};
use crate::{Share, VersionRef};
use proptest::prelude::*;

fn wanted<'a>(desired: &'a Desired, version: &VersionRef) -> Option<&'a Wanted> {
    desired.deployments.iter().find(|wanted| &wanted.version == version)
}

#[test]
fn whoever_has_a_share_is_wanted_with_the_sessions_for_it() {
    always(|offer| {
        let rollout = &offer.before;
        let desired = rollout.desired(offer.now);
        let sessions = wanted(&desired, &rollout.candidate).map_or(0, |wanted| wanted.sessions);
        prop_assert!(sessions >= rollout.sessions_for(rollout.share()));
        let answered = desired.route.share < Share::FULL;
        if let Some(incumbent) = rollout.incumbent.as_ref().filter(|_| answered) {
            let live = wanted(&desired, incumbent).map(|wanted| wanted.pool);
            prop_assert_eq!(live, Some(Pool::Live));
            prop_assert_eq!(desired.route.incumbent.as_ref(), Some(incumbent));
        }
        Ok(())
    });
}

#[test]
fn the_next_share_has_its_capacity_wanted_before_it_is_set() {
    always(|offer| {
        let Some(transition) = offer.taken() else { return Ok(()) };
        let (before, next) = (&offer.before, &transition.next);
        let desired = before.desired(offer.now);
        let sessions = wanted(&desired, &before.candidate).map_or(0, |wanted| wanted.sessions);
        prop_assert!(next.share() <= before.share() || sessions >= next.sessions_for(next.share()));
        Ok(())
    });
}

#[test]
fn a_hot_standby_stands_by_until_it_is_retired() {
    always(|offer| {
        let rollout = &offer.before;
        let standing = matches!(
            rollout.stage,
            Stage::Cutover
                | Stage::Stabilizing
                | Stage::Decommissioning
                | Stage::RollingBack { .. }
        );
        let hot = rollout.plan.standby.mode == StandbyMode::Hot;
        if let Some(incumbent) = rollout.incumbent.as_ref().filter(|_| standing && hot) {
            let desired = rollout.desired(offer.now);
            let sessions = wanted(&desired, incumbent).map(|wanted| wanted.sessions);
            prop_assert_eq!(sessions, Some(rollout.settings.sessions));
        }
        Ok(())
    });
}

#[test]
fn the_route_names_only_what_is_deployed_and_the_candidate_only_where_it_is_seen() {
    always(|offer| {
        let rollout: &Rollout = &offer.before;
        let Desired { deployments, route } = rollout.desired(offer.now);
        let seen = route.share > Share::ZERO || route.mirror == Mirror::On;
        prop_assert_eq!(route.candidate.is_some(), seen);
        prop_assert_eq!(route.share, rollout.share());
        prop_assert_eq!(route.epoch, rollout.epoch);
        let named = route.candidate.iter().chain(&route.pinned).chain(&route.incumbent);
        // Before its turn the endpoint is not the rollout's to deploy on.
        for version in named {
            prop_assert!(deployments.iter().any(|wanted| &wanted.version == version));
        }
        Ok(())
    });
}

#[test]
fn copies_are_made_in_the_shadow_alone_and_evidence_where_both_arms_answer() {
    always(|offer| {
        let rollout = &offer.before;
        let route = rollout.desired(offer.now).route;
        prop_assert_eq!(route.mirror == Mirror::On, rollout.stage == Stage::Shadow);
        if route.gate.is_some() {
            prop_assert!(route.share > Share::ZERO && route.share < Share::FULL);
            prop_assert!(rollout.paused != Some(Pause::Incident));
        }
        Ok(())
    });
}
