//! The truth of a holdout, and what versions said about it, on common classes.

use super::super::brief::brief;
use super::reading::{Reading, Scores, canonical};
use super::statistic::Ranked;
use std::collections::{BTreeSet, HashMap};

/// The labels of every row. Classes are numbered in the order of their labels: by number where all
/// are whole numbers, else by text; which is the order of a classifier's score columns.
#[derive(Debug)]
pub(in super::super) struct Ground {
    truth: Vec<usize>,
    numbers: Option<Vec<f64>>,
    classes: HashMap<String, usize>,
}

/// A reading in terms of the ground's classes.
#[derive(Debug)]
pub(in super::super) struct Known {
    classes: Option<Vec<usize>>,
    scores: Option<Scores>,
    values: Option<Vec<f64>>,
}

impl Ground {
    pub(in super::super) fn new(
        labels: &[impl AsRef<str>],
        numbers: Option<Vec<f64>>,
        readings: &[&Reading],
    ) -> Self {
        let labels: Vec<String> = labels.iter().map(|label| canonical(label.as_ref())).collect();
        let classes = number_classes(&labels, readings);
        let truth = labels.iter().filter_map(|label| classes.get(label).copied()).collect();
        Self { truth, numbers, classes }
    }

    pub(super) fn class_count(&self) -> usize {
        self.classes.len()
    }

    pub(in super::super) fn know(&self, reading: Reading) -> Known {
        let Reading { labels, scores, values } = reading;
        let named = labels.map(|labels| {
            labels.iter().filter_map(|label| self.classes.get(label).copied()).collect()
        });
        let binary = self.class_count() == 2;
        let classes = named
            .or_else(|| scores.as_ref().filter(|s| s.columns == self.class_count()).map(winners))
            .or_else(|| values.as_ref().filter(|_| binary).map(|values| from_one_half(values)));
        Known { classes, scores, values }
    }

    /// Truth and prediction of each row, as classes.
    pub(super) fn classes_of(
        &self,
        known: &Known,
        rows: &[usize],
    ) -> Result<Vec<(usize, usize)>, String> {
        let predicted = known.classes.as_ref().ok_or_else(|| self.no_classes(known))?;
        pick(rows, |row| Some((*self.truth.get(row)?, *predicted.get(row)?)))
    }

    fn no_classes(&self, known: &Known) -> String {
        let count = self.class_count();
        match &known.scores {
            Some(scores) => {
                format!("{} score columns for the {count} classes of the labels", scores.columns)
            }
            None => format!("the model answers a number, and the labels are {count} classes"),
        }
    }

    /// Scores of every class that is ranked against the rest: the greater of two, or all.
    pub(super) fn ranked(&self, known: &Known, rows: &[usize]) -> Result<Vec<Ranked>, String> {
        let count = self.class_count();
        let ranked = match count {
            0 | 1 => return Err("the labels are of one class".to_owned()),
            2 => 1..2,
            _ => 0..count,
        };
        ranked
            .map(|class| {
                let scores = self.score_of(known, rows, class)?;
                let positive = pick(rows, |row| Some(*self.truth.get(row)? == class))?;
                Ok(Ranked::new(&scores, positive))
            })
            .collect()
    }

    fn score_of(&self, known: &Known, rows: &[usize], class: usize) -> Result<Vec<f64>, String> {
        match (&known.scores, &known.values) {
            (Some(scores), _) if scores.columns == self.class_count() => {
                pick(rows, |row| scores.values.get(row * scores.columns + class).copied())
            }
            (_, Some(values)) if self.class_count() == 2 => {
                let score = |value: f64| if class == 1 { value } else { 1.0 - value };
                pick(rows, |row| values.get(row).copied().map(score))
            }
            (Some(_), _) => Err(self.no_classes(known)),
            (None, _) => Err("the model answers no scores".to_owned()),
        }
    }

    /// The probability that the model gave to what was true.
    pub(super) fn probabilities_of_truth(
        &self,
        known: &Known,
        rows: &[usize],
    ) -> Result<Vec<f64>, String> {
        let count = self.class_count();
        let columns = (0..count).map(|class| self.score_of(known, rows, class));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let at =
            |class: usize, index: usize| columns.get(class).and_then(|c| c.get(index)).copied();
        for index in 0..rows.len() {
            let row: Vec<f64> = (0..count).filter_map(|class| at(class, index)).collect();
            let sum: f64 = row.iter().sum();
            if row.iter().any(|p| !(-1e-6..=1.0 + 1e-6).contains(p)) || (sum - 1.0).abs() > 1e-3 {
                let row = brief(&format!("{row:?}"));
                return Err(format!("the scores are no probabilities: one row is {row}"));
            }
        }
        let indexed: Vec<usize> = (0..rows.len()).collect();
        pick(&indexed, |index| at(*self.truth.get(*rows.get(index)?)?, index))
    }

    /// Prediction − truth of each row, as numbers.
    pub(super) fn errors(&self, known: &Known, rows: &[usize]) -> Result<Vec<f64>, String> {
        let truth = self.numbers.as_ref().ok_or("the label column holds no numbers")?;
        let predicted = known.values.as_ref().ok_or("the model answers no single number a row")?;
        pick(rows, |row| Some(predicted.get(row)? - truth.get(row)?))
    }
}

fn pick<T>(rows: &[usize], of: impl Fn(usize) -> Option<T>) -> Result<Vec<T>, String> {
    let picked: Option<Vec<T>> = rows.iter().map(|row| of(*row)).collect();
    picked.ok_or_else(|| "fewer predictions than rows".to_owned())
}

/// Every label and prediction. Labels that are all whole numbers below the number of score columns
/// are classes 0 to that number, so that a class the holdout lacks keeps its column.
fn number_classes(truth: &[String], readings: &[&Reading]) -> HashMap<String, usize> {
    let predicted = readings.iter().filter_map(|reading| reading.labels.as_ref()).flatten();
    let mut names: BTreeSet<&str> = truth.iter().chain(predicted).map(String::as_str).collect();
    let columns =
        readings.iter().filter_map(|reading| Some(reading.scores.as_ref()?.columns)).max();
    let indices: Vec<String> = (0..columns.unwrap_or(0)).map(|index| index.to_string()).collect();
    let all_indices =
        !indices.is_empty() && names.iter().all(|name| indices.iter().any(|i| i == name));
    if all_indices {
        names.extend(indices.iter().map(String::as_str));
    }
    let mut names: Vec<&str> = names.into_iter().collect();
    if names.iter().all(|name| name.parse::<i64>().is_ok()) {
        names.sort_by_key(|name| name.parse::<i64>().unwrap_or(i64::MAX));
    }
    names.into_iter().enumerate().map(|(id, name)| (name.to_owned(), id)).collect()
}

fn winners(scores: &Scores) -> Vec<usize> {
    let best = |row: &[f64]| {
        let ranked = row.iter().enumerate().rev();
        ranked.max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(index, _)| index)
    };
    scores.values.chunks(scores.columns).map(best).collect()
}

fn from_one_half(values: &[f64]) -> Vec<usize> {
    values.iter().map(|value| usize::from(*value >= 0.5)).collect()
}
