//! Voyages that something befalls: `play` refuses each step that breaks a law, and names the seed.

use super::{INCUMBENT, plan_of, run_in, traffic};
use crate::{Behaviour, Report, Trouble};
use seatrial_domain::plan::{AtDeadline, Kind, OnFail, Plan};
use seatrial_domain::rollout::StageName;
use std::collections::BTreeSet;

const SEEDS: u64 = 150;

const GOOD: Behaviour = Behaviour { correct: 0.971, ..INCUMBENT };

/// Something every few seconds; an end about once in a hundred.
const TROUBLE: Trouble = Trouble { words: 0.3, ends: 0.01, trips: 0.008, holds: 0.1, kills: 0.02 };

/// The plan of `kind`, whose fails and deadlines pause: voyages last, and people meet them.
fn patient(kind: Kind) -> Plan {
    let mut plan = plan_of(kind);
    plan.analysis.on_fail = OnFail::Pause;
    plan.analysis.at_deadline = AtDeadline::Pause;
    plan
}

fn reports(kind: Kind, trouble: Trouble) -> Vec<Report> {
    (0..SEEDS).map(|seed| run_in(patient(kind), traffic(GOOD), trouble, seed)).collect()
}

fn taken(reports: &[Report], event: &str) -> u32 {
    reports.iter().filter_map(|report| report.events.get(event)).sum()
}

#[test]
fn no_word_trip_hold_or_kill_breaks_a_law_of_a_promotion() {
    let reports = reports(Kind::Promote, TROUBLE);
    let words = ["pause", "resume", "promote", "abort", "rollback", "supersede"];
    let world = ["guardrail_tripped", "held", "released", "restarted"];
    for event in words.into_iter().chain(world) {
        assert!(taken(&reports, event) >= 5, "{event} hardly ever meant anything");
    }
    let ends: BTreeSet<_> = reports.iter().map(|report| report.stage).collect();
    let expected = [StageName::RolledBack, StageName::Aborted, StageName::Superseded];
    assert!(expected.iter().all(|stage| ends.contains(stage)), "{ends:?}");
}

#[test]
fn nor_of_a_first_version_or_of_a_restore() {
    for kind in [Kind::First, Kind::Restore] {
        let reports = reports(kind, TROUBLE);
        for event in ["pause", "resume", "guardrail_tripped", "held", "restarted"] {
            assert!(taken(&reports, event) >= 5, "{kind:?}: {event}");
        }
        assert!(reports.iter().any(|report| report.stage == StageName::Completed), "{kind:?}");
    }
}

#[test]
fn a_voyage_outlives_kills_and_what_goes_missing() {
    let trouble = Trouble { holds: 0.02, kills: 0.02, ..Trouble::NONE };
    let reports = reports(Kind::Promote, trouble);
    let arrived = reports.iter().filter(|report| report.stage == StageName::Completed).count();
    assert!(arrived * 2 > reports.len(), "{arrived} of {} arrived", reports.len());
    assert!(taken(&reports, "restarted") >= 100);
}
