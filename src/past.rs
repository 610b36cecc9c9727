//! The verdicts in a rollout's journal, each with what it rested on, and whether it derives again.
//! Reads the journal alone: neither the rollout's state nor its counters have a say.

mod replay;

pub use replay::{DIFFERENCES_MAX, Outcome, Replayed};

use seatrial_domain::grounds::{self, Grounds};
use seatrial_domain::judge::Judge;
use seatrial_domain::plan::Plan;
use seatrial_domain::replay::Replay;
use seatrial_domain::rollout::Cause;
use seatrial_domain::telemetry::Trip;
use seatrial_domain::verdict::{Account, Trust, Verdict};
use seatrial_domain::{PlanHash, RolloutId};
use seatrial_store::journal::{Filter, Row};
use seatrial_store::page::{Page, Request};
use seatrial_store::{Store, storage};

/// The row that starts a rollout, by its event.
const TURN: &str = "turn";
/// The rows that a look at the evidence makes.
const JUDGED: &str = "judged";

/// The most journal rows read at once where verdicts are wanted: each may hold
/// [`Grounds::BYTES_MAX`].
pub const ROWS_MAX: u32 = 32;

/// A journalled verdict.
#[derive(Debug, Clone)]
pub struct Past {
    pub row: Row,
    /// None where its row tells none: written by a version before this was recorded.
    pub verdict: Option<Verdict>,
    /// What it rested on, as far as the row tells.
    look: Result<Option<grounds::Look>, String>,
}

/// The plan by which a rollout's verdicts were reached, as its journal tells it.
#[derive(Debug)]
pub enum Planned {
    Recorded {
        replay: Box<Replay>,
        hash: PlanHash,
    },
    /// No row tells it: the rollout began under a version before this was recorded.
    Missing,
    /// A row tells one, and it is not what it was.
    Forged {
        recorded: PlanHash,
        why: String,
    },
    /// A row tells one that has its hash, and this version can't judge by it: another one's.
    Unreadable {
        why: String,
    },
}

/// The plan in the row that started the rollout.
pub async fn planned(store: &Store, id: RolloutId) -> Result<Planned, storage::Error> {
    let filter = Filter { rollout: Some(id), ..Filter::default() };
    let mut page = Request::first(ROWS_MAX);
    loop {
        let rows = store.journal(&filter, &page).await?;
        if let Some(row) = rows.items.iter().find(|row| row.event == TURN) {
            return Ok(Planned::of(row));
        }
        match rows.next {
            Some(seq) => page = Request::after(seq, ROWS_MAX),
            None => return Ok(Planned::Missing),
        }
    }
}

/// A page of the rollout's verdicts, the earliest first: those among so many of its rows, at most
/// [`ROWS_MAX`].
pub async fn verdicts(
    store: &Store,
    id: RolloutId,
    page: &Request<u64>,
) -> Result<Page<Past, u64>, storage::Error> {
    let filter = Filter { rollout: Some(id), ..Filter::default() };
    let page = Request { after: page.after, limit: page.limit.min(ROWS_MAX) };
    let rows = store.journal(&filter, &page).await?;
    Ok(Page { items: rows.items.into_iter().filter_map(Past::of).collect(), next: rows.next })
}

/// The rollout's last verdict, if it ever had one; looked for so many rows at once.
pub async fn last(
    store: &Store,
    id: RolloutId,
    rows_at_once: u32,
) -> Result<Option<Past>, storage::Error> {
    let (mut page, mut last) = (Request::first(rows_at_once), None);
    loop {
        let found = verdicts(store, id, &page).await?;
        last = found.items.into_iter().rfind(|past| past.verdict.is_some()).or(last);
        match found.next {
            Some(seq) => page = Request::after(seq, rows_at_once),
            None => return Ok(last),
        }
    }
}

