//! The published table: its cells as flags, and how their results are written.
//!
//! Each row names the flags that play it again, so nothing in it is typed by hand.

mod rows;

use super::arguments::Command;
use super::parallel;
use rows::{Cost, Kind, Row, SECTIONS, Section};
use seatrial_sim::calibrate::{Cell, Ending, Error as CellError, Method, Prepared, Summary};
use std::io::{self, Write};

/// A row that can't be played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("flags {flags}")]
    Flags {
        flags: &'static str,
        #[source]
        source: clap::Error,
    },
    #[error("cell {flags}")]
    Cell {
        flags: &'static str,
        #[source]
        source: CellError,
    },
}

/// Every section, with `runs` instead of the published number where given, and the rows whose flags
/// contain `only`.
pub(crate) fn all(runs: Option<u64>, only: &str) -> Result<String, Error> {
    let mut text = String::new();
    for section in SECTIONS {
        text.push_str(&format!(
            "### {}\n\n{}\n\n{}",
            section.title,
            section.says,
            head(section.kind)
        ));
        for row in section.rows.iter().filter(|row| row.flags.contains(only)) {
            let row = played(section.kind, row, runs)?;
            // Progress, for whoever waits; nothing depends on it.
            drop(write!(io::stderr(), "{row}"));
            text.push_str(&row);
        }
        text.push('\n');
    }
    Ok(text)
}

/// The rows of the quick cells, as published.
pub(crate) fn quick() -> Result<Vec<String>, Error> {
    let quick = |section: &'static Section| {
        let rows = section.rows.iter().filter(|row| row.cost == Cost::Quick);
        rows.map(|row| played(section.kind, row, None))
    };
    SECTIONS.iter().flat_map(quick).collect()
}

/// How each row begins.
pub(crate) fn beginnings() -> impl Iterator<Item = String> {
    SECTIONS.iter().flat_map(|section| section.rows.iter().map(beginning))
}

fn beginning(row: &Row) -> String {
    format!("| {} | `{}` |", row.says, row.flags)
}

fn head(kind: Kind) -> &'static str {
    match kind {
        Kind::SideBySide => {
            "| cell | flags | e-process | its upper 95 % | repeated test | 3 of 5 windows | Mann–Whitney judge |\n|---|---|---|---|---|---|---|\n"
        }
        Kind::Rate => "| cell | flags | decided | its upper 95 % |\n|---|---|---|---|\n",
        Kind::Detection => {
            "| cell | flags | e-process | repeated test | 3 of 5 windows | Mann–Whitney judge |\n|---|---|---|---|---|---|\n"
        }
        Kind::Delay => {
            "| cell | flags | decided | mean units | the candidate's | median | limit of information | ÷ limit | ÷ monotone limit | fixed horizon |\n|---|---|---|---|---|---|---|---|---|---|\n"
        }
    }
}

/// A cell's runs.
struct Played {
    prepared: Prepared,
    endings: Vec<Ending>,
}

impl Played {
    fn new(cell: &Cell, flags: &'static str, runs: u64) -> Result<Self, Error> {
        let prepared = Prepared::new(cell).map_err(|source| Error::Cell { flags, source })?;
        let endings = parallel::play(&prepared, runs);
        Ok(Self { prepared, endings })
    }

    fn of(&self, method: Method) -> Summary {
        Summary::of(&self.prepared, method, &self.endings)
    }

    fn rate(&self, method: Method) -> String {
        format!("{:.4}", self.of(method).rate)
    }
}

/// The rules that others use, in the order of the page.
const RIVALS: [Method; 3] = [Method::ZTest, Method::Windows, Method::MannWhitney];

