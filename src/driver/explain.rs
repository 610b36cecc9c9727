//! Why a rollout stands where it stands, and what it waits for.

use super::Driver;
use super::command::{Error, Explanation};
use super::operator::storage;
use crate::{clock, past};
use seatrial_domain::evidence::Evidence;
use seatrial_domain::judge::Judge;
use seatrial_domain::looks::Subject;
use seatrial_domain::plan::{Blocks, Freeze, Kind};
use seatrial_domain::rollout::{Rollout, Stage};
use seatrial_domain::verdict::{Account, CheckVerdict, Enforced, Verdict};
use seatrial_domain::{RolloutId, Timestamp};
use seatrial_store::storage::Error as Fault;

impl Driver {
    /// The state of a rollout with its evidence, judged now.
    pub async fn explain(&self, id: RolloutId) -> Result<Explanation, Error> {
        let stored = self.standing(self.stored(id).await?);
        let rollout = stored.rollout;
        let evidence = self.evidence(&rollout).await;
        let now = clock::now();
        let (verdict, accounts) = match (Subject::of(&rollout), &evidence) {
            (Some(subject), Ok(evidence)) => {
                let (verdict, accounts) = judged_now(&rollout, (subject, evidence), now)?;
                (Some(verdict), accounts)
            }
            (Some(_), Err(why)) => (Some(Verdict::blind("evidence", why.to_string())), Vec::new()),
            (None, _) => self.judged_last(id).await?,
        };
        let evidence = evidence.or_else(unreadable)?;
        let shadow = (evidence.shadow.mirror.offered > 0).then_some(evidence.shadow);
        Ok(Explanation {
            summary: summary(&rollout, (verdict.as_ref(), &accounts), now),
            validation: self.store.report(id).await.map_err(storage)?,
            revision: stored.revision,
            rollout,
            verdict,
            accounts,
            shadow,
            now,
        })
    }

    /// The last verdict journalled, and what it rested on.
    async fn judged_last(&self, id: RolloutId) -> Result<(Option<Verdict>, Vec<Account>), Error> {
        let Some(last) = past::last(&self.store, id, past::ROWS_MAX).await.map_err(storage)? else {
            return Ok((None, Vec::new()));
        };
        let planned = past::planned(&self.store, id).await.map_err(storage)?;
        let accounts = last.accounts(&planned);
        Ok((last.verdict, accounts))
    }
}

/// The verdict of this moment outside the looks, and what it rests on.
fn judged_now(
    rollout: &Rollout,
    (subject, evidence): (Subject, &Evidence),
    now: Timestamp,
) -> Result<(Verdict, Vec<Account>), Error> {
    let judge = Judge::new(&rollout.plan).map_err(storage)?;
    let accounts = judge.accounts(subject, evidence, Some(rollout.under_way(now)));
    Ok((judge.look(subject, evidence), accounts))
}

/// What can't be read is told by the verdict; everything else is still shown.
fn unreadable(error: Fault) -> Result<Evidence, Error> {
    match error {
        Fault::Corrupt { .. } => Ok(Evidence::default()),
        Fault::Full(_) | Fault::Busy(_) | Fault::Sql(_) => Err(storage(error)),
    }
}

fn summary(
    rollout: &Rollout,
    (verdict, accounts): (Option<&Verdict>, &[Account]),
    now: Timestamp,
) -> String {
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
    if rollout.stage == Stage::Queued {
        return queued(rollout, now);
    }
    match verdict.and_then(slowest) {
        Some((check, units)) => {
            let account = accounts.iter().find(|account| account.check == check);
            let time = account.and_then(Account::time_needed);
            let time = time.map(|time| format!(", {time}")).unwrap_or_default();
            let what = if rollout.stage == Stage::Shadow { "pairs" } else { "units" };
            format!("{stage}: {check} needs about {units} more {what}{time}")
        }
        None => stage.to_string(),
    }
}

/// A freeze of the start leaves no other trace: what is queued has no overlay.
fn queued(rollout: &Rollout, now: Timestamp) -> String {
    // The way back is never frozen.
    let start = Some(Blocks::Start).filter(|_| rollout.plan.kind != Kind::Restore);
    match start.and_then(|start| rollout.plan.blocked(start, now)) {
        Some(Freeze { until: Some(until), why, .. }) => {
            format!("queued, frozen until {until}: {why}")
        }
        Some(Freeze { until: None, why, .. }) => format!("queued, frozen without an end: {why}"),
        None => "queued: waits for its turn".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::rollout::{Bootstrap, New};
    use seatrial_domain::split::Salt;
    use seatrial_domain::{Digest, EndpointName, ModelName, VersionNumber, VersionRef};
    use seatrial_domain::{endpoint, policy};

    fn queued_under(windows: &str) -> Rollout {
        let yaml = format!(
            "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: p}}\n\
             spec: {{endpoint: digits, windows: [{windows}]}}\n"
        );
        let endpoint = EndpointName::new("digits").unwrap();
        let policy = policy::parse(&yaml).unwrap_or_else(|fault| panic!("{fault}"));
        let model = ModelName::new("digits").unwrap();
        let (number, digest) = (VersionNumber(1), Digest::of(b"1"));
        let new = New {
            id: RolloutId(1),
            attempt: 1,
            candidate: VersionRef { model: model.clone(), number, digest },
            plan: policy.plan(Kind::Promote, &endpoint).unwrap(),
            endpoint,
            salt: Salt(7),
            settings: endpoint::Settings::of(model),
            bootstrap: Bootstrap::Ask,
        };
        Rollout::new(new, Timestamp::from_micros(0))
    }

    #[test]
    fn a_frozen_start_says_until_when() {
        // Midnight of a Thursday.
        let now = Timestamp::from_micros(0);
        let window = |schedule, blocks| {
            format!("{{kind: deny, schedule: '{schedule}', duration: 2h, blocks: [{blocks}]}}")
        };
        let told = |windows: &str| summary(&queued_under(windows), (None, &[]), now);
        let frozen = told(&window("0 0 * * *", "start"));
        assert!(
            frozen.starts_with("queued, frozen until 1970-01-01T02:00:00.000Z: denied"),
            "{frozen}"
        );
        for free in [window("0 1 * * *", "start"), window("0 0 * * *", "advance")] {
            assert_eq!(told(&free), "queued: waits for its turn", "{free}");
        }
    }
}
