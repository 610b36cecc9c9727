//! The checks by slice: each value's units judged as if there were no others, by the very same tests.
//!
//! Owns which values decide. A slice that enforces names its values, and each may roll back with its
//! part of the check's budget, however few its units. For the pass it must be healthy once it has the
//! units a gate needs and as many of them have a label or value as the check asks for: what it cannot
//! judge keeps the gate until its deadline. With fewer units the pass rests on the whole, and its report
//! says so. Of the values a slice names, some unit must have been
//! seen: no data is never a pass. A slice that only warns is reported where it is worse. Why:
//! docs/adr/0013.
//!
//! Refuses to let what comes choose the budget: see `budget`.

pub(super) mod budget;
mod open;

use super::look::Look;
use super::prepared::{Prepared, Scope};
use super::reading::{Here, Reading};
use super::tells::Tells;
use super::{Levels, coverage};
use crate::plan::{Analysis, LiveSlice};
use crate::ranking::{self, RankedSlice, Sample};
use crate::verdict::{CheckReport, CheckVerdict, Counts, Enforced, Holds, SliceLabel, Unit};
use open::ToldApart;
use seatrial_analysis::kpi::BURN_IN_CANDIDATE_UNITS;

/// Warnings of one look: those of the largest evidence.
const WARNINGS_MAX: usize = 20;

#[derive(Debug)]
pub(super) struct Slices {
    columns: Vec<Column>,
    min_units: u64,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// Empty: whatever is told apart.
    values: Vec<String>,
    acts: Acts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acts {
    Enforces,
    Warns,
}

/// What the slices add to a verdict.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) readings: Vec<Reading>,
    pub(super) ranking: Vec<RankedSlice>,
    /// Values that are tests from this look on.
    pub(super) told_apart: Vec<SliceLabel>,
}

impl Slices {
    pub(super) fn new(analysis: &Analysis) -> Self {
        let column = |slice: &LiveSlice| Column {
            name: analysis.column(&slice.key),
            values: slice.values.clone(),
            acts: if slice.weight.is_some() { Acts::Enforces } else { Acts::Warns },
        };
        let columns = analysis.slices.iter().map(column).collect();
        Self { columns, min_units: analysis.min_units.max(1) }
    }

    /// Which of the plan's slices is of this column.
    pub(super) fn number(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|it| it.name == column)
    }

    /// Every value that may roll back, with the number of its slice.
    pub(super) fn enforced(&self) -> impl Iterator<Item = (usize, SliceLabel)> {
        let acts = |(_, column): &(usize, &Column)| column.acts == Acts::Enforces;
        self.columns.iter().enumerate().filter(acts).flat_map(|(number, column)| {
            column.values.iter().map(move |value| (number, column.label(value)))
        })
    }

    /// The checks on every value's units, beside `whole`, what they say of all.
    pub(super) fn judge(
        &self,
        checks: &[Prepared],
        (look, levels): (&Look<'_>, Levels),
        whole: &[Reading],
    ) -> Found {
        let mut found = Found::default();
        let mut warnings = Vec::new();
        let mut samples = Vec::new();
        for (number, column) in self.columns.iter().enumerate() {
            let ToldApart { values, new } = column.told_apart(look);
            found.told_apart.extend(new);
            for value in &values {
                let label = column.label(value);
                let here = look.of_slice(&label);
                let readings = column.read((number, &label), checks, (&here, levels));
                if look.tells == Tells::Everything {
                    samples.extend(readings.iter().filter_map(|reading| sample(reading, whole)));
                }
                match column.acts {
                    Acts::Enforces => {
                        let units = here.units().candidate;
                        found
                            .readings
                            .extend(readings.into_iter().map(|it| self.decides(it, units)));
                    }
                    Acts::Warns => warnings.extend(readings.into_iter().filter(is_worse)),
                }
            }
            found.readings.extend(column.unseen(checks, look));
        }
        warnings.sort_by(|one, other| evidence(other).total_cmp(&evidence(one)));
        warnings.truncate(WARNINGS_MAX);
        found.readings.extend(warnings);
        found.ranking = ranking::rank(&samples);
        found
    }

    /// A value with few units may fail, but not keep the gate. One with as many as a gate needs, and too
    /// few numbers for their mean, is not judged: it keeps it.
    fn decides(&self, mut reading: Reading, candidate_units: u64) -> Reading {
        let least = self.min_units;
        let report = &mut reading.report;
        let holds = report.verdict != CheckVerdict::Fail && !report.only_fails();
        if holds && candidate_units < least {
            report.enforced = Enforced::DryRun;
            report.limit =
                format!("{}; fewer than {least} units: the pass rests on all", report.limit);
        } else if holds && lacks_numbers(&reading.here) {
            report.limit = format!("{}; fewer than {BURN_IN_CANDIDATE_UNITS} values", report.limit);
        }
        reading
    }
}

