//! Why a rollout stands where it stands, and what it waits for.

use super::Driver;
use super::command::{Error, Explanation, Tripped};
use super::operator::storage;
use crate::{clock, past};
use seatrial_domain::evidence::Evidence;
use seatrial_domain::judge::Judge;
use seatrial_domain::looks::Subject;
use seatrial_domain::plan::{Blocks, Freeze, Kind};
use seatrial_domain::rollout::{Rollout, Stage};
use seatrial_domain::verdict::{
    Account, CheckVerdict, Decision, Enforced, Trust, Verdict, span as in_words,
};
use seatrial_domain::{RolloutId, Timestamp};
use seatrial_store::storage::Error as Fault;

impl Driver {
    /// The state of a rollout with its evidence, judged now.
    pub async fn explain(&self, id: RolloutId) -> Result<Explanation, Error> {
        let stored = self.standing(self.stored(id).await?);
        let rollout = stored.rollout;
        let evidence = self.evidence(&rollout).await;
        let now = clock::now();
        let Judged { verdict, accounts, trust } = match (Subject::of(&rollout), &evidence) {
            (Some(subject), Ok(evidence)) => judged_now(&rollout, (subject, evidence), now)?,
            (Some(_), Err(why)) => {
                let verdict = Some(Verdict::blind("evidence", why.to_string()));
                Judged { verdict, ..Judged::default() }
            }
            (None, _) => self.judged_last(id).await?,
        };
        let evidence = evidence.or_else(unreadable)?;
        let shadow = (evidence.shadow.mirror.offered > 0).then_some(evidence.shadow);
        Ok(Explanation {
            trip: self.tripped(&rollout).await?,
            summary: summary(&rollout, (verdict.as_ref(), &accounts), now),
            validation: self.store.report(id).await.map_err(storage)?,
            revision: stored.revision,
            rollout,
            verdict,
            accounts,
            trust,
            shadow,
            now,
        })
    }

    /// The last trip of a guardrail, where that may be why it stands or ended.
    async fn tripped(&self, rollout: &Rollout) -> Result<Option<Tripped>, Error> {
        if !rollout.stage.is_terminal() && rollout.paused.is_none() {
            return Ok(None);
        }
        let trip = past::last_trip(&self.store, rollout.id, past::ROWS_MAX).await;
        Ok(trip.map_err(storage)?.map(|trip| Tripped::new(rollout, trip)))
    }

    /// The last verdict journalled, and what it rested on.
    async fn judged_last(&self, id: RolloutId) -> Result<Judged, Error> {
        let Some(last) = past::last(&self.store, id, past::ROWS_MAX).await.map_err(storage)? else {
            return Ok(Judged::default());
        };
        let planned = past::planned(&self.store, id).await.map_err(storage)?;
        let (accounts, trust) = (last.accounts(&planned), last.trust(&planned));
        Ok(Judged { verdict: last.verdict, accounts, trust })
    }
}

/// A verdict and what it rests on.
#[derive(Debug, Default)]
struct Judged {
    verdict: Option<Verdict>,
    accounts: Vec<Account>,
    trust: Trust,
}

/// The verdict of this moment outside the looks, and what it rests on.
fn judged_now(
    rollout: &Rollout,
    (subject, evidence): (Subject, &Evidence),
    now: Timestamp,
) -> Result<Judged, Error> {
    let judge = Judge::new(&rollout.plan).map_err(storage)?;
    Ok(Judged {
        verdict: Some(judge.look(subject, evidence)),
        accounts: judge.accounts(subject, evidence, Some(rollout.under_way(now))),
        trust: judge.trust(subject, evidence),
    })
}

/// What can't be read is told by the verdict; everything else is still shown.
fn unreadable(error: Fault) -> Result<Evidence, Error> {
    match error {
        Fault::Corrupt { .. } => Ok(Evidence::default()),
        Fault::Full(_) | Fault::Busy(_) | Fault::Late | Fault::Closed | Fault::Sql(_) => {
            Err(storage(error))
        }
    }
}

/// One line: what it waits for, or how it ended.
pub(crate) fn summary(
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
        return format!("{stage}, paused({pause}): {why}; {}", pause.way_on());
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
        None => match verdict.filter(|verdict| verdict.decision == Decision::Pass) {
            Some(verdict) => waiting(rollout, verdict, now),
            None => stage.to_string(),
        },
    }
}

/// What a gate waits for whose checks are all healthy.
fn waiting(rollout: &Rollout, verdict: &Verdict, now: Timestamp) -> String {
    let stage = rollout.stage.name();
    let Some(gate) = rollout.gate_index().and_then(|index| rollout.gate(index)) else {
        return stage.to_string();
    };
    let units = rollout.plan.analysis.min_units.saturating_sub(verdict.units.candidate);
    let time = gate.min_duration.saturating_sub(rollout.counted(now));
    let units = (units > 0).then(|| format!("{units} more units until minUnits"));
    let time =
        (!time.is_zero()).then(|| format!("{} until minDuration", in_words(time.as_secs_f64())));
    let waits: Vec<String> = units.into_iter().chain(time).collect();
    if waits.is_empty() {
        format!("{stage}: {}", verdict.in_words())
    } else {
        format!("{stage}: {}, {}", verdict.in_words(), waits.join(", "))
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
