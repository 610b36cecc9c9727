//! Where the times lie at which stages are left, of rollouts some of which never leave them.

use crate::simulate::ended::{Cause, Ended, Outcome, Visit};
use crate::simulate::summary::Part;
use std::time::Duration;

/// Times in seconds since something: a part of the rollouts took at most so long; none: the part that
/// came to an end is smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct When {
    /// A tenth.
    pub p10: Option<u64>,
    /// Half.
    pub median: Option<u64>,
    /// Nine tenths.
    pub p90: Option<u64>,
}

/// How long one stage took.
#[derive(Debug, Clone, PartialEq)]
pub struct Stay {
    /// `shadow`, `canary`, `ramp(1)`, …
    pub stage: String,
    /// From its beginning to the next stage's.
    pub time: When,
    /// Of the rollouts that came to it, those that left it before its deadline; none where nobody came.
    pub in_time: Option<Part>,
}

/// How long all took.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    /// Every stage that has a deadline, in order.
    pub stages: Vec<Stay>,
    /// From the shadow's beginning to cutover, and before it as long as a freeze kept it from starting.
    pub to_cutover: When,
}

impl When {
    /// Of these times, and so many rollouts more that did not come to an end.
    fn of(mut times: Vec<u64>, endless: usize) -> Self {
        times.sort_unstable();
        let all = times.len() + endless;
        let tenth = |tenths: usize| times.get((all * tenths).div_ceil(10).max(1) - 1).copied();
        Self { p10: tenth(1), median: tenth(5), p90: tenth(9) }
    }

    /// So much later.
    #[must_use]
    pub fn after(self, more: Duration) -> Self {
        let later = |time: Option<u64>| time.map(|time| time.saturating_add(more.as_secs()));
        Self { p10: later(self.p10), median: later(self.median), p90: later(self.p90) }
    }
}

impl Times {
    pub(super) fn of(deadlines: &[(String, Duration)], runs: &[Ended]) -> Self {
        let stay = |(stage, deadline): &(String, Duration)| {
            let stayed: Vec<_> =
                runs.iter().filter_map(|run| between(run, (stage, Until::Next))).collect();
            let times: Vec<u64> = stayed.iter().copied().flatten().collect();
            let in_time = |run: &&Ended| {
                let took = between(run, (stage, Until::Next)).flatten();
                took.is_some_and(|took| took - frozen(run, stage) <= deadline.as_secs())
            };
            let early = runs.iter().filter(in_time).count();
            let endless = stayed.len() - times.len();
            let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            let came = (!stayed.is_empty()).then_some(count(stayed.len()));
            let in_time = came.map(|came| Part::of(count(early), came));
            Stay { stage: stage.clone(), time: When::of(times, endless), in_time }
        };
        let to_cutover = |run: &Ended| {
            let started = run.stages.iter().find(|visit| visit.stage != "queued");
            let frozen = started.map_or(0, |visit| visit.at);
            let took = between(run, ("shadow", Until::Cutover))?;
            Some(took.map(|took| took + frozen))
        };
        let all: Vec<_> = runs.iter().filter_map(to_cutover).collect();
        let times: Vec<u64> = all.iter().copied().flatten().collect();
        let endless = all.len() - times.len();
        let to_cutover = When::of(times, endless);
        Self { stages: deadlines.iter().map(stay).collect(), to_cutover }
    }
}

/// The end of a time.
#[derive(Debug, Clone, Copy)]
enum Until {
    Next,
    Cutover,
}

/// For how long a freeze held this stage.
fn frozen(run: &Ended, stage: &str) -> u64 {
    run.stages.iter().find(|visit| visit.stage == stage).map_or(0, |visit| visit.frozen)
}

/// How long a run took from this stage's beginning: none within for one that was still undecided at the
/// end, none at all for one that did not come to it, or was sent back.
fn between(run: &Ended, (stage, until): (&str, Until)) -> Option<Option<u64>> {
    let at = run.stages.iter().position(|visit| visit.stage == stage)?;
    let since = run.stages.get(at)?.at;
    let later = run.stages.get(at + 1..)?;
    let end = match until {
        Until::Next => later.first().filter(|visit| visit.stage != "rolling_back"),
        Until::Cutover => later.iter().find(|visit| visit.stage == "cutover"),
    };
    match end {
        Some(Visit { at, .. }) => Some(Some(at - since)),
        None => undecided(&run.outcome).then_some(None),
    }
}

fn undecided(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Running(_) | Outcome::Paused(Cause::Deadline) => true,
        Outcome::Completed
        | Outcome::RolledBack(_)
        | Outcome::Rejected(_)
        | Outcome::Paused(
            Cause::Check(_) | Cause::Guardrail(_) | Cause::SampleRatio | Cause::Other(_),
        ) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_never_ends_moves_every_tenth() {
        let times = || (1..=10).rev().collect::<Vec<u64>>();
        let ended = When { p10: Some(1), median: Some(5), p90: Some(9) };
        assert_eq!(When::of(times(), 0), ended);
        assert_eq!(When::of(times(), 8), When { p10: Some(2), median: Some(9), p90: None });
        assert_eq!(When::of(Vec::new(), 0), When::default());
    }
}
