//! The stages a rollout went through, read from its journal.

use crate::api::wire::JournalRow;
use seatrial_domain::Share;
use seatrial_domain::rollout::{Entry, Rollout, StageName};

/// One stay in one stage; each step of the ramp is a stay of its own.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) stage: StageName,
    pub(super) share: Share,
    /// The entry that led away; none: it is there still.
    pub(super) left: Option<Entry>,
}

impl Visit {
    /// Whether it was left forwards.
    pub(super) fn passed(&self) -> bool {
        self.left.as_ref().is_some_and(|entry| {
            entry.to < StageName::RollingBack || entry.to == StageName::Completed
        })
    }
}

/// Every stay, the earliest first; the last one is where the rollout is now.
pub(super) fn of(rollout: &Rollout, history: &[JournalRow]) -> Vec<Visit> {
    let mut visits = vec![Visit { stage: StageName::Queued, share: Share::ZERO, left: None }];
    for entry in entries(history) {
        let Some(here) = visits.last_mut() else { continue };
        let climbs = here.stage == StageName::Ramp && entry.share > here.share;
        if entry.to != here.stage || climbs {
            let (stage, share) = (entry.to, entry.share);
            here.left = Some(entry);
            visits.push(Visit { stage, share, left: None });
        }
    }
    // The journal was read after the state; what it does not know yet is added.
    let now = rollout.stage.name();
    if visits.last().is_some_and(|last| last.stage < now) {
        visits.push(Visit { stage: now, share: rollout.share(), left: None });
    }
    visits
}

/// The rollout's own entries.
pub(super) fn entries(history: &[JournalRow]) -> impl Iterator<Item = Entry> {
    history.iter().filter_map(|row| serde_json::from_value(row.entry.clone()).ok())
}
