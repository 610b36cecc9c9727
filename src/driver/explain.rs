//! Why a rollout stands where it stands, and what it waits for.

use super::Driver;
use super::command::{Error, Explanation};
use super::look::{Subject, verdict_now};
use super::operator::storage;
use crate::clock;
use seatrial_domain::RolloutId;
use seatrial_domain::rollout::{Cause, Rollout};
use seatrial_domain::verdict::{CheckVerdict, Enforced, Verdict};
use seatrial_store::journal::Filter;
use seatrial_store::page::{LIMIT, Request};

impl Driver {
    /// The state of a rollout with its evidence, judged now.
    pub async fn explain(&self, id: RolloutId) -> Result<Explanation, Error> {
        let stored = self.standing(self.stored(id).await?);
        let rollout = stored.rollout;
        let evidence = self.store.evidence(id).await.map_err(storage)?;
        let verdict = match Subject::of(&rollout) {
            Some(subject) => {
                Some(verdict_now(&rollout, subject, &evidence).map_err(Error::Storage)?)
            }
            None => self.last_verdict(id, LIMIT).await?,
        };
        let shadow = (evidence.shadow.mirror.offered > 0).then_some(evidence.shadow);
        Ok(Explanation {
            summary: summary(&rollout, verdict.as_ref()),
            validation: self.store.report(id).await.map_err(storage)?,
            revision: stored.revision,
            rollout,
            verdict,
            shadow,
            now: clock::now(),
        })
    }

    /// The verdict that moved the rollout last, looked for so many rows at once.
    pub(super) async fn last_verdict(
        &self,
        id: RolloutId,
        rows_at_once: u32,
    ) -> Result<Option<Verdict>, Error> {
        let filter = Filter { rollout: Some(id), ..Filter::default() };
        let (mut page, mut last) = (Request::first(rows_at_once), None);
        loop {
            let rows = self.store.journal(&filter, &page).await.map_err(storage)?;
            last = rows.items.into_iter().rev().find_map(verdict_of).or(last);
            match rows.next {
                Some(seq) => page = Request::after(seq, rows_at_once),
                None => return Ok(last),
            }
        }
    }
}

fn verdict_of(row: seatrial_store::journal::Row) -> Option<Verdict> {
    match row.cause {
        Cause::Verdict { verdict } => Some(*verdict),
        Cause::Said { .. } | Cause::Guardrail { .. } => None,
    }
}

fn summary(rollout: &Rollout, verdict: Option<&Verdict>) -> String {
    let stage = rollout.stage.name();
    let why = rollout.reason.as_deref().unwrap_or("");
    if rollout.stage.is_terminal() {
        return if why.is_empty() { stage.to_string() } else { format!("{stage}: {why}") };
    }
    if let Some(pause) = rollout.paused {
        return format!("{stage}, paused({pause}): {why}");
    }
    if rollout.awaiting.is_some() {
        return format!("{stage}, awaiting approval");
    }
    if let Some(hold) = rollout.held {
        return format!("{stage}, held({hold}): {why}");
    }
    match verdict.and_then(slowest) {
        Some((check, units)) => format!("{stage}: {check} needs about {units} more units"),
        None => stage.to_string(),
    }
}

/// The undecided check that needs the most units.
fn slowest(verdict: &Verdict) -> Option<(&str, u64)> {
    verdict
        .checks
        .iter()
        .filter(|report| report.verdict == CheckVerdict::Inconclusive)
        .filter(|report| report.enforced == Enforced::Yes)
        .filter_map(|report| Some((report.name.as_str(), report.units_needed?)))
        .max_by_key(|(_, units)| *units)
}
