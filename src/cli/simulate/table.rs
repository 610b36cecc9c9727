//! A simulation's result for people.

use super::met::Met;
use super::{Told, rollouts};
use crate::cli::policy::human_span;
use crate::cli::table;
use seatrial_sim::simulate::summary::{Ending, Part, Spread, Stay};
use std::time::Duration;

pub(super) fn text(told: &Told) -> String {
    let summary = &told.summary;
    let rows: Vec<_> = summary.endings.iter().map(ending).collect();
    let headings = ["outcome", "by", "probability", "time", "units exposed", "requests harmed"];
    let stays: Vec<_> = summary.stages.iter().map(stay).collect();
    let statistics = match summary.harmless {
        true => "false rollbacks by the statistics",
        false => "rollbacks by the statistics",
    };
    let met: Vec<_> = told.incidents.iter().map(Met::in_words).collect();
    let mut facts = vec![
        (statistics, part(&summary.rolled_back_by_statistics)),
        ("guardrails tripped", part(&summary.guardrail_trips)),
        ("units exposed", spread(&summary.units)),
        ("requests harmed", spread(&summary.harmed)),
    ];
    facts.extend(met.iter().map(|(incident, who)| (incident.as_str(), who.clone())));
    format!(
        "{} for {}  {}\n{} of up to {}, seed {}\n\n{}\n\n{}\n\n{}\n{}",
        told.policy,
        told.endpoint,
        told.plan_hash,
        rollouts(summary.runs),
        human_span(Duration::from_secs(told.span_s)),
        told.seed,
        table::render(headings, &rows),
        table::render(["stage", "reached by", "time in it"], &stays),
        table::facts(&facts),
        "times and counts: the median, its 95 % interval, and in brackets the middle 80 %",
    )
}

fn ending(ending: &Ending) -> [String; 6] {
    [
        ending.outcome.to_owned(),
        ending.by.clone().unwrap_or_default(),
        part(&ending.part),
        time(&ending.seconds),
        spread(&ending.units),
        spread(&ending.harmed),
    ]
}

fn stay(stay: &Stay) -> [String; 3] {
    let left = stay.seconds.as_ref().map_or_else(|| "not left".to_owned(), time);
    [stay.stage.clone(), part(&stay.part), left]
}

/// `0.7 % (0.3 to 1.4)`.
pub(super) fn part(part: &Part) -> String {
    let percent = |value: f64| format!("{:.1}", 100.0 * value);
    let (low, high) = (percent(part.lower_95), percent(part.upper_95));
    format!("{} % ({low} to {high})", percent(part.probability))
}

fn spread(spread: &Spread) -> String {
    shown(spread, |value| format!("{value:.0}"))
}

fn time(spread: &Spread) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a rollout")]
    #[expect(clippy::cast_sign_loss, reason = "times are positive")]
    let span = |seconds: f64| human_span(Duration::from_secs(seconds as u64));
    shown(spread, span)
}

/// The median, its interval where there is one that is wider, and the middle of the values where they
/// differ.
pub(super) fn shown(spread: &Spread, value: impl Fn(f64) -> String) -> String {
    let median = value(spread.median);
    let interval = spread.median_lower_95.zip(spread.median_upper_95);
    let interval = interval.map(|(low, high)| (value(low), value(high)));
    let interval = interval.filter(|(low, high)| low != high);
    let interval = interval.map_or_else(String::new, |(low, high)| format!(" ({low} to {high})"));
    let (p10, p90) = (value(spread.p10), value(spread.p90));
    let middle = if p10 == p90 { String::new() } else { format!(" [{p10} to {p90}]") };
    format!("{median}{interval}{middle}")
}
