//! Contract tests: the behaviour every served model owes its clients, each a check of its own.

mod budget;
mod concurrency;
mod golden;
mod malformed;
mod metadata;
mod stability;

use super::answer::Output;
use super::client::Client;
use super::report::{Findings, Group, Naming};
use super::request::Request;
use crate::dataset::{Feed, Table};
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
        self.client.infer_patiently(&self.rows(rows)).await.map_err(|error| error.to_string())
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
