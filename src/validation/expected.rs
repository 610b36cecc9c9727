//! Parity with predictions made where the model was trained: catches faults of the export.
//!
//! An output `o` is compared with the column `o`, or, where a row of it holds several elements,
//! with a column `o` of such rows or the columns `o_0`, `o_1`, …. The rows are those of the
//! holdout, in its order, unless the file holds the model's inputs too.

use super::answer::{Elements, Output};
use super::holdout::{Evaluation, predict};
use super::report::{Check, Group};
use super::tolerance::Tolerance;
use crate::dataset::{self, Column, Table, Values};

pub(super) async fn check(evaluation: &Evaluation<'_>, expected: &Table) -> Check {
    let plan = &evaluation.request.plan.holdout;
    let tolerance = Tolerance { rtol: plan.rtol, atol: plan.atol };
    let limit = format!("rtol {:e}, atol {:e}", plan.rtol, plan.atol);
    let naming = Group::Holdout.named("expected").limit(limit);
    naming.judge(compare(evaluation, expected, tolerance).await)
}

async fn compare(
    evaluation: &Evaluation<'_>,
    expected: &Table,
    tolerance: Tolerance,
) -> Result<String, String> {
    let client = evaluation.client;
    let predictions: Vec<&str> = expected
        .columns()
        .iter()
        .map(|column| column.name.as_str())
        .filter(|name| client.signature.outputs.iter().any(|o| belongs(name, &o.name)))
        .collect();
    let own = dataset::feed(expected, &client.signature, &predictions);
    let feed = match (own, evaluation.feed(client)) {
        (Ok(own), _) => own,
        (Err(_), Some(holdout)) => holdout.map_err(|error| error.to_string())?,
        (Err(error), None) => return Err(format!("no holdout to predict, and {error}")),
    };
    if feed.rows() != expected.rows() {
        let (holdout, rows) = (feed.rows(), expected.rows());
        return Err(format!("{rows} expected predictions for {holdout} holdout rows"));
    }
    let outputs = predict(client, &feed, &evaluation.request.limits).await?;
    let mut compared = Vec::new();
    for output in &outputs {
        if let Some(wanted) = wanted(expected, output)? {
            tolerance.elements(&output.name, &output.elements, &wanted)?;
            compared.push(output.name.as_str());
        }
    }
    if compared.is_empty() {
        let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
        return Err(format!("no column is named like an output; expected {}", names.join(" or ")));
    }
    Ok(format!("{} rows of {} agree", expected.rows(), compared.join(", ")))
}

fn belongs(column: &str, output: &str) -> bool {
    column == output || numbered(column, output).is_some()
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
    let columns: Vec<&Column> =
        (0..row_len).filter_map(|i| expected.column(&format!("{}_{i}", output.name))).collect();
    if columns.is_empty() || columns.len() != row_len {
        return Ok(None);
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
