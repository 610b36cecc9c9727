//! Which policy rules a rollout: the one named, the one applied for its endpoint, or the built-in one.

use super::Driver;
use super::command::{Error, Missing};
use super::operator::storage;
use seatrial_domain::EndpointName;
use seatrial_domain::plan::{Kind, Plan};
use seatrial_domain::policy::Policy;

/// The built-in policy's name.
const STANDARD: &str = "standard";

impl Driver {
    /// The policy last applied for the endpoint, else the built-in one.
    pub(super) async fn policy_for(&self, endpoint: &EndpointName) -> Result<Policy, Error> {
        match self.store.policy_of(endpoint).await.map_err(storage)? {
            Some(stored) => parse(&stored.yaml),
            None => built_in(endpoint),
        }
    }

    /// A policy that was applied, by its name; the built-in one is named `standard`.
    pub(super) async fn policy_named(
        &self,
        name: &str,
        endpoint: &EndpointName,
    ) -> Result<Policy, Error> {
        match self.store.policy(name).await.map_err(storage)? {
            Some(stored) => parse(&stored.yaml),
            None if name == STANDARD => built_in(endpoint),
            None => Err(Error::NotFound { what: Missing::Policy, name: name.to_owned() }),
        }
    }
}

/// The policy of an endpoint that has none: every field at its default.
pub(super) fn built_in(endpoint: &EndpointName) -> Result<Policy, Error> {
    parse(&format!(
        "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {{name: {STANDARD}}}\n\
         spec: {{endpoint: {endpoint}}}\n"
    ))
}

fn parse(yaml: &str) -> Result<Policy, Error> {
    seatrial_domain::policy::parse(yaml)
        .map_err(|error| Error::Invalid { field: "policy", fault: error.to_string() })
}

pub(super) fn plan(policy: &Policy, kind: Kind, endpoint: &EndpointName) -> Result<Plan, Error> {
    policy
        .plan(kind, endpoint)
        .map_err(|error| Error::Invalid { field: "policy", fault: error.to_string() })
}
