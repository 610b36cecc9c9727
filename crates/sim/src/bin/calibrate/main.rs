//! `calibrate`: any cell of the calibration from the command line, and the published table.
//!
//! Owns arguments, threads, files and printing; the library plays the runs. Every run is a function
//! of the seed and its number, and endings are put in that order, so that no result depends on the
//! number of threads.

mod arguments;
mod page;
mod parallel;
mod table;

use arguments::{Arguments, Command, Output, Table};
use clap::Parser;
use seatrial_sim::calibrate::{Cell, Method, Prepared, Summary};
use serde_json::{Map, Value};
use std::io::{self, Write};
use std::process::ExitCode;

/// A cell that can't be played is a question wrongly put.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let command = Command::parse();
    let done = match (&command.table, &command.cell) {
        (Some(table), _) => publish(table),
        (None, Some(cell)) => run(cell),
        (None, None) => Ok(()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nothing is left to tell it to if this fails too.
            drop(writeln!(io::stderr(), "calibrate: {why}"));
            ExitCode::from(USAGE)
        }
    }
}

/// Plays the table, whole or in part.
fn publish(table: &Table) -> Result<(), Box<dyn std::error::Error>> {
    let Table::Table { write, check, runs, only } = table;
    if let Some(path) = check {
        return Ok(page::check(&std::fs::read_to_string(path)?)?);
    }
    let text = table::all(*runs, only.as_deref().unwrap_or_default())?;
    match write {
        Some(path) => std::fs::write(path, page::filled(&std::fs::read_to_string(path)?, &text)?)?,
        None => write!(io::stdout(), "{text}")?,
    }
    Ok(())
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(why) = arguments.refused() {
        return Err(why.into());
    }
    for unused in arguments.unused() {
        writeln!(io::stderr(), "calibrate: {unused}, so it is not used")?;
    }
    let cell = arguments.cell();
    let prepared = Prepared::new(&cell)?;
    let endings = parallel::play(&prepared, arguments.runs);
    let summaries: Vec<(Method, Summary)> = cell
        .methods
        .iter()
        .map(|method| (*method, Summary::of(&prepared, *method, &endings)))
        .collect();
    let text = match arguments.output {
        Output::Json => json(&summaries)?,
        Output::Table => table(&cell, &prepared, &summaries),
    };
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}

/// One object for one method; of several, one each under its name.
fn json(summaries: &[(Method, Summary)]) -> serde_json::Result<String> {
    if let [(_, summary)] = summaries {
        return serde_json::to_string_pretty(summary);
    }
    let named = |(method, summary): &(Method, Summary)| {
        Ok((method.name().to_owned(), serde_json::to_value(summary)?))
    };
    let all: Map<String, Value> = summaries.iter().map(named).collect::<serde_json::Result<_>>()?;
    serde_json::to_string_pretty(&all)
}