/// The rollout's last trip of a guardrail, if there was one; looked for so many rows at once.
pub async fn last_trip(
    store: &Store,
    id: RolloutId,
    rows_at_once: u32,
) -> Result<Option<Trip>, storage::Error> {
    let filter = Filter { rollout: Some(id), ..Filter::default() };
    let (mut page, mut last) = (Request::first(rows_at_once), None);
    loop {
        let rows = store.journal(&filter, &page).await?;
        let trip = |row: Row| match row.cause {
            Cause::Guardrail { trip } => Some(*trip),
            Cause::Said { .. } | Cause::Verdict { .. } => None,
        };
        last = rows.items.into_iter().rev().find_map(trip).or(last);
        match rows.next {
            Some(seq) => page = Request::after(seq, rows_at_once),
            None => return Ok(last),
        }
    }
}

impl Planned {
    pub(crate) fn of(row: &Row) -> Self {
        let Some(hash) = &row.plan_hash else { return Self::Missing };
        let grounds = match grounds_of(row) {
            Ok(Some(grounds)) => grounds,
            Ok(None) => return Self::Missing,
            Err(why) => return Self::Unreadable { why },
        };
        let plan: Plan = match grounds.plan(hash) {
            Ok(Some(plan)) => plan,
            Ok(None) => return Self::Missing,
            Err(fault @ grounds::Error::Hash { .. }) => {
                return Self::Forged { recorded: hash.clone(), why: fault.to_string() };
            }
            Err(fault @ grounds::Error::Unreadable(_)) => {
                return Self::Unreadable { why: fault.to_string() };
            }
        };
        match Replay::new(&plan) {
            Ok(replay) => Self::Recorded { replay: Box::new(replay), hash: hash.clone() },
            Err(fault) => Self::Unreadable { why: format!("the plan makes no tests: {fault}") },
        }
    }
}

impl Past {
    /// None for rows that no look has made.
    pub(crate) fn of(row: Row) -> Option<Self> {
        let (look, told) = match grounds_of(&row) {
            Ok(Some(grounds)) => (Ok(grounds.look), grounds.verdict),
            Ok(None) => (Ok(None), None),
            Err(fault) => (Err(fault), None),
        };
        let verdict = match &row.cause {
            Cause::Verdict { verdict } => Some(verdict.as_ref().clone()),
            Cause::Said { .. } | Cause::Guardrail { .. } => told.map(|verdict| *verdict),
        };
        let is_one = row.event == JUDGED || verdict.is_some();
        is_one.then_some(Self { row, verdict, look })
    }

    /// What its checks rested on, as `explain` tells it of a present verdict; empty where the journal
    /// does not tell enough.
    pub fn accounts(&self, planned: &Planned) -> Vec<Account> {
        let told = |(judge, look): (&Judge, &grounds::Look)| {
            judge.accounts(look.of, &look.evidence, look.under_way())
        };
        self.judged(planned).map(told).unwrap_or_default()
    }

    /// Whether what they rested on could be trusted; as [`Past::accounts`].
    pub fn trust(&self, planned: &Planned) -> Trust {
        let told = |(judge, look): (&Judge, &grounds::Look)| judge.trust(look.of, &look.evidence);
        self.judged(planned).map(told).unwrap_or_default()
    }

    fn judged<'a>(&'a self, planned: &'a Planned) -> Option<(&'a Judge, &'a grounds::Look)> {
        match (planned, &self.look) {
            (Planned::Recorded { replay, .. }, Ok(Some(look))) => Some((replay.judge(), look)),
            (
                Planned::Recorded { .. }
                | Planned::Missing
                | Planned::Forged { .. }
                | Planned::Unreadable { .. },
                _,
            ) => None,
        }
    }
}

/// Errors: what is there and can't be read.
fn grounds_of(row: &Row) -> Result<Option<Grounds>, String> {
    let Some(value) = &row.evidence else { return Ok(None) };
    serde_json::from_value(value.clone()).map(Some).map_err(|fault| fault.to_string())
}
