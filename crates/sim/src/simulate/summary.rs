//! What many runs amount to: how probable each ending is, when it comes and what it costs, with the
//! error of having played so many.
//!
//! Probabilities have exact intervals (Clopper & Pearson); medians have intervals of order statistics,
//! which hold for any distribution.

use super::ended::{Cause, Ended, Outcome};
use crate::calibrate::clopper_pearson;
use serde::Serialize;
use std::collections::BTreeMap;

/// Half of what a 95 % interval leaves out.
const TAIL: f64 = 0.025;

/// A part of all runs, with an exact 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Part {
    /// Runs.
    pub runs: u64,
    /// Of all.
    pub probability: f64,
    /// The interval's ends.
    pub lower_95: f64,
    /// The interval's ends.
    pub upper_95: f64,
}

/// Where values lie: tenths, the middle with its 95 % interval, and the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// A tenth is at most this.
    pub p10: f64,
    /// Half is at most this.
    pub median: f64,
    /// The median's interval; none of fewer than six values, the least and largest of which hold it
    /// less often.
    pub median_lower_95: Option<f64>,
    /// The median's interval.
    pub median_upper_95: Option<f64>,
    /// Nine tenths are at most this.
    pub p90: f64,
    /// The average.
    pub mean: f64,
}

/// One way to end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ending {
    /// `completed`, `rolled_back`, `rejected`, `paused` or `running`.
    pub outcome: &'static str,
    /// What did it; for a rollout that runs on, its stage.
    pub by: Option<String>,
    /// How probable it is.
    pub part: Part,
    /// Seconds from the start to the end.
    pub seconds: Spread,
    /// Units counted on the candidate.
    pub units: Spread,
    /// Requests the candidate answered.
    pub requests: Spread,
    /// Of these, answered badly where the incumbent would have answered well.
    pub harmed: Spread,
}

/// How long a stage took where it was left, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stay {
    /// `shadow`, `canary`, `ramp(1)`, …
    pub stage: String,
    /// Runs that came to it.
    pub part: Part,
    /// None where nobody left it.
    pub seconds: Option<Spread>,
}

/// What was assumed of the candidate, in sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It is no worse in anything.
    Harmless,
    /// It is worse in something.
    Worse,
}

/// All runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// How many were played.
    pub runs: u64,
    /// Whether the candidate is no worse in anything assumed: then every way back is a false one.
    pub harmless: bool,
    /// The endings, most frequent first.
    pub endings: Vec<Ending>,
    /// Runs that the statistics rolled back, or paused where the plan has them do that.
    pub rolled_back_by_statistics: Part,
    /// Runs in which a guardrail tripped.
    pub guardrail_trips: Part,
    /// The stages in order.
    pub stages: Vec<Stay>,
    /// Units counted on the candidate, in all runs.
    pub units: Spread,
    /// Requests the candidate answered, in all runs.
    pub requests: Spread,
    /// Requests harmed, in all runs.
    pub harmed: Spread,
    /// Looks that judged the evidence, in all runs.
    pub looks: Spread,
}

impl Part {
    /// So many of so many.
    pub fn of(runs: u64, all: u64) -> Self {
        let interval = clopper_pearson(runs, all);
        let probability = if all == 0 { 0.0 } else { float(runs) / float(all) };
        Self { runs, probability, lower_95: interval.lower, upper_95: interval.upper }
    }
}

impl Spread {
    /// None of no values.
    pub fn of(values: impl Iterator<Item = u64>) -> Option<Self> {
        let mut values: Vec<u64> = values.collect();
        values.sort_unstable();
        let count = values.len();
        let at = |rank: usize| values.get(rank.clamp(1, count.max(1)) - 1).map(|it| float(*it));
        let tenth = |tenths: usize| at((count * tenths).div_ceil(10));
        let low = median_rank(count);
        let sum: f64 = values.iter().map(|value| float(*value)).sum();
        Some(Self {
            p10: tenth(1)?,
            median: tenth(5)?,
            median_lower_95: low.and_then(at),
            median_upper_95: low.and_then(|low| at((count + 1).saturating_sub(low))),
            p90: tenth(9)?,
            mean: sum / float(u64::try_from(count).unwrap_or(u64::MAX)),
        })
    }
}

/// The rank of the lower end of the median's interval: the largest r of n for which fewer than r of
/// n fair coins show heads with probability at most 2.5 %.
fn median_rank(count: usize) -> Option<usize> {
    let n = float(u64::try_from(count).unwrap_or(u64::MAX));
    let mut below = 0.0;
    let mut log_mass = -n * std::f64::consts::LN_2;
    for heads in 0..count {
        below += log_mass.exp();
        if below > TAIL {
            return (heads > 0).then_some(heads);
        }
        let heads = float(u64::try_from(heads).unwrap_or(u64::MAX));
        log_mass += ((n - heads) / (heads + 1.0)).ln();
    }
    None
}