fn played(kind: Kind, row: &Row, runs: Option<u64>) -> Result<String, Error> {
    let flags = row.flags;
    let arguments = Command::of_flags(flags).map_err(|source| Error::Flags { flags, source })?;
    let cell = arguments.cell();
    let runs = runs.unwrap_or(arguments.runs);
    let played = Played::new(&cell, flags, runs)?;
    let ours = played.of(Method::EProcess);
    let found = match kind {
        Kind::SideBySide => {
            let rivals = RIVALS.map(|method| played.rate(method)).join(" | ");
            format!("**{:.4}** | {:.4} | {rivals}", ours.rate, ours.upper_95)
        }
        Kind::Detection => {
            let effect = cell.metric.no_effect();
            let alike = Played::new(&Cell { effect, ..cell }, flags, runs)?;
            let detects = |method| detects(&played.of(method), &alike.of(method));
            format!("{} | {}", detects(Method::EProcess), RIVALS.map(detects).join(" | "))
        }
        Kind::Rate => format!("{:.4} | {:.4}", ours.rate, ours.upper_95),
        Kind::Delay => delay(&ours, &played.prepared),
    };
    Ok(format!("{} {found} |\n", beginning(row)))
}

/// What a rule does with a worse candidate, and with one that is alike.
fn detects(worse: &Summary, alike: &Summary) -> String {
    format!("{:.4} in {}; {:.4}", worse.rate, units(worse.mean_units), alike.rate)
}

fn delay(ours: &Summary, prepared: &Prepared) -> String {
    format!(
        "{:.4} | {} | {} | {} | {} | **{}** | {} | {}",
        ours.rate,
        units(ours.mean_units),
        units(ours.mean_candidate_units),
        units(ours.median_units),
        known(ours.kl_units, units),
        known(ours.over_kl, |over| format!("{over:.2}")),
        known(ours.over_monotone, |over| format!("{over:.2}")),
        known(prepared.fixed_horizon(), units)
    )
}

fn known(value: Option<f64>, shown: impl Fn(f64) -> String) -> String {
    value.map_or("–".to_owned(), shown)
}

/// A whole number with its thousands apart.
fn units(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut apart = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_flags_of_ten_thousand_runs_and_its_own_e_process() {
        for row in SECTIONS.iter().flat_map(|section| section.rows) {
            let arguments = Command::of_flags(row.flags).unwrap();
            assert!(arguments.runs >= 10_000, "{}", row.flags);
            assert!(arguments.cell().methods.contains(&Method::EProcess), "{}", row.flags);
        }
    }

    #[test]
    fn rows_that_tell_of_the_rivals_play_them() {
        let told = |kind: Kind| match kind {
            Kind::SideBySide | Kind::Detection => true,
            Kind::Rate | Kind::Delay => false,
        };
        for row in SECTIONS.iter().filter(|it| told(it.kind)).flat_map(|it| it.rows) {
            let methods = Command::of_flags(row.flags).unwrap().cell().methods;
            assert!(RIVALS.iter().all(|rival| methods.contains(rival)), "{}", row.flags);
        }
    }

    /// The false rate of a row that finds something is that of its own flags without the effect.
    #[test]
    fn a_row_of_detection_tells_both_rates_of_each_rule() {
        let flags = "--metric errors --base 0.1 --effect 2 --max-units 10000 --method e-process,z-test,windows,mann-whitney";
        let row = Row { says: "errors", flags, cost: Cost::Slow };
        let text = played(Kind::Detection, &row, Some(40)).unwrap();
        let cells: Vec<&str> = text.split('|').map(str::trim).collect();
        let [_, "errors", _, ours, repeated, _, _, _] = cells[..] else { panic!("{text}") };
        let rates = |cell: &str| {
            let (worse, alike) = cell.split_once("; ").unwrap();
            let worse = worse.split_once(" in ").unwrap().0;
            (worse.parse::<f64>().unwrap(), alike.parse::<f64>().unwrap())
        };
        assert!(rates(ours).0 > 0.9 && rates(ours).1 < 0.1, "{text}");
        assert!(rates(repeated).0 > 0.9 && rates(repeated).1 > 0.1, "{text}");
    }

    #[test]
    fn thousands_are_kept_apart() {
        assert_eq!([999.4, 1_000.0, 1_234_567.0].map(units), ["999", "1,000", "1,234,567"]);
    }
}
