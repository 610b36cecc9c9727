//! What may be assumed besides errors, latencies and labels: numbers joined to units, what answers
//! say, and parts of the traffic that fare otherwise.
//!
//! Owns their ranges. Refuses what is outside of them, by name.

use super::{Answers, Error, Load, error, no_law};
use crate::distribution::Law;

/// Parts of the traffic that are told apart, at most.
pub const SLICES_MAX: usize = 16;
/// Classes of one check, at most: as many as a gateway tells apart.
pub const CLASSES_MAX: usize = 50;
/// Parts that sum to one up to this.
const ROUNDING: f64 = 1e-6;

/// The numbers joined to units for one metric, in its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// The metric's name.
    pub metric: String,
    /// The incumbent's.
    pub incumbent: Law,
    /// The candidate's.
    pub candidate: Law,
}

/// What the answers say, for one check of drift.
#[derive(Debug, Clone, PartialEq)]
pub struct Classes {
    /// The check's name.
    pub check: String,
    /// Each class of the incumbent's answers with its part; they sum to one.
    pub incumbent: Vec<(String, f64)>,
    /// The candidate's.
    pub candidate: Vec<(String, f64)>,
}

/// A part of the traffic with one value of a slice, and how both versions answer it. What its answers say
/// is as in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// The slice's column.
    pub column: String,
    /// The value its requests have.
    pub value: String,
    /// The part of the requests, and of the users. No request is in two of these parts; the rest of
    /// the traffic has none of their values.
    pub part: f64,
    /// The incumbent's answers there.
    pub incumbent: Answers,
    /// The candidate's answers there.
    pub candidate: Answers,
    /// Values that are joined to its units, as a multiple of the incumbent's in all.
    pub worth: f64,
    /// The candidate's, as a multiple of the incumbent's there; none: as in all they are of the incumbent's.
    pub candidate_worth: Option<f64>,
}

/// What values one part of the traffic has, of one metric.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::simulate) struct Worth {
    pub(in crate::simulate) part: f64,
    pub(in crate::simulate) incumbent: Law,
    pub(in crate::simulate) candidate: Law,
}

impl Slice {
    fn worth(&self, values: &Values) -> Worth {
        let incumbent = values.incumbent.scaled(self.worth);
        let candidate = match self.candidate_worth {
            Some(factor) => incumbent.scaled(factor),
            None => values.candidate.scaled(self.worth),
        };
        Worth { part: self.part, incumbent, candidate }
    }
}

impl Classes {
    /// Every class with the incumbent's part and the candidate's.
    pub(in crate::simulate) fn parts(&self) -> Vec<(String, f64, f64)> {
        let of = |classes: &[(String, f64)], name: &str| -> f64 {
            let sum: f64 = classes.iter().map(|(_, part)| part).sum();
            let parts = classes.iter().filter(|(it, _)| it == name).map(|(_, part)| part);
            parts.sum::<f64>() / sum
        };
        let mut names: Vec<&String> =
            self.incumbent.iter().chain(&self.candidate).map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        let part =
            |name: &String| (name.clone(), of(&self.incumbent, name), of(&self.candidate, name));
        names.into_iter().map(part).collect()
    }

    /// Whether both versions answer alike.
    pub(in crate::simulate) fn alike(&self) -> bool {
        self.parts().iter().all(|(_, old, new)| (old - new).abs() < ROUNDING)
    }
}

impl Load {
    /// Checks what is assumed besides. Errors: [`Error`].
    pub(super) fn check_besides(&self) -> Result<(), Error> {
        for values in &self.values {
            for law in [&values.incumbent, &values.candidate] {
                if let Err(why) = law.clone().checked() {
                    return Err(no_law("the values of a metric", "a law", &why));
                }
            }
        }
        for classes in &self.classes {
            check_classes(&classes.incumbent)?;
            check_classes(&classes.candidate)?;
        }
        if self.slices.len() > SLICES_MAX {
            let allowed = format!("at most {SLICES_MAX}");
            return Err(error("the number of slices", allowed, self.slices.len()));
        }
        let parts: f64 = self.slices.iter().map(|slice| slice.part).sum();
        let positive = self.slices.iter().all(|slice| slice.part > 0.0);
        if !positive || parts > 1.0 + ROUNDING {
            let allowed = "above 0, and 1 at most in sum".to_owned();
            return Err(error("the parts of slices", allowed, parts));
        }
        for slice in &self.slices {
            check_answers(slice)?;
            for worth in self.values.iter().map(|values| slice.worth(values)) {
                for law in [worth.incumbent, worth.candidate] {
                    if let Err(why) = law.checked() {
                        return Err(no_law("a slice's values", "a law", &why));
                    }
                }
            }
        }
        Ok(())
    }

    /// The values of each part of the traffic, those of slices first; one where all are alike.
    pub(in crate::simulate) fn worth(&self, values: &Values) -> Vec<Worth> {
        let (incumbent, candidate) = (values.incumbent.clone(), values.candidate.clone());
        let rest = Worth { part: self.rest(), incumbent, candidate };
        let of_slices = self.slices.iter().map(|slice| slice.worth(values));
        of_slices.chain((self.rest() > 0.0 || self.slices.is_empty()).then_some(rest)).collect()
    }

    /// The part of the requests that is in no slice.
    pub(in crate::simulate) fn rest(&self) -> f64 {
        let rest = 1.0 - self.slices.iter().map(|slice| slice.part).sum::<f64>();
        if rest < ROUNDING { 0.0 } else { rest }
    }
}

fn check_classes(classes: &[(String, f64)]) -> Result<(), Error> {
    if !(1..=CLASSES_MAX).contains(&classes.len()) {
        let allowed = format!("from 1 to {CLASSES_MAX}");
        return Err(error("the number of classes", allowed, classes.len()));
    }
    let sum: f64 = classes.iter().map(|(_, part)| part).sum();
    let positive = classes.iter().all(|(_, part)| *part >= 0.0);
    if !positive || (sum - 1.0).abs() > ROUNDING {
        return Err(error("the parts of classes", "0 or more, and 1 in sum".to_owned(), sum));
    }
    Ok(())
}

fn check_answers(slice: &Slice) -> Result<(), Error> {
    for answers in [&slice.incumbent, &slice.candidate] {
        for rate in [answers.error_rate, answers.wanted] {
            if !(0.0..=1.0).contains(&rate) {
                return Err(error("a slice's rate", "from 0 to 1".to_owned(), rate));
            }
        }
        if let Err(why) = answers.latency.clone().checked() {
            return Err(no_law("a slice's latency", "a law of positive spans", &why));
        }
    }
    let factors = [Some(slice.worth), slice.candidate_worth];
    match factors.into_iter().flatten().find(|factor| !(*factor > 0.0 && factor.is_finite())) {
        Some(factor) => Err(error("a slice's values", "a multiple above 0".to_owned(), factor)),
        None => Ok(()),
    }
}
