//! The published table: its cells as flags, and how their results are written.
//!
//! Each row names the flags that play it again, so nothing in it is typed by hand.

mod rows;

use super::arguments::Command;
use super::parallel;
use rows::{Cost, Kind, Row, SECTIONS, Section};
use seatrial_sim::calibrate::{Error as CellError, Method, Prepared, Summary};
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
        Kind::Delay => {
            "| cell | flags | decided | mean units | the candidate's | median | limit of information | ÷ limit | ÷ monotone limit | fixed horizon |\n|---|---|---|---|---|---|---|---|---|---|\n"
        }
    }
}

fn played(kind: Kind, row: &Row, runs: Option<u64>) -> Result<String, Error> {
    let flags = row.flags;
    let arguments = Command::of_flags(flags).map_err(|source| Error::Flags { flags, source })?;
    let cell = arguments.cell();
    let prepared = Prepared::new(&cell).map_err(|source| Error::Cell { flags, source })?;
    let endings = parallel::play(&prepared, runs.unwrap_or(arguments.runs));
    let of = |method: Method| Summary::of(&prepared, method, &endings);
    let rate = |method: Method| {
        let played = cell.methods.contains(&method);
        if played { format!("{:.4}", of(method).rate) } else { "–".to_owned() }
    };
    let ours = of(Method::EProcess);
    let begun = beginning(row);
    Ok(match kind {
        Kind::SideBySide => format!(
            "{begun} **{:.4}** | {:.4} | {} | {} | {} |\n",
            ours.rate,
            ours.upper_95,
            rate(Method::ZTest),
            rate(Method::Windows),
            rate(Method::MannWhitney)
        ),
        Kind::Rate => format!("{begun} {:.4} | {:.4} |\n", ours.rate, ours.upper_95),
        Kind::Delay => format!(
            "{begun} {:.4} | {} | {} | {} | {} | **{}** | {} | {} |\n",
            ours.rate,
            units(ours.mean_units),
            units(ours.mean_candidate_units),
            units(ours.median_units),
            known(ours.kl_units, units),
            known(ours.over_kl, |over| format!("{over:.2}")),
            known(prepared.monotone_units(), |units| format!("{:.2}", ours.mean_units / units)),
            known(prepared.fixed_horizon(), units)
        ),
    })
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
    fn thousands_are_kept_apart() {
        assert_eq!([999.4, 1_000.0, 1_234_567.0].map(units), ["999", "1,000", "1,234,567"]);
    }
}