impl Column {
    /// The values it names, else those that are tests.
    fn told_apart(&self, look: &Look<'_>) -> ToldApart {
        if self.values.is_empty() {
            return open::told_apart(&self.name, look);
        }
        ToldApart { values: self.values.iter().cloned().collect(), new: Vec::new() }
    }

    fn label(&self, value: &str) -> SliceLabel {
        SliceLabel { column: self.name.clone(), value: value.to_owned() }
    }

    fn read(
        &self,
        (number, label): (usize, &SliceLabel),
        checks: &[Prepared],
        (look, levels): (&Look<'_>, Levels),
    ) -> Vec<Reading> {
        let scope = Scope::Slice { number, label };
        let read = |check: &Prepared| {
            let mut reading = check.read(look, levels, scope)?;
            match self.acts {
                Acts::Enforces => coverage::withhold(check, look, &mut reading.report),
                Acts::Warns => reading.report.enforced = Enforced::DryRun,
            }
            Some(reading)
        };
        checks.iter().filter_map(read).collect()
    }

    /// What keeps the gate where no unit had any of the values that are to be judged: a name that no
    /// client sends protects nobody.
    fn unseen(&self, checks: &[Prepared], look: &Look<'_>) -> Option<Reading> {
        let applies =
            |check: &&Prepared| check.enforced == Enforced::Yes && check.rules.apply_in(look.gate);
        let seen = |value: &String| look.of_slice(&self.label(value)).has_units();
        let lacks = self.acts == Acts::Enforces
            && checks.iter().any(|check| applies(&check))
            && !self.values.iter().any(seen);
        lacks.then(|| Reading::of(unseen(&self.name)))
    }
}

/// Whether no mean passes yet, whatever the numbers are.
fn lacks_numbers(here: &Here) -> bool {
    match here {
        Here::Means(found) => found.is_none_or(|means| means.units < BURN_IN_CANDIDATE_UNITS),
        Here::Outcomes(_) | Here::Answers(_) => false,
    }
}

fn unseen(column: &str) -> CheckReport {
    CheckReport {
        name: format!("slice[{column}]"),
        verdict: CheckVerdict::Inconclusive,
        enforced: Enforced::Yes,
        metric: format!("slice {column}"),
        candidate: None,
        incumbent: None,
        unit: Unit::Ratio,
        limit: "no unit had any of its values".to_owned(),
        counts: Counts::default(),
        fail_log_e: None,
        fail_log_e_max: None,
        fail_at: None,
        pass_log_e: None,
        pass_at: None,
        units_needed: None,
        slice: None,
        holds: Holds::Passes,
    }
}

fn is_worse(reading: &Reading) -> bool {
    reading.report.verdict == CheckVerdict::Fail
}

fn evidence(reading: &Reading) -> f64 {
    let CheckReport { fail_log_e_max, fail_at, .. } = *reading.report;
    fail_log_e_max.unwrap_or(f64::NEG_INFINITY) - fail_at.unwrap_or(0.0)
}

/// One check's counts of one slice beside those of all units, for the ranking.
fn sample(reading: &Reading, whole: &[Reading]) -> Option<Sample> {
    let slice = reading.report.slice.clone()?;
    let check = reading.check.clone()?;
    let all = whole.iter().find(|it| it.check.as_ref() == Some(&check))?;
    Some(Sample {
        slice,
        metric: all.report.metric.clone(),
        check,
        of: match (&reading.here, &all.here) {
            (Here::Outcomes(here), Here::Outcomes(all)) => {
                ranking::Of::Arms { here: here.clone(), all: all.clone() }
            }
            (Here::Means(means), Here::Means(_)) => ranking::Of::Means((*means)?),
            (Here::Answers(here), Here::Answers(_)) => ranking::Of::Answers(here.clone()),
            // What could not be computed has no counts.
            (Here::Outcomes(_) | Here::Means(_) | Here::Answers(_), _) => return None,
        },
    })
}
