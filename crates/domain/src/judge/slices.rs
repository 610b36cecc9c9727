//! The checks by slice: each value's units judged as if there were no others, by the very same tests.
//!
//! Owns which values decide. A slice that enforces names its values, and each may roll back with its
//! part of the check's budget, however few its units. For the pass it must be healthy once it has the
//! units a gate needs; with fewer the pass rests on the whole, and its report says so. Of the values a
//! slice names, some unit must have been seen: no data is never a pass. A slice that only warns is
//! reported where it is worse. Why: docs/adr/0013.
//!
//! Refuses to let what comes choose the budget: see `budget`.

pub(super) mod budget;

use super::Levels;
use super::look::Look;
use super::prepared::{Prepared, Scope};
use super::reading::Reading;
use crate::evidence::GateCounts;
use crate::plan::{Analysis, LiveSlice};
use crate::ranking::{self, RankedSlice, Sample};
use crate::verdict::{CheckReport, CheckVerdict, Counts, Enforced, Holds, SliceLabel, Unit};
use std::collections::BTreeSet;

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
            let values = column.told_apart(look);
            for value in &values {
                let evidence = look.evidence.of_slice(&column.name, value);
                let readings = column.read((number, value), checks, (&look.on(&evidence), levels));
                samples.extend(readings.iter().filter_map(|reading| sample(reading, whole)));
                match column.acts {
                    Acts::Enforces => {
                        let units = look.on(&evidence).units().candidate;
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

    /// A value with few units may fail, but not keep the gate.
    fn decides(&self, mut reading: Reading, candidate_units: u64) -> Reading {
        let report = &mut reading.report;
        if report.verdict != CheckVerdict::Fail && candidate_units < self.min_units {
            report.enforced = Enforced::DryRun;
            let least = self.min_units;
            report.limit =
                format!("{}; fewer than {least} units: the pass rests on all", report.limit);
        }
        reading
    }
}

impl Column {
    /// The values it names, else those met so far: at most as many as are counted apart.
    fn told_apart(&self, look: &Look<'_>) -> BTreeSet<String> {
        if !self.values.is_empty() {
            return self.values.iter().cloned().collect();
        }
        let met = |counts: &GateCounts| -> Vec<String> {
            counts
                .slices
                .0
                .get(&self.name)
                .into_iter()
                .flatten()
                .map(|(it, _)| it.clone())
                .collect()
        };
        look.strata(|_| true, met).into_iter().flat_map(|stratum| stratum.counts).collect()
    }

    fn read(
        &self,
        (number, value): (usize, &str),
        checks: &[Prepared],
        (look, levels): (&Look<'_>, Levels),
    ) -> Vec<Reading> {
        let label = SliceLabel { column: self.name.clone(), value: value.to_owned() };
        let scope = Scope::Slice { number, label: &label };
        let mut readings: Vec<_> =
            checks.iter().filter_map(|check| check.read(look, levels, scope)).collect();
        if self.acts == Acts::Warns {
            readings.iter_mut().for_each(|it| it.report.enforced = Enforced::DryRun);
        }
        readings
    }

    /// What keeps the gate where no unit had any of the values that are to be judged: a name that no
    /// client sends protects nobody.
    fn unseen(&self, checks: &[Prepared], look: &Look<'_>) -> Option<Reading> {
        let applies = |check: &&Prepared| {
            check.enforced == Enforced::Yes
                && check.rules.first().by_slice()
                && check.rules.apply_in(look.gate)
        };
        let seen = |value: &String| {
            let evidence = look.evidence.of_slice(&self.name, value);
            look.on(&evidence).has_units()
        };
        let lacks = self.acts == Acts::Enforces
            && checks.iter().any(|check| applies(&check))
            && !self.values.iter().any(seen);
        lacks.then(|| Reading::of(unseen(&self.name)))
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
    let CheckReport { fail_log_e_max, fail_at, .. } = reading.report;
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
        of: ranking::Of::Arms { here: reading.here, all: all.here },
    })
}
