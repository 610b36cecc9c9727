//! Parity with predictions made where the model was trained: catches faults of the export.
//!
//! An output `o` is compared with the column `o`, or, where a row of it holds several elements,
//! with a column `o` of such rows or the columns `o_0`, `o_1`, …, all of them: a column that is
//! named like an output and could not be compared fails. The rows are those of the holdout, in its order, unless the file holds the model's inputs too.

use super::answer::{Elements, Output};
use super::holdout::Evaluation;
use super::pace::Manner;
use super::predict::predict;
use super::report::{Check, Failure, Group};
use super::tolerance::Tolerance;
use crate::dataset::{self, Column, Table, Values};
use seatrial_domain::tensor::Signature;

pub(super) async fn check(evaluation: &Evaluation<'_>, expected: &Table) -> Check {
    let plan = &evaluation.request.plan.holdout;
    let tolerance = Tolerance { rtol: plan.rtol, atol: plan.atol };
    let limit = format!("rtol {:e}, atol {:e}", plan.rtol, plan.atol);
    let naming = Group::Holdout.named("expected").limit(limit);
    match compare(evaluation, expected, tolerance).await {
        Ok(detail) => naming.pass(detail),
        Err(failure) => naming.blame(failure),
    }
}

async fn compare(
    evaluation: &Evaluation<'_>,
    expected: &Table,
    tolerance: Tolerance,
) -> Result<String, Failure> {
    let client = evaluation.client;
    let columns = expected.columns().iter().map(|column| column.name.as_str());
    let predictions: Vec<&str> =
        columns.clone().filter(|name| owner(name, &client.signature).is_some()).collect();
    let own = dataset::feed(expected, &client.signature, &predictions);
    let feed = match (own, evaluation.feed(client)) {
        (Ok(own), _) => own,
        (Err(_), Some(holdout)) => {
            holdout.map_err(|error| Failure::of_candidate(error.to_string()))?
        }
        (Err(error), None) => {
            return Err(Failure::of_surroundings(format!("no holdout to predict, and {error}")));
        }
    };
    if feed.rows() != expected.rows() {
        let (holdout, rows) = (feed.rows(), expected.rows());
        let fault = format!("{rows} expected predictions for {holdout} holdout rows");
        return Err(Failure::of_surroundings(fault));
    }
    let limits = &evaluation.request.limits;
    let brisk = Manner::Brisk { in_flight: limits.in_flight };
    let outputs = predict(client, &feed, limits, brisk).await?;
    let compared = agree(expected, &outputs, tolerance).map_err(Failure::of_candidate)?;
    let left = predictions.iter().find(|name| {
        let owner = owner(name, &client.signature);
        owner.is_none_or(|owner| !compared.contains(&owner))
    });
    match left {
        Some(column) => {
            Err(Failure::of_candidate(format!("no answer has an output for column {column:?}")))
        }
        None => Ok(format!("{} rows of {} agree", expected.rows(), compared.join(", "))),
    }
}

/// The outputs that were compared and agree.
fn agree<'a>(
    expected: &Table,
    outputs: &'a [Output],
    tolerance: Tolerance,
) -> Result<Vec<&'a str>, String> {
    let mut compared = Vec::new();
    for output in outputs {
        if let Some(wanted) = wanted(expected, output)? {
            if output.shape.first() != Some(&expected.rows()) {
                let (name, found) = (&output.name, output.describe());
                return Err(format!("output {name:?} is {found} for {} rows", expected.rows()));
            }
            tolerance.elements(&output.name, &output.elements, &wanted)?;
            compared.push(output.name.as_str());
        }
    }
    if compared.is_empty() {
        let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
        return Err(format!("no column is named like an output; expected {}", names.join(" or ")));
    }
    Ok(compared)
}

/// The output that a column holds predictions of, be it one of several columns.
fn owner<'a>(column: &str, signature: &'a Signature) -> Option<&'a str> {
    let names = || signature.outputs.iter().map(|output| output.name.as_str());
    names()
        .find(|output| *output == column)
        .or_else(|| names().find(|output| numbered(column, output).is_some()))
}

fn numbered(column: &str, output: &str) -> Option<usize> {
    column.strip_prefix(output)?.strip_prefix('_')?.parse().ok()
}

/// What the table expects of an output, as elements of its kind.
fn wanted(expected: &Table, output: &Output) -> Result<Option<Elements>, String> {
    let row_len: usize = output.shape.iter().skip(1).product();
    if let Some(column) = expected.column(&output.name) {
        if column.row_len() != row_len {
            let found = column.row_len();
            return Err(format!(
                "column {:?} has {found} elements a row, not {row_len}",
                column.name
            ));
        }
        return elements(&[column], output).map(Some);
    }
    let name = &output.name;
    let given = expected.columns().iter().filter(|c| numbered(&c.name, name).is_some()).count();
    if given == 0 {
        return Ok(None);
    }
    let columns: Vec<&Column> =
        (0..row_len).filter_map(|i| expected.column(&format!("{name}_{i}"))).collect();
    if columns.len() != row_len || given != row_len {
        let last = row_len.saturating_sub(1);
        return Err(format!(
            "output {name:?} needs the {row_len} columns {name}_0 to {name}_{last}, and of {given} \
             given {} are among them",
            columns.len()
        ));
    }
    elements(&columns, output).map(Some)
}

fn elements(columns: &[&Column], output: &Output) -> Result<Elements, String> {
    let fault = || format!("column {:?} does not hold {}", output.name, output.datatype);
    match &output.elements {
        Elements::Real(_) => {
            let numbers: Option<Vec<Vec<f64>>> = columns.iter().map(|c| c.numbers()).collect();
            Ok(Elements::Real(interleave(&numbers.ok_or_else(fault)?)))
        }
        Elements::Whole(_) => {
            let whole = |column: &&Column| match &column.values {
                Values::Integers(v) => Some(v.iter().map(|x| i128::from(*x)).collect()),
                Values::Numbers(_) | Values::Texts(_) | Values::Objects(_) => None,
            };
            let numbers: Option<Vec<Vec<i128>>> = columns.iter().map(whole).collect();
            Ok(Elements::Whole(interleave(&numbers.ok_or_else(fault)?)))
        }
        Elements::Text(_) => {
            let text = |column: &&Column| match &column.values {
                Values::Texts(v) => Some(v.clone()),
                Values::Integers(_) | Values::Numbers(_) | Values::Objects(_) => None,
            };
            let texts: Option<Vec<Vec<String>>> = columns.iter().map(text).collect();
            Ok(Elements::Text(interleave(&texts.ok_or_else(fault)?)))
        }
    }
}

/// Row by row; a single column is in order already.
fn interleave<T: Clone>(columns: &[Vec<T>]) -> Vec<T> {
    match columns {
        [only] => only.clone(),
        many => {
            let rows = many.first().map_or(0, Vec::len);
            (0..rows).flat_map(|row| many.iter().filter_map(move |c| c.get(row).cloned())).collect()
        }
    }
}
