//! Law 4: abort and rollback win from every state; and what is over stays over.

use super::history::always;
use crate::RolloutId;
use crate::Share;
use crate::plan::Quarantine;
use crate::rollout::{Effect, Event, Fault, Hold, Outcome, Rejected, Stage, Void};
use crate::verdict::Decision;
use proptest::prelude::*;

fn reason() -> String {
    "enough".to_owned()
}

#[test]
fn an_abort_leads_to_share_zero_at_once_from_every_state() {
    always(|offer| {
        let before = &offer.before;
        match before.on(&Event::Abort { reason: reason() }, offer.now) {
            Ok(transition) => prop_assert_eq!(transition.next.share(), Share::ZERO),
            Err(Rejected::Terminal(_)) => prop_assert!(before.stage.is_terminal()),
            Err(refused) => {
                prop_assert_eq!(refused, Rejected::Already);
                let rolling_back = matches!(before.stage, Stage::RollingBack { .. });
                prop_assert!(rolling_back);
                prop_assert_eq!(before.share(), Share::ZERO);
            }
        }
        Ok(())
    });
}

#[test]
fn a_rollback_does_too_unless_nothing_would_be_left_to_answer() {
    always(|offer| {
        let before = &offer.before;
        let words = [Event::RollBack { reason: reason() }, Event::Supersede { by: RolloutId(2) }];
        for word in words {
            match before.on(&word, offer.now) {
                Ok(transition) => prop_assert_eq!(transition.next.share(), Share::ZERO),
                Err(Rejected::NoIncumbent) => {
                    prop_assert!(before.incumbent.is_none() && before.share() > Share::ZERO);
                }
                Err(Rejected::Terminal(_)) => prop_assert!(before.stage.is_terminal()),
                Err(refused) => {
                    prop_assert_eq!(refused, Rejected::Already);
                    prop_assert_eq!(before.share(), Share::ZERO);
                }
            }
        }
        Ok(())
    });
}

#[test]
fn a_rollback_keeps_its_outcome_and_ends_at_the_acknowledgement_unless_it_is_given_up() {
    always(|offer| {
        let (Stage::RollingBack { outcome }, Some(transition)) =
            (offer.before.stage, offer.taken())
        else {
            return Ok(());
        };
        let acknowledged = matches!(offer.event, Event::Acknowledged { .. });
        // An incumbent that does not load acknowledges nothing, so a person may end the wait.
        let given_up = matches!(offer.event, Event::Abort { .. })
            && offer.before.held == Some(Hold::RollbackFailed);
        let expected = match (acknowledged, outcome) {
            (false, _) if given_up => Stage::Aborted,
            (false, _) => offer.before.stage,
            (true, Outcome::RolledBack) => Stage::RolledBack,
            (true, Outcome::Rejected) => Stage::Rejected,
            (true, Outcome::Aborted) => Stage::Aborted,
            (true, Outcome::Superseded) => Stage::Superseded,
        };
        prop_assert_eq!(transition.next.stage, expected);
        Ok(())
    });
}

#[test]
fn what_is_over_stays_over() {
    always(|offer| {
        if offer.before.stage.is_terminal() {
            prop_assert!(matches!(offer.answer, Err(Rejected::Terminal(_))));
        }
        Ok(())
    });
}

#[test]
fn only_a_completed_rollout_keeps_its_share() {
    always(|offer| {
        let stage = offer.before.stage;
        if stage.is_terminal() {
            let kept = if stage == Stage::Completed { Share::FULL } else { Share::ZERO };
            prop_assert_eq!(offer.before.share(), kept);
        }
        Ok(())
    });
}

#[test]
fn a_digest_is_quarantined_for_cause_alone() {
    always(|offer| {
        let Some(transition) = offer.taken() else { return Ok(()) };
        let marked = transition.journal.effects.iter().find_map(|effect| {
            let Effect::Quarantine { digest, .. } = effect else { return None };
            Some(digest)
        });
        let Some(digest) = marked else { return Ok(()) };
        prop_assert_eq!(digest, &offer.before.candidate.digest);
        prop_assert_eq!(offer.before.plan.concurrency.quarantine, Quarantine::Failed);
        let failed = |event: &Event| {
            matches!(event, Event::Judged { verdict, .. }
                if matches!(verdict.decision, Decision::Fail { .. }))
        };
        let named = matches!(
            offer.event,
            Event::GuardrailTripped(_)
                | Event::ValidationFailed { fault: Fault::Candidate, .. }
                | Event::Reject { .. }
        );
        // Whatever ends a candidate that failed before.
        let before = matches!(offer.before.void, Some(Void::Fail { .. }));
        let cause = before || named || failed(&offer.event);
        prop_assert!(cause, "{} is no cause", offer.event.name());
        Ok(())
    });
}
