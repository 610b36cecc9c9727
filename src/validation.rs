//! Validation: everything that must hold before a live request reaches a candidate, asked through
//! the staging deployment's own inference protocol.
//!
//! Owns the holdout evaluation, the expected predictions, the contract tests and the running of
//! the user's own command. Refuses to load models and to know of rollouts: it is given addresses,
//! files and a plan, and gives back a [`Report`]. No data is never a pass: what was asked for and
//! could not be computed fails.

mod answer;
mod brief;
mod client;
mod command;
mod contract;
mod doing;
mod expected;
mod holdout;
mod metric;
mod pace;
mod predict;
mod report;
mod request;
mod summary;
mod synthetic;
#[cfg(test)]
mod tests;
mod tolerance;

pub use command::Output;
pub use report::{Check, Evaluation, Figure, Group, Outcome, Report, SliceValue, Verdict};
pub use request::{Limits, Request, Subject};

use crate::dataset::{self, Feed, File, Table};
use client::Client;
use contract::Trial;
use doing::Doing;
use report::Findings;
use tokio::time::timeout;

/// Runs every check of the plan and reports them all; the first failure is the outcome's `why`.
/// Ends within the time that is left of the plan's `validation_timeout`. Dropping the future leaves nothing behind: requests
/// are abandoned and the user's command is killed.
pub async fn validate(request: Request) -> Report {
    let mut findings = Findings::default();
    let running = Box::pin(run(&request, &mut findings));
    if timeout(request.time_left, running).await.is_err() {
        findings.push(findings.doing.late(request.plan.validation_timeout));
    }
    summary::report(findings, &request.plan)
}

async fn run(request: &Request, findings: &mut Findings) {
    let client = match Client::new(&request.candidate, &request.limits) {
        Ok(client) => client,
        Err(error) => {
            return findings.push(Group::Contract.named("client").fail(error.to_string()));
        }
    };
    let files = [&request.holdout, &request.expected, &request.golden];
    let mut tables = Vec::with_capacity(files.len());
    for file in files {
        match read(file.as_ref(), request.limits.dataset).await {
            Ok(table) => tables.push(table),
            Err(error) => return findings.push(Group::Holdout.named("dataset").error(error)),
        }
    }
    let [holdout, expected, golden] = tables.as_slice() else { return };
    let evaluation = holdout::Evaluation { request, client: &client, table: holdout.as_ref() };
    findings.doing = Doing::Contract;
    contract_tests(request, &client, &evaluation, golden.as_ref(), findings).await;
    holdout::run(&evaluation, findings).await;
    if let Some(expected) = expected {
        findings.doing = Doing::Expected;
        findings.push(expected::check(&evaluation, expected).await);
    }
    if let Some(own) = &request.command {
        findings.doing = Doing::Command;
        command::check(own, &request.candidate, findings).await;
    }
}

/// On the holdout's rows where there are any, else on inputs made from the signature.
async fn contract_tests(
    request: &Request,
    client: &Client,
    evaluation: &holdout::Evaluation<'_>,
    golden: Option<&Table>,
    findings: &mut Findings,
) {
    let made;
    let feed = match evaluation.feed(client) {
        Some(feed) => feed.map_err(|error| error.to_string()),
        None => {
            made = synthetic::table(&client.signature);
            made.as_ref().map_err(Clone::clone).and_then(|made| synthetic_feed(made, client))
        }
    };
    let feed = match feed {
        Ok(feed) => feed,
        Err(fault) => return findings.push(Group::Contract.named("inputs").fail(fault)),
    };
    let trial = Trial { request, client, feed };
    contract::run(&trial, golden, findings).await;
}

fn synthetic_feed<'a>(made: &'a Table, client: &Client) -> Result<Feed<'a>, String> {
    dataset::feed(made, &client.signature, &[]).map_err(|error| error.to_string())
}

async fn read(file: Option<&File>, limits: dataset::Limits) -> Result<Option<Table>, String> {
    let Some(file) = file.cloned() else { return Ok(None) };
    let reading =
        tokio::task::spawn_blocking(move || dataset::read(&file.path, file.format, limits)).await;
    let table = reading.map_err(|error| error.to_string())?;
    table.map(Some).map_err(|error| error.to_string())
}
