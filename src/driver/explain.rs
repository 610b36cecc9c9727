//! Why a rollout stands where it stands, and what it waits for.

use super::Driver;
use super::command::{Error, Explanation};
use super::look::{Subject, verdict_now};
use super::operator::storage;
use crate::clock;
use seatrial_domain::RolloutId;
use seatrial_domain::evidence::Evidence;
use seatrial_domain::rollout::{Cause, Rollout};
use seatrial_domain::verdict::{CheckVerdict, Enforced, Verdict};
use seatrial_store::journal::Filter;
use seatrial_store::page::{LIMIT, Request};
use seatrial_store::storage::Error as Fault;

impl Driver {
    /// The state of a rollout with its evidence, judged now.
    pub async fn explain(&self, id: RolloutId) -> Result<Explanation, Error> {
        let stored = self.standing(self.stored(id).await?);
        let rollout = stored.rollout;
        let evidence = self.evidence(&rollout).await;
        let verdict = match (Subject::of(&rollout), &evidence) {
            (Some(subject), Ok(evidence)) => {
                Some(verdict_now(&rollout, subject, evidence).map_err(Error::Storage)?)
            }
            (Some(_), Err(why)) => Some(Verdict::blind("evidence", why.to_string())),
            (None, _) => self.last_verdict(id).await?,
        };
        let evidence = evidence.or_else(unreadable)?;
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

    /// The verdict that moved the rollout last.
    async fn last_verdict(&self, id: RolloutId) -> Result<Option<Verdict>, Error> {
        let filter = Filter { rollout: Some(id), ..Filter::default() };
        let rows = self.store.journal(&filter, &Request::first(LIMIT)).await.map_err(storage)?;
        Ok(rows.items.into_iter().rev().find_map(verdict_of))
    }
}

/// What can't be read is told by the verdict; everything else is still shown.
fn unreadable(error: Fault) -> Result<Evidence, Error> {
    match error {
        Fault::Corrupt { .. } => Ok(Evidence::default()),
        Fault::Full(_) | Fault::Busy(_) | Fault::Sql(_) => Err(storage(error)),
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
