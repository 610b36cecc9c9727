//! The report as one page: no script, nothing loaded from elsewhere, a table beside every chart.
//! Whatever comes from a policy or the command line is escaped.

mod bars;
mod lines;
mod markup;

#[cfg(test)]
mod tests;

use super::table::{part, shown};
use super::{Told, rollouts};
use crate::cli::policy::human_span;
use bars::Bar;
use lines::{Chart, Line};
use markup::{escaped, table};
use seatrial_sim::simulate::ended::Ended;
use seatrial_sim::simulate::summary::{Ending, Spread, Stay};
use std::collections::BTreeMap;
use std::time::Duration;

/// Points of one line at most: more would not be seen.
const POINTS_MAX: usize = 400;

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{max-width:60rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;margin:1rem 0}\
th,td{text-align:left;padding:.25rem .75rem;border-bottom:1px solid #8886}\
svg{width:100%;height:auto}svg text{font-size:13px;fill:currentColor}\
.a{fill:#2a78d6;stroke:#2a78d6}.b{fill:#c4453a;stroke:#c4453a}.c{fill:#5b8c2a;stroke:#5b8c2a}\
.d{fill:#9a5fc4;stroke:#9a5fc4}.e{fill:#b07d1a;stroke:#b07d1a}\
path{fill:none!important;stroke-width:1.5}.axis{stroke:currentColor;stroke-width:1}\
.bound{stroke:currentColor;stroke-dasharray:4 3}";

/// Values over time.
type Path = Vec<(f64, f64)>;

/// The colours of lines and bars, in turn.
const CLASSES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// The whole page.
pub(super) fn page(told: &Told, runs: &[Ended]) -> String {
    let title =
        escaped(&format!("{} for {}: {}", told.policy, told.endpoint, rollouts(told.summary.runs)));
    let sections = [
        assumptions(told),
        outcomes(told),
        times(told, runs),
        exposure(told, runs),
        evidence(runs),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n<p>Seed {}, plan {}. Intervals hold with 95 %.</p>\n{}</body>\n</html>\n",
        told.seed,
        escaped(&told.plan_hash.to_string()),
        sections.concat()
    )
}

fn assumptions(told: &Told) -> String {
    let row = |it: &super::Assumption| vec![it.name.to_owned(), it.value.clone()];
    let rows: Vec<_> = told.assumptions.iter().map(row).collect();
    let met = told.incidents.iter().map(|it| {
        let (incident, who) = it.in_words();
        format!("<p>{}: {}</p>\n", escaped(&incident), escaped(&who))
    });
    format!("<h2>Assumed</h2>\n{}{}", table(&["what", "value"], &rows), met.collect::<String>())
}

fn outcomes(told: &Told) -> String {
    let endings = &told.summary.endings;
    let bar = |(index, ending): (usize, &Ending)| Bar {
        label: named(ending),
        class: class(index),
        value: ending.part.probability,
        low: ending.part.lower_95,
        high: ending.part.upper_95,
    };
    let bars: Vec<_> = endings.iter().enumerate().map(bar).collect();
    let row = |ending: &Ending| {
        vec![
            named(ending),
            ending.part.runs.to_string(),
            part(&ending.part),
            shown(&ending.seconds, span),
            shown(&ending.units, whole),
            shown(&ending.harmed, whole),
        ]
    };
    let rows: Vec<_> = endings.iter().map(row).collect();
    let headings = ["outcome", "runs", "probability", "time", "units exposed", "requests harmed"];
    format!(
        "<h2>How it ends</h2>\n{}{}<p>Rolled back by the statistics: {}{}. Guardrails tripped: {}.</p>\n",
        bars::svg("Probability of each outcome", &bars),
        table(&headings, &rows),
        part(&told.summary.rolled_back_by_statistics),
        if told.summary.harmless {
            ", each of them falsely: the candidate is no worse"
        } else {
            ""
        },
        part(&told.summary.guardrail_trips),
    )
}

fn named(ending: &Ending) -> String {
    let outcome = ending.outcome.replace('_', " ");
    ending.by.as_ref().map_or_else(|| outcome.clone(), |by| format!("{outcome}: {by}"))
}

/// When rollouts end, as the part that has ended by each time, and how long each stage takes.
fn times(told: &Told, runs: &[Ended]) -> String {
    let mut ended: Vec<u64> = runs.iter().map(|run| run.seconds).collect();
    ended.sort_unstable();
    let count = float(ended.len());
    let points = ended.iter().enumerate().flat_map(|(before, at)| {
        [(hours(*at), float(before) / count), (hours(*at), float(before + 1) / count)]
    });
    let line =
        Line { label: "ended".to_owned(), class: class(0), points: thinned(points.collect()) };
    let chart =
        Chart { title: "Part of rollouts that have ended", x: "hours", y: "part", bound: None };
    let row = |stay: &Stay| {
        let left = |it: &Spread| shown(it, span);
        let time = stay.seconds.as_ref().map_or_else(|| "not left".to_owned(), left);
        vec![stay.stage.clone(), part(&stay.part), time]
    };
    let rows: Vec<_> = told.summary.stages.iter().map(row).collect();
    format!(
        "<h2>When</h2>\n{}{}",
        lines::svg(&chart, &[line]),
        table(&["stage", "reached by", "time in it"], &rows)
    )
}

/// What the candidate has answered by each time, of the runs whose looks were kept.
fn exposure(told: &Told, runs: &[Ended]) -> String {
    let of_run = |(index, run): (usize, &Ended)| Line {
        label: format!("run {}", index + 1),
        class: class(index),
        points: thinned(run.trail.iter().map(|it| (hours(it.at), up(it.requests))).collect()),
    };
    let traced = runs.iter().enumerate().filter(|(_, run)| !run.trail.is_empty());
    let all: Vec<_> = traced.map(of_run).collect();
    let title = "Requests answered by the candidate, up to the last look";
    let chart = Chart { title, x: "hours", y: "requests", bound: None };
    let rows = [
        ("units exposed", &told.summary.units),
        ("requests answered", &told.summary.requests),
        ("requests harmed", &told.summary.harmed),
    ];
    let rows =
        rows.map(|(what, spread)| vec![what.to_owned(), shown(spread, whole), whole(spread.mean)]);
    format!(
        "<h2>Whom it reaches</h2>\n{}{}<p>Harmed: failed, late or over the policy's limit, where the \
         incumbent would have answered well.</p>\n",
        lines::svg(&chart, &all),
        table(&["of all rollouts", "median", "mean"], &rows)
    )
}

/// The evidence of the first run, check by check: against the candidate, as a part of what fails it.
fn evidence(runs: &[Ended]) -> String {
    let mut charts = String::new();
    for (index, run) in runs.iter().enumerate().filter(|(_, run)| !run.trail.is_empty()) {
        let mut paths: BTreeMap<&str, Path> = BTreeMap::new();
        for seen in &run.trail {
            for reading in &seen.readings {
                let path = paths.entry(&reading.check).or_default();
                path.push((hours(seen.at), reading.fail.max(-2.0)));
            }
        }
        let line = |(colour, (check, points)): (usize, (&&str, &Path))| Line {
            label: (**check).to_owned(),
            class: class(colour),
            points: thinned(points.clone()),
        };
        let all: Vec<_> = paths.iter().enumerate().map(line).collect();
        let title = format!("Run {}: evidence against the candidate, which fails at 1", index + 1);
        let chart = Chart { title: &title, x: "hours", y: "log e", bound: Some(1.0) };
        let rows: Vec<_> =
            paths.iter().map(|(check, points)| evidence_row(check, points)).collect();
        charts += &lines::svg(&chart, &all);
        charts += &table(&["check", "looks", "largest", "last"], &rows);
    }
    format!("<h2>What the checks see</h2>\n{charts}")
}

fn evidence_row(check: &str, points: &[(f64, f64)]) -> Vec<String> {
    let largest = points.iter().map(|(_, y)| *y).fold(f64::NEG_INFINITY, f64::max);
    let last = points.last().map_or(0.0, |(_, y)| *y);
    vec![check.to_owned(), points.len().to_string(), format!("{largest:.2}"), format!("{last:.2}")]
}

/// Every n-th point and the last, so that no more are left than can be seen.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(POINTS_MAX).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.into_iter().enumerate().filter(|(at, _)| at % step == 0 || *at == last);
    kept.map(|(_, point)| point).collect()
}

fn class(index: usize) -> &'static str {
    CLASSES.iter().cycle().nth(index % CLASSES.len()).copied().unwrap_or("a")
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn span(seconds: f64) -> String {
    human_span(Duration::try_from_secs_f64(seconds.trunc()).unwrap_or_default())
}

fn hours(seconds: u64) -> f64 {
    up(seconds) / 3_600.0
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
const fn up(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
const fn float(count: usize) -> f64 {
    count as f64
}