impl Summary {
    /// None without runs.
    pub fn of(runs: &[Ended], truth: Truth) -> Option<Self> {
        let all = count(runs.len());
        let part = |which: &dyn Fn(&Outcome) -> bool| {
            Part::of(count(runs.iter().filter(|run| which(&run.outcome)).count()), all)
        };
        let mut by_outcome: BTreeMap<&Outcome, Vec<&Ended>> = BTreeMap::new();
        for run in runs {
            by_outcome.entry(&run.outcome).or_default().push(run);
        }
        let mut endings: Vec<Ending> =
            by_outcome.iter().filter_map(|(outcome, runs)| ending(outcome, runs, all)).collect();
        endings.sort_by_key(|ending| std::cmp::Reverse(ending.part.runs));
        let spread = |value: fn(&Ended) -> u64| Spread::of(runs.iter().map(value));
        Some(Self {
            runs: all,
            harmless: truth == Truth::Harmless,
            endings,
            rolled_back_by_statistics: part(&|it| {
                matches!(
                    it,
                    Outcome::RolledBack(Cause::Check(_)) | Outcome::Paused(Cause::Check(_))
                )
            }),
            guardrail_trips: part(&|it| {
                matches!(
                    it,
                    Outcome::RolledBack(Cause::Guardrail(_)) | Outcome::Paused(Cause::Guardrail(_))
                )
            }),
            stages: stages(runs, all),
            units: spread(|run| run.exposure.units)?,
            requests: spread(|run| run.exposure.requests)?,
            harmed: spread(|run| run.exposure.harmed)?,
            looks: spread(|run| run.looks.into())?,
        })
    }
}

fn ending(outcome: &Outcome, runs: &[&Ended], all: u64) -> Option<Ending> {
    let (outcome, by) = named(outcome);
    let spread = |value: fn(&Ended) -> u64| Spread::of(runs.iter().map(|run| value(run)));
    Some(Ending {
        outcome,
        by,
        part: Part::of(count(runs.len()), all),
        seconds: spread(|run| run.seconds)?,
        units: spread(|run| run.exposure.units)?,
        requests: spread(|run| run.exposure.requests)?,
        harmed: spread(|run| run.exposure.harmed)?,
    })
}

fn named(outcome: &Outcome) -> (&'static str, Option<String>) {
    match outcome {
        Outcome::Completed => ("completed", None),
        Outcome::RolledBack(cause) => ("rolled_back", Some(by(cause))),
        Outcome::Rejected(cause) => ("rejected", Some(by(cause))),
        Outcome::Paused(cause) => ("paused", Some(by(cause))),
        Outcome::Running(stage) => ("running", Some(stage.as_str().to_owned())),
    }
}

fn by(cause: &Cause) -> String {
    match cause {
        Cause::Check(check) => format!("check {check}"),
        Cause::Guardrail(rail) => format!("guardrail {rail}"),
        Cause::SampleRatio => "sample ratio".to_owned(),
        Cause::Deadline => "deadline".to_owned(),
        Cause::Other(event) => (*event).to_owned(),
    }
}

/// Every stage that any run came to, in the order of the runs that came farthest.
fn stages(runs: &[Ended], all: u64) -> Vec<Stay> {
    let mut order: Vec<&str> = Vec::new();
    let mut stays: BTreeMap<&str, (u64, Vec<u64>)> = BTreeMap::new();
    for run in runs {
        for (index, visit) in run.stages.iter().enumerate() {
            let name = visit.stage.as_str();
            if !order.contains(&name) {
                order.push(name);
            }
            let stay = stays.entry(name).or_default();
            stay.0 += 1;
            stay.1.extend(run.stages.get(index + 1).map(|next| next.at - visit.at));
        }
    }
    let stay = |name: &str| {
        let (came, left) = stays.get(name)?;
        let (part, seconds) = (Part::of(*came, all), Spread::of(left.iter().copied()));
        Some(Stay { stage: name.to_owned(), part, seconds })
    };
    order.into_iter().filter_map(stay).collect()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_has_the_interval_of_its_order_statistics() {
        // Of ten values the second and the ninth: 97.9 % (P(fewer than 2 of 10 coins) = 0.0107).
        let spread = Spread::of(1..=10).unwrap();
        assert_eq!((spread.median_lower_95, spread.median_upper_95), (Some(2.0), Some(9.0)));
        assert_eq!((spread.p10, spread.median, spread.p90, spread.mean), (1.0, 5.0, 9.0, 5.5));
        // Of a hundred the 40th and the 61st, as in every table.
        let spread = Spread::of(1..=100).unwrap();
        assert_eq!((spread.median_lower_95, spread.median_upper_95), (Some(40.0), Some(61.0)));
        // All six are on one side of it with probability 0.031, of five 0.063.
        let six = Spread::of(1..=6).unwrap();
        assert_eq!((six.median_lower_95, six.median_upper_95), (Some(1.0), Some(6.0)));
        let five = Spread::of(1..=5).unwrap();
        assert_eq!((five.median_lower_95, five.median_upper_95, five.median), (None, None, 3.0));
        assert_eq!(Spread::of(std::iter::empty()), None);
    }

    #[test]
    fn a_part_has_its_exact_interval() {
        let part = Part::of(5, 10);
        assert!(
            (part.lower_95 - 0.187_086).abs() < 1e-6 && (part.upper_95 - 0.812_914).abs() < 1e-6
        );
    }
}
