//! The holdout evaluation: both versions answer the same labelled rows through their own listeners,
//! and every metric is judged by its least value and by its paired bound, on the whole and by slice.

mod judge;
mod slices;

use super::answer::Output;
use super::client::Client;
use super::metric::{self, Ground, Measured, Reading};
use super::report::{self, Findings, Group};
use super::request::{Limits, Request};
use crate::dataset::{self, Batch, Column, Feed, Table};
use futures_util::{StreamExt, TryStreamExt, stream};
use seatrial_domain::plan::{Holdout, Metric};
use std::ops::Range;

/// What is evaluated: the candidate on the holdout, where there is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evaluation<'a> {
    pub(super) request: &'a Request,
    pub(super) client: &'a Client,
    pub(super) table: Option<&'a Table>,
}

impl<'a> Evaluation<'a> {
    /// The holdout's rows as a version takes them.
    pub(super) fn feed(&self, client: &Client) -> Option<Result<Feed<'a>, dataset::Error>> {
        let file = self.request.holdout.as_ref()?;
        let slices = &self.request.plan.holdout.slices;
        let mut apart: Vec<&str> = slices.iter().map(|slice| slice.column.as_str()).collect();
        apart.extend(file.label.as_deref());
        Some(dataset::feed(self.table?, &client.signature, &apart))
    }

    fn label(&self) -> Option<&'a Column> {
        self.table?.column(self.request.holdout.as_ref()?.label.as_deref()?)
    }
}

/// What both versions said, and the rows to judge it on.
struct Answers {
    ground_labels: Vec<String>,
    ground_numbers: Option<Vec<f64>>,
    candidate: Reading,
    incumbent: Option<Reading>,
    slices: Vec<slices::Rows>,
}

pub(super) async fn run(evaluation: &Evaluation<'_>, findings: &mut Findings) {
    let plan = evaluation.request.plan.holdout.clone();
    if evaluation.table.is_none() {
        if plan.dataset.is_some() {
            findings.push(Group::Holdout.named("holdout").fail("the dataset is not there"));
        }
        return;
    }
    let answers = match answers(evaluation, &plan).await {
        Ok(answers) => answers,
        Err(fault) => return findings.push(Group::Holdout.named("holdout").fail(fault)),
    };
    // Seconds of arithmetic for a large holdout: not on the threads that answer requests.
    let judged = tokio::task::spawn_blocking(move || evaluate(answers, &plan)).await;
    match judged {
        Ok((evaluations, checks)) => {
            findings.evaluations.extend(evaluations);
            findings.checks.extend(checks);
        }
        Err(error) => findings.push(Group::Holdout.named("holdout").fail(error.to_string())),
    }
}

async fn answers(evaluation: &Evaluation<'_>, plan: &Holdout) -> Result<Answers, String> {
    let request = evaluation.request;
    let label = evaluation.label().ok_or(
        "the dataset has no label column; name it when pushing: dataset push --label COLUMN",
    )?;
    let labels = label.texts().ok_or_else(|| format!("label {:?} is no scalar", label.name))?;
    let table = evaluation.table.ok_or("there is no dataset")?;
    let slices = slices::rows(table, &plan.slices)?;
    let candidate = read(evaluation, evaluation.client).await?;
    let incumbent = match &request.incumbent {
        Some(subject) => {
            let client =
                Client::new(subject, &request.limits).map_err(|error| error.to_string())?;
            let reading = read(evaluation, &client).await;
            Some(reading.map_err(|fault| format!("the incumbent: {fault}"))?)
        }
        None => None,
    };
    Ok(Answers {
        ground_labels: labels.into_iter().map(std::borrow::Cow::into_owned).collect(),
        ground_numbers: label.numbers(),
        candidate,
        incumbent,
        slices,
    })
}

async fn read(evaluation: &Evaluation<'_>, client: &Client) -> Result<Reading, String> {
    let feed = evaluation.feed(client).ok_or("there is no dataset")?;
    let feed = feed.map_err(|error| error.to_string())?;
    let outputs = predict(client, &feed, &evaluation.request.limits).await?;
    Reading::of(&outputs, feed.rows())
}

