//! Contract tests: the behaviour every served model owes its clients, each a check of its own.

mod budget;
mod concurrency;
mod golden;
mod malformed;
mod metadata;
mod stability;

use super::answer::Output;
use super::client::{Client, Error};
use super::report::{Findings, Group, Naming};
use super::request::Request;
use crate::dataset::{Batch, Feed, Table};
use seatrial_domain::plan::Switch;
use serde_json::Value;
use std::ops::Range;

/// One candidate on trial, with rows to ask it about.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    pub(super) request: &'a Request,
    pub(super) client: &'a Client,
    pub(super) feed: Feed<'a>,
}

impl Trial<'_> {
    fn rows(&self, rows: Range<usize>) -> Value {
        self.feed.request(&rows)
    }

    async fn ask(&self, rows: Range<usize>) -> Result<Vec<Output>, String> {
        self.try_ask(rows).await.map_err(|error| error.to_string())
    }

    async fn try_ask(&self, rows: Range<usize>) -> Result<Vec<Output>, Error> {
        let count = rows.len();
        self.client.infer_patiently(&self.rows(rows), count).await
    }

    /// Asks about the first `most` rows, or as many of them as the endpoint takes at once; how many
    /// they were, and the answer.
    async fn ask_first(&self, most: usize) -> Result<(usize, Vec<Output>), String> {
        let mut rows = match self.feed.batch() {
            Batch::Any => self.feed.rows().min(most),
            Batch::One => 1,
        };
        loop {
            match self.try_ask(0..rows).await {
                Ok(answer) => return Ok((rows, answer)),
                Err(error) if error.is_too_much() && rows > 1 => rows /= 2,
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

fn named(name: &str) -> Naming {
    Group::Contract.named(name)
}

fn switched_off(switch: Switch) -> bool {
    match switch {
        Switch::On => false,
        Switch::Off => true,
    }
}

/// In the order in which one fault makes the next ones likely.
pub(super) async fn run(trial: &Trial<'_>, golden: Option<&Table>, findings: &mut Findings) {
    findings.push(metadata::metadata(trial).await);
    findings.push(metadata::outputs(trial).await);
    if let Some(golden) = golden {
        findings.push(golden::check(trial, golden).await);
    }
    findings.push(stability::batch_invariance(trial).await);
    findings.push(stability::determinism(trial).await);
    malformed::run(trial, findings).await;
    findings.push(concurrency::check(trial).await);
    findings.push(budget::latency(trial).await);
    findings.push(budget::memory(trial));
}
