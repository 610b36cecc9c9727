//! What a user writes about rollouts, and the plan that one rollout runs.
//!
//! Owns the schema, its defaults and its faults: every fault of a file is found at once, with its
//! place. Refuses to ignore anything: unknown names are faults, and a field whose effect isn't
//! built yet makes [`Policy::plan`] refuse.

mod analysis;
mod checks;
mod fault;
mod fields;
pub mod forecast;
mod limits;
mod node;
pub mod planned;
pub mod quantity;
mod room;
mod settle;
mod shadow;
mod slices;
mod spec;
mod stages;
mod traffic;
mod trigger;
mod units;
mod validation;
mod value;
mod weights;

pub use fault::{Error, Fault, Position};
pub use node::SIZE_MAX;
pub use planned::{Planned, fields as planned_fields};
pub use trigger::{Tag, Trigger};

use crate::plan::{Kind, Plan, RequiredSignature};
use crate::{Digest, EndpointName, Share};
use fault::{Report, Spot};
use value::Value;

/// A valid policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    trigger: Trigger,
    planned: Vec<Planned>,
    source: Digest,
    plan: Plan,
}

/// Why a policy gives no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It uses fields whose effect isn't built yet; each is named.
    #[error("{}", lines(.0))]
    Planned(Vec<Planned>),
    /// It was written for another endpoint.
    #[error("the policy is for endpoint {of}, not {asked}")]
    Endpoint { of: EndpointName, asked: EndpointName },
}

fn lines(planned: &[Planned]) -> String {
    planned.iter().map(Planned::to_string).collect::<Vec<_>>().join("\n")
}

/// Reads a policy.
///
/// # Errors
/// Every fault found, in the file's order.
pub fn parse(yaml: &str) -> Result<Policy, Error> {
    let report = Report::default();
    let document = match node::read(yaml) {
        Ok(root) => {
            let spot = Spot { at: root.at, path: String::new() };
            spec::document(&Value::new(&root, spot, &report))
        }
        Err(fault) => {
            report.add(fault);
            None
        }
    };
    let source = Digest::of(yaml.as_bytes());
    let policy = document.map(|document| Policy {
        trigger: document.trigger,
        planned: document.planned,
        source,
        plan: document.plan,
    });
    report.finish(yaml, policy)
}

impl Policy {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.plan.policy
    }

    /// The endpoint whose rollouts it rules.
    pub const fn endpoint(&self) -> &EndpointName {
        &self.plan.endpoint
    }

    /// What starts a rollout by itself.
    pub const fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// The signature that every version must have.
    pub const fn signature(&self) -> Option<&RequiredSignature> {
        self.plan.signature.as_ref()
    }

    /// The digest of the file as it was written.
    pub const fn source(&self) -> &Digest {
        &self.source
    }

    /// The planned fields it uses; a policy that uses any gives no plan.
    pub fn planned(&self) -> &[Planned] {
        &self.planned
    }

    /// The plan of one rollout. Without an incumbent (`First`) and back to a known-good version
    /// (`Restore`) there are no gates and no holdback; `Restore` has no checks either.
    ///
    /// # Errors
    /// [`Refusal::Planned`], [`Refusal::Endpoint`].
    pub fn plan(&self, kind: Kind, endpoint: &EndpointName) -> Result<Plan, Refusal> {
        if !self.planned.is_empty() {
            return Err(Refusal::Planned(self.planned.clone()));
        }
        if endpoint != self.endpoint() {
            return Err(Refusal::Endpoint { of: self.endpoint().clone(), asked: endpoint.clone() });
        }
        let mut plan = Plan { kind, ..self.plan.clone() };
        match kind {
            Kind::Promote => {}
            Kind::First => {
                plan.gates.clear();
                plan.stability.holdback = Share::ZERO;
            }
            Kind::Restore => {
                plan.gates.clear();
                plan.stability.holdback = Share::ZERO;
                plan.stability.checks.clear();
            }
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests;