/// The answers to all rows, in batches, a bounded number of them in flight.
pub(super) async fn predict(
    client: &Client,
    feed: &Feed<'_>,
    limits: &Limits,
) -> Result<Vec<Output>, String> {
    let batch = match feed.batch() {
        Batch::Any => limits.batch_rows.max(1),
        Batch::One => 1,
    };
    let rows = feed.rows();
    let ranges = (0..rows).step_by(batch).map(|start| start..rows.min(start + batch));
    let asked = stream::iter(ranges).map(|range| ask(client, feed, range));
    let mut answers = asked.buffered(limits.in_flight.max(1));
    let mut all: Option<Vec<Output>> = None;
    while let Some(answer) = answers.try_next().await? {
        let Some(before) = &mut all else {
            all = Some(answer);
            continue;
        };
        if before.len() != answer.len() {
            return Err("two batches were answered with different outputs".to_owned());
        }
        for (output, next) in before.iter_mut().zip(answer) {
            output.append(next)?;
        }
    }
    all.ok_or_else(|| "there are no rows".to_owned())
}

async fn ask(client: &Client, feed: &Feed<'_>, rows: Range<usize>) -> Result<Vec<Output>, String> {
    let answer = client.infer_patiently(&feed.request(&rows)).await;
    answer.map_err(|error| format!("rows {} to {}: {error}", rows.start + 1, rows.end))
}

fn evaluate(answers: Answers, plan: &Holdout) -> (Vec<report::Evaluation>, Vec<report::Check>) {
    let readings: Vec<&Reading> =
        std::iter::once(&answers.candidate).chain(&answers.incumbent).collect();
    let ground = Ground::new(&answers.ground_labels, answers.ground_numbers, &readings);
    let candidate = ground.know(answers.candidate);
    let incumbent = answers.incumbent.map(|reading| ground.know(reading));
    let all: Vec<usize> = (0..answers.ground_labels.len()).collect();
    let whole = slices::Rows { value: None, max_drop: None, rows: all };
    let (mut evaluations, mut checks) = (Vec::new(), Vec::new());
    for rows in std::iter::once(&whole).chain(&answers.slices) {
        for metric in &plan.metrics {
            let measure = |known| metric::measure(metric.name, &ground, known, &rows.rows);
            let measured = measure(&candidate).and_then(|candidate| {
                let incumbent = incumbent.as_ref().map(measure).transpose();
                Ok((candidate, incumbent.map_err(|fault| format!("the incumbent: {fault}"))?))
            });
            let metric = judged_by(metric, rows);
            match measured {
                Ok((candidate, incumbent)) => {
                    let evaluation = measured_on(rows, &metric, &candidate, incumbent.as_ref());
                    checks.extend(judge::check(&evaluation));
                    evaluations.push(evaluation);
                }
                Err(fault) => checks.extend(judge::undefined(&metric, rows, &fault)),
            }
        }
    }
    (evaluations, checks)
}

/// A slice gates only with a limit of its own.
fn judged_by(metric: &Metric, rows: &slices::Rows) -> Metric {
    match rows.value {
        None => metric.clone(),
        Some(_) => Metric { name: metric.name, min: None, max_drop: rows.max_drop },
    }
}

fn measured_on(
    rows: &slices::Rows,
    metric: &Metric,
    candidate: &Measured,
    incumbent: Option<&Measured>,
) -> report::Evaluation {
    let bound = incumbent.and_then(|it| metric::lower_bound(metric.name, candidate, it));
    report::Evaluation {
        metric: metric.name,
        slice: rows.value.clone(),
        rows: rows.rows.len(),
        candidate: candidate.value(),
        incumbent: incumbent.and_then(Measured::value),
        drop_bound: bound,
        min: metric.min,
        max_drop: metric.max_drop,
    }
}