fn table(cell: &Cell, prepared: &Prepared, summaries: &[(Method, Summary)]) -> String {
    let known = |units: Option<f64>| units.map_or("-".to_owned(), |units| format!("{units:.0}"));
    let mut lines = vec![format!(
        "{:<13} {:>9} {:>7} {:>16} {:>12} {:>12} {:>12} {:>6}",
        "method", "decided", "rate", "95 %", "mean units", "median", "candidate's", "/ KL"
    )];
    for (method, it) in summaries {
        let over = it.over_kl.map_or("-".to_owned(), |over| format!("{over:.2}"));
        lines.push(format!(
            "{:<13} {:>9} {:>7.4} {:>7.4}..{:<7.4} {:>12.0} {:>12.0} {:>12.0} {over:>6}",
            method.name(),
            it.rolled_back,
            it.rate,
            it.lower_95,
            it.upper_95,
            it.mean_units,
            it.median_units,
            it.mean_candidate_units,
        ));
    }
    lines.push(format!(
        "limit of information {} units, fixed horizon of 90 % power {} units, alpha {}",
        known(prepared.kl_units()),
        known(prepared.fixed_horizon()),
        cell.alpha
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(flags: &str) -> Value {
        let arguments = Command::of_flags(flags).unwrap();
        let cell = arguments.cell();
        let prepared = Prepared::new(&cell).unwrap();
        let endings = parallel::play(&prepared, arguments.runs);
        let of = |method: &Method| (*method, Summary::of(&prepared, *method, &endings));
        let summaries: Vec<_> = cell.methods.iter().map(of).collect();
        serde_json::from_str(&json(&summaries).unwrap()).unwrap()
    }

    const KEYS: [&str; 10] = [
        "runs",
        "rolled_back",
        "rate",
        "lower_95",
        "upper_95",
        "mean_units",
        "median_units",
        "mean_candidate_units",
        "kl_units",
        "over_kl",
    ];

    #[test]
    fn the_result_is_one_object_with_the_published_keys() {
        let mut published = KEYS;
        published.sort_unstable();
        for flags in [
            "--metric errors --base 0.1 --effect 3.0 --share 5",
            "--metric errors --base 0.1 --effect 3.0 --share 5 --late 1000 --onset 500",
            "--metric latency --limit 1.2 --effect 2.4 --share 5",
            "--metric latency --limit 10 --healthy limit --share 5",
            "--metric drift --effect 0.3 --share 5",
        ] {
            let found = printed(&format!("{flags} --runs 50 --seed 1"));
            let mut keys: Vec<&String> = found.as_object().unwrap().keys().collect();
            keys.sort();
            assert_eq!(keys, published, "{flags}");
            let decided = (found["runs"].as_u64(), found["rolled_back"].as_u64());
            assert_eq!(decided, (Some(50), Some(50)), "{flags}");
            assert!(found["over_kl"].as_f64().unwrap() > 1.0, "{flags}");
        }
    }

    /// The whole line, with an effect that the metric can have.
    #[test]
    fn one_line_plays_every_metric() {
        for (metric, effect) in [
            ("errors", "2.0"),
            ("latency", "2.0"),
            ("kpi", "2.0"),
            ("feedback", "0.2"),
            ("pairs", "0.2"),
            ("srm", "2.0"),
        ] {
            for shape in ["", "--shape lognormal"] {
                let flags = format!(
                    "--metric {metric} --base 0.005 --effect {effect} --share 5 --alpha 0.05 --max-units 2000 --runs 5 --seed 1 -o json {shape}"
                );
                assert_eq!(printed(&flags).as_object().unwrap().len(), KEYS.len(), "{flags}");
            }
        }
    }

    #[test]
    fn without_an_effect_there_is_no_limit() {
        for flags in [
            "--metric errors --effect 1 --max-units 1000 --runs 5",
            "--metric feedback --effect 0 --max-units 1000 --runs 5",
            "--metric kpi --effect 1 --max-units 1000 --runs 5",
            "--metric pairs --effect 0 --max-units 1000 --runs 5",
            "--metric srm --effect 0 --max-units 1000 --runs 5",
            "--metric drift --effect 0 --max-units 1000 --runs 5",
            "--metric latency --limit 1.2 --max-units 1000 --runs 5",
        ] {
            let alike = printed(flags);
            assert!(alike["kl_units"].is_null() && alike["over_kl"].is_null(), "{flags}");
        }
    }

    #[test]
    fn rules_side_by_side_are_named() {
        let both = printed("--metric errors --max-units 5000 --runs 5 --method e-process,z-test");
        assert!(both["e-process"]["rate"].is_number() && both["z-test"]["rate"].is_number());
    }

    #[test]
    fn shares_and_effects_are_read_as_written() {
        let cell =
            Command::of_flags("--metric feedback --effect -0.02 --gates 1,5,25,50").unwrap().cell();
        assert_eq!(cell.shares, [0.01, 0.05, 0.25, 0.5]);
        assert!((cell.effect + 0.02).abs() < 1e-12);
        for wrong in ["--base 0.1", "--metric nothing"] {
            assert!(Command::of_flags(wrong).is_err(), "{wrong}");
        }
    }

    /// They are added to a command line that has a share.
    #[test]
    fn gates_override_the_share() {
        let one = "--metric errors --base 0.005 --effect 2.0 --share 5 --alpha 0.05 --max-units 1000000 --runs 10000 --seed 1 -o json";
        let cell = |flags: &str| Command::of_flags(flags).unwrap().cell();
        let whole = Cell { shares: vec![0.01, 0.05, 0.25, 0.5], ..cell(one) };
        assert_eq!(cell(one).shares, [0.05]);
        assert_eq!(cell(&format!("{one} --gates 1,5,25,50")), whole);
        assert_eq!(cell(&format!("--gates 1,5,25,50 {one}")), whole);
    }
}
