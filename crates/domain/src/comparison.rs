//! Whether two versions' answers to one request agree, by a plan's rules.
//!
//! Owns what "agree" means for labels, scores and numbers. Refuses to judge how much disagreement
//! is too much: it gives one yes or no for a pair and a rule, and counting is its caller's.

mod class;
mod numeric;
mod outcome;
#[cfg(test)]
mod tests;

pub use outcome::{is_class, outcome};

use crate::plan::{Compare, CompareBy};
use crate::tensor::{Tensor, TensorData};

/// The outcome of one rule on one pair of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// Every output the rule applies to agrees.
    Agree,
    /// The first output that does not.
    Disagree(Difference),
    /// The incumbent's answer has no output the rule could compare: no labels and no scores for a
    /// rule by class, no floating-point output for a numeric one. It says nothing either way.
    NotApplicable,
}

/// An output two answers differ in, as shown to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The output's name.
    pub output: String,
    /// The incumbent's value, abridged.
    pub incumbent: String,
    /// The candidate's value, abridged; `(missing)` where it has no such output.
    pub candidate: String,
}

/// Compares two answers by one rule. `*` stands for: by class, the discrete outputs, or where
/// there are none the score rows of floating-point ones; numerically, the floating-point outputs.
/// The incumbent's answer decides which outputs there are; another shape or type disagrees, and so
/// does an output the rule names and the incumbent lacks.
#[must_use]
pub fn compare(rule: &Compare, incumbent: &[Tensor], candidate: &[Tensor]) -> Agreement {
    if rule.output != "*" && find(&rule.output, incumbent).is_none() {
        return Agreement::Disagree(Difference {
            output: rule.output.clone(),
            incumbent: MISSING.to_owned(),
            candidate: find(&rule.output, candidate).map_or_else(|| MISSING.to_owned(), abridge),
        });
    }
    let judged = judged_outputs(rule, incumbent);
    if judged.is_empty() {
        return Agreement::NotApplicable;
    }
    judged
        .into_iter()
        .map(|output| pair(&rule.by, output, find(&output.name, candidate)))
        .find(|agreement| *agreement != Agreement::Agree)
        .unwrap_or(Agreement::Agree)
}

const MISSING: &str = "(missing)";

/// As what outputs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Classes,
    Numbers,
}

fn judged_outputs<'a>(rule: &Compare, incumbent: &'a [Tensor]) -> Vec<&'a Tensor> {
    let reading = match rule.by {
        CompareBy::Class { .. } => Reading::Classes,
        CompareBy::Numeric { .. } => Reading::Numbers,
    };
    chosen(&rule.output, reading, incumbent)
}

/// The outputs of an answer that `named` (or `*`) stands for.
fn chosen<'a>(named: &str, reading: Reading, answer: &'a [Tensor]) -> Vec<&'a Tensor> {
    let having = |wanted: fn(&Tensor) -> bool| -> Vec<&'a Tensor> {
        answer.iter().filter(|output| wanted(output)).collect()
    };
    if named != "*" {
        let of_name = answer.iter().filter(|output| output.name == named);
        return of_name.filter(|output| readable(reading, output)).collect();
    }
    match reading {
        Reading::Numbers => having(is_float),
        Reading::Classes => {
            let discrete = having(|output| !is_float(output));
            if discrete.is_empty() { having(class::has_scores) } else { discrete }
        }
    }
}

/// Whether an output is of the kind that is read.
fn readable(reading: Reading, output: &Tensor) -> bool {
    match reading {
        Reading::Numbers => true,
        Reading::Classes => !is_float(output) || class::has_scores(output),
    }
}

fn pair(by: &CompareBy, incumbent: &Tensor, candidate: Option<&Tensor>) -> Agreement {
    let agrees = candidate.is_some_and(|candidate| {
        candidate.shape == incumbent.shape
            && candidate.datatype() == incumbent.datatype()
            && match by {
                CompareBy::Class { .. } => class::agree(incumbent, candidate),
                CompareBy::Numeric { rtol, atol, .. } => {
                    numeric::Tolerance { rtol: *rtol, atol: *atol }.agree(incumbent, candidate)
                }
            }
    });
    if agrees {
        return Agreement::Agree;
    }
    Agreement::Disagree(Difference {
        output: incumbent.name.clone(),
        incumbent: abridge(incumbent),
        candidate: candidate.map_or_else(|| MISSING.to_owned(), abridge),
    })
}

fn find<'a>(name: &str, outputs: &'a [Tensor]) -> Option<&'a Tensor> {
    outputs.iter().find(|output| output.name == name)
}

fn is_float(output: &Tensor) -> bool {
    match output.data {
        TensorData::Fp16(_) | TensorData::Fp32(_) | TensorData::Fp64(_) => true,
        TensorData::Bool(_)
        | TensorData::Uint8(_)
        | TensorData::Uint16(_)
        | TensorData::Uint32(_)
        | TensorData::Uint64(_)
        | TensorData::Int8(_)
        | TensorData::Int16(_)
        | TensorData::Int32(_)
        | TensorData::Int64(_)
        | TensorData::Bytes(_) => false,
    }
}

/// How many elements of an output a person is shown.
const SHOWN: usize = 12;

fn abridge(output: &Tensor) -> String {
    let mut shown = match &output.data {
        TensorData::Bytes(texts) => {
            texts.iter().take(SHOWN).map(|text| short_text(text)).collect::<Vec<_>>()
        }
        TensorData::Uint64(v) => v.iter().take(SHOWN).map(u64::to_string).collect(),
        TensorData::Int64(v) => v.iter().take(SHOWN).map(i64::to_string).collect(),
        TensorData::Bool(_)
        | TensorData::Uint8(_)
        | TensorData::Uint16(_)
        | TensorData::Uint32(_)
        | TensorData::Int8(_)
        | TensorData::Int16(_)
        | TensorData::Int32(_)
        | TensorData::Fp16(_)
        | TensorData::Fp32(_)
        | TensorData::Fp64(_) => {
            let numbers = output.data.to_f64().unwrap_or_default();
            numbers.iter().take(SHOWN).map(|number| format!("{number:.6}")).collect()
        }
    };
    if output.data.len() > SHOWN {
        shown.push("…".to_owned());
    }
    format!("[{}]", shown.join(", "))
}

fn short_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(40).collect()
}
