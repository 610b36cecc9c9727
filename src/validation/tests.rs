//! Validation against what it is for: the demo's models behind the real gateway, and servers that
//! break each promise of the contract in turn.

mod breach;
mod command;
mod digits;
mod evaluation;
mod fake;

use super::*;
use seatrial_domain::plan::Kind;
use seatrial_domain::tensor::Signature;
use seatrial_domain::{Digest, EndpointName, ModelName, VersionNumber, VersionRef, policy};

/// The default plan with this `validation` block.
fn plan(validation: &str) -> seatrial_domain::plan::Plan {
    let yaml = format!(
        "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: test}}\n\
         spec:\n  endpoint: digits\n  validation: {validation}\n"
    );
    let endpoint = EndpointName::new("digits").unwrap();
    policy::parse(&yaml).unwrap().plan(Kind::Promote, &endpoint).unwrap()
}

fn subject(url: String, number: u64, signature: Signature) -> Subject {
    let model = ModelName::new("digits").unwrap();
    let digest = Digest::of(&number.to_le_bytes());
    let version = VersionRef { model, number: VersionNumber(number), digest };
    Subject { url, model: EndpointName::new("digits").unwrap(), version, signature }
}

fn request(plan: seatrial_domain::plan::Plan, candidate: Subject) -> Request {
    Request {
        time_left: plan.validation_timeout,
        plan,
        candidate,
        incumbent: None,
        held: Vec::new(),
        holdout: None,
        expected: None,
        golden: None,
        command: None,
        memory_bytes: None,
        limits: Limits { body_bytes: 64 * 1024, ..Limits::default() },
    }
}

fn failed(report: &Report) -> Vec<&str> {
    let failed = report.checks.iter().filter(|check| check.verdict == Verdict::Failed);
    failed.map(|check| check.name.as_str()).collect()
}

fn check<'a>(report: &'a Report, name: &str) -> &'a Check {
    report.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name}"))
}
