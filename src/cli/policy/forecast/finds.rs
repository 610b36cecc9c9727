//! The smallest degradation that each check finds before its gate ends, by simulated gates.

use crate::cli::exit::usage;
use crate::cli::progress::{Progress, Tell};
use crate::cli::table::{self, or_dash};
use crate::tasks;
use seatrial_domain::plan::{Check, Gate, Plan, Rule};
use seatrial_sim::simulate::detectable::{Detectable, Endpoint, Measure, detectable};
use std::collections::BTreeMap;

/// By gate in the plan's order and by check; none where it can't be told.
#[derive(Debug, Default)]
pub(super) struct Finds(BTreeMap<(usize, String), Found>);

/// What one check finds; without, what would tell it.
#[derive(Debug)]
enum Found {
    Told(Detectable),
    Unknown(&'static str),
}

/// Why nothing is told of what a check finds.
const fn unknown(rule: &Rule) -> &'static str {
    match rule {
        Rule::Latency { .. } => "latency factor: give --latency",
        Rule::Kpi { .. } => "loss of the mean: give --kpi",
        Rule::Drift { .. } => "how else answers may be spread is not told",
        Rule::Errors { .. } | Rule::Feedback { .. } => "unknown",
    }
}

impl Finds {
    pub(super) fn of(plan: &Plan, endpoint: &Endpoint, tell: Tell<'_>) -> anyhow::Result<Self> {
        let questions: Vec<(usize, &Gate, &Check)> = plan
            .gates
            .iter()
            .enumerate()
            .flat_map(|(index, gate)| gate.checks.iter().map(move |check| (index, gate, check)))
            .collect();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let count = u64::try_from(questions.len()).unwrap_or(u64::MAX);
        let progress = Progress::begin("what each check of each gate finds", count, tell);
        let answers = tasks::in_parallel(cores, count, |at| {
            let (_, gate, check) = usize::try_from(at).ok().and_then(|at| questions.get(at))?;
            let answer = detectable(plan, gate, check, endpoint);
            progress.step();
            Some(answer)
        });
        let mut finds = BTreeMap::new();
        for ((index, _, check), answer) in questions.iter().zip(answers.into_iter().flatten()) {
            let answer = answer.map_err(|error| usage(error.to_string()))?;
            let found = answer.map_or_else(|| Found::Unknown(unknown(&check.rule)), Found::Told);
            finds.insert((*index, check.name.clone()), found);
        }
        Ok(Self(finds))
    }

    pub(super) fn json(&self, gate: usize, check: &str) -> serde_json::Value {
        match self.0.get(&(gate, check.to_owned())) {
            Some(Found::Told(found)) => serde_json::json!({
                "measure": word(found.measure),
                "incumbent": found.from,
                "at_80": found.at_80,
                "at_90": found.at_90,
            }),
            Some(Found::Unknown(why)) => serde_json::json!({ "unknown": why }),
            None => serde_json::Value::Null,
        }
    }

    /// A row for each check of each gate.
    pub(super) fn table(&self, stage: impl Fn(usize) -> String) -> String {
        let row = |((gate, check), found): (&(usize, String), &Found)| match found {
            Found::Told(found) => {
                let of = |value: Option<f64>| or_dash(value.map(|it| shown(found.measure, it)));
                let from = shown(found.measure, found.from);
                let what = word(found.measure).replace('_', " ");
                [stage(*gate), check.clone(), what, from, of(found.at_80), of(found.at_90)]
            }
            Found::Unknown(why) => {
                let unknown = || "unknown".to_owned();
                [
                    stage(*gate),
                    check.clone(),
                    (*why).to_owned(),
                    "-".to_owned(),
                    unknown(),
                    unknown(),
                ]
            }
        };
        let rows: Vec<_> = self.0.iter().map(row).collect();
        let headings = ["stage", "check", "finds before its end", "incumbent", "80 %", "90 %"];
        table::render(headings, &rows)
    }
}

const fn word(measure: Measure) -> &'static str {
    match measure {
        Measure::ErrorRate => "error_rate",
        Measure::BadLabels => "bad_labels",
        Measure::OverLimit => "over_the_limit",
        Measure::Factor => "latency_factor",
        Measure::Worse => "mean_worse_by",
    }
}

/// To three digits.
fn shown(measure: Measure, value: f64) -> String {
    let digits = |value: f64| {
        let before = if value > 0.0 { value.log10().floor() } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "a handful of digits")]
        #[expect(clippy::cast_sign_loss, reason = "clamped")]
        let decimals = (2.0 - before).clamp(0.0, 6.0) as usize;
        let text = format!("{value:.decimals$}");
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        }
    };
    match measure {
        Measure::Factor => format!("x{}", digits(value)),
        Measure::ErrorRate | Measure::BadLabels | Measure::OverLimit | Measure::Worse => {
            format!("{} %", digits(100.0 * value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_to_three_digits() {
        let rate = |value| shown(Measure::ErrorRate, value);
        assert_eq!(
            [0.0, 0.005, 0.006_243, 0.5, 1.0].map(rate),
            ["0 %", "0.5 %", "0.624 %", "50 %", "100 %"]
        );
        assert_eq!(shown(Measure::Factor, 1.034_5), "x1.03");
    }
}
