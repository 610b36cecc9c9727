//! The holdout evaluation: both versions answer the same labelled rows through their own listeners,
//! and every metric is judged by its least value and by its paired bound, on the whole and by slice.

mod judge;
mod slices;
#[cfg(test)]
mod tests;

use super::client::Client;
use super::doing::Doing;
use super::metric::{self, Ground, Measured, Reading};
use super::pace::Manner;
use super::predict::predict;
use super::report::{self, Failure, Findings, Group};
use super::request::Request;
use crate::dataset::{self, Column, Feed, Table};
use seatrial_domain::plan::{Holdout, Metric};

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
            findings.push(Group::Holdout.named("holdout").error("the dataset is not there"));
        }
        return;
    }
    let answers = match answers(evaluation, &plan, &mut findings.doing).await {
        Ok(answers) => answers,
        Err(failure) => return findings.push(Group::Holdout.named("holdout").blame(failure)),
    };
    findings.doing = Doing::Metrics;
    // Seconds of arithmetic for a large holdout: not on the threads that answer requests.
    let judged = tokio::task::spawn_blocking(move || evaluate(answers, &plan)).await;
    match judged {
        Ok((evaluations, checks)) => {
            findings.evaluations.extend(evaluations);
            findings.checks.extend(checks);
        }
        Err(error) => findings.push(Group::Holdout.named("holdout").error(error.to_string())),
    }
}

async fn answers(
    evaluation: &Evaluation<'_>,
    plan: &Holdout,
    doing: &mut Doing,
) -> Result<Answers, Failure> {
    let request = evaluation.request;
    let unfit = |why: String| Failure::of_surroundings(why);
    let label = evaluation.label().ok_or_else(|| {
        let next = "name it when pushing: dataset push --label COLUMN";
        unfit(format!("the dataset has no label column; {next}"))
    })?;
    let labels =
        label.texts().ok_or_else(|| unfit(format!("label {:?} is no scalar", label.name)))?;
    let table = evaluation.table.ok_or_else(|| unfit("there is no dataset".to_owned()))?;
    let slices = slices::rows(table, &plan.slices).map_err(unfit)?;
    *doing = Doing::CandidatesHoldout;
    let brisk = Manner::Brisk { in_flight: request.limits.in_flight };
    let candidate = read(evaluation, evaluation.client, brisk).await?;
    *doing = Doing::IncumbentsHoldout;
    let incumbent = incumbent(evaluation).await?;
    Ok(Answers {
        ground_labels: labels.into_iter().map(std::borrow::Cow::into_owned).collect(),
        ground_numbers: label.numbers(),
        candidate,
        incumbent,
        slices,
    })
}

/// The incumbent answers clients with the very sessions that are asked here, and what it cannot
/// answer is not the candidate's fault.
async fn incumbent(evaluation: &Evaluation<'_>) -> Result<Option<Reading>, Failure> {
    let Some(subject) = &evaluation.request.incumbent else { return Ok(None) };
    let named = |why: &str| Failure::of_surroundings(format!("the incumbent: {why}"));
    let client = Client::new(subject, &evaluation.request.limits);
    let client = client.map_err(|error| named(&error.to_string()))?;
    let reading = read(evaluation, &client, Manner::Considerate).await;
    reading.map(Some).map_err(|failure| named(&failure.why))
}

async fn read(
    evaluation: &Evaluation<'_>,
    client: &Client,
    manner: Manner,
) -> Result<Reading, Failure> {
    let feed = evaluation.feed(client);
    let feed = feed.ok_or_else(|| Failure::of_surroundings("there is no dataset"))?;
    let feed = feed.map_err(|error| Failure::of_candidate(error.to_string()))?;
    let outputs = predict(client, &feed, &evaluation.request.limits, manner).await?;
    Reading::of(&outputs, feed.rows()).map_err(Failure::of_candidate)
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
            let measured = measure(&candidate).map_err(Failure::of_candidate);
            let measured = measured.and_then(|candidate| {
                let incumbent = incumbent.as_ref().map(measure).transpose();
                let named = |fault| Failure::of_surroundings(format!("the incumbent: {fault}"));
                Ok((candidate, incumbent.map_err(named)?))
            });
            let metric = judged_by(metric, rows);
            match measured {
                Ok((candidate, incumbent)) => {
                    let evaluation = measured_on(rows, &metric, &candidate, incumbent.as_ref());
                    checks.extend(judge::check(&evaluation));
                    evaluations.push(evaluation);
                }
                Err(failure) => checks.extend(judge::undefined(&metric, rows, &failure)),
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
