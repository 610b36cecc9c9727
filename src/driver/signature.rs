//! The signature that a policy asks for: which key that is, and whether a version has it.

use super::Driver;
use super::command::Error;
use super::operator::storage;
use crate::signatures::Refusal;
use crate::world::State;
use seatrial_domain::plan::{Plan, RequiredSignature};
use seatrial_domain::{EndpointName, ModelName, VersionRef};
use seatrial_store::storage::Error as StorageError;

impl Driver {
    /// The signatures that the policies in force ask of every version of the model.
    pub async fn required_signatures(
        &self,
        model: &ModelName,
    ) -> Result<Vec<RequiredSignature>, StorageError> {
        let mut required = Vec::new();
        for policy in self.policies_of(model).await? {
            let in_force = self.store.policy_of(policy.endpoint()).await?;
            if in_force.is_some_and(|in_force| in_force.name == policy.name()) {
                required.extend(policy.signature().cloned());
            }
        }
        Ok(required)
    }

    /// The plan with the key that has the name now, and the candidate signed by it.
    pub(super) async fn signed(&self, plan: Plan, candidate: &VersionRef) -> Result<Plan, Error> {
        let Some(asked) = &plan.signature else { return Ok(plan) };
        let refused = |refusal| refused(candidate, refusal);
        let pinned = self.signatures.pin(asked).map_err(refused)?;
        let version = self.store.version(&candidate.model, candidate.number).await;
        let manifest = version.map_err(storage)?.manifest;
        self.signatures.check(&manifest, &pinned, None).await.map_err(refused)?;
        Ok(Plan { signature: Some(pinned), ..plan })
    }

    /// As [`Driver::signed`], on the way back: what is loaded was let in before, and nothing is
    /// asked of it again.
    pub(super) async fn signed_or_loaded(
        &self,
        plan: Plan,
        endpoint: &EndpointName,
        candidate: &VersionRef,
    ) -> Result<Plan, Error> {
        let observed = self.world.observe(endpoint);
        let loaded = observed.deployment(candidate).is_some_and(|found| match found.state {
            State::Ready { .. } => true,
            State::Loading | State::Failed { .. } => false,
        });
        if loaded {
            return Ok(Plan { signature: None, ..plan });
        }
        self.signed(plan, candidate).await
    }
}

fn refused(version: &VersionRef, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Storage(error) => storage(error),
        Refusal::UnknownKey { .. }
        | Refusal::Exchanged { .. }
        | Refusal::Unsigned { .. }
        | Refusal::Forged { .. } => {
            Error::Signature { version: version.clone(), refusal: Box::new(refusal) }
        }
    }
}
