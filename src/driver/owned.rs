//! What of a model is the rollouts': the aliases that they move, and with a policy its stages.

use super::Driver;
use super::policies::built_in;
use seatrial_domain::ModelName;
use seatrial_domain::plan::Kind;
use seatrial_domain::policy::Policy;
use seatrial_domain::rollout;
use seatrial_store::storage;

impl Driver {
    /// Whether rollouts move this alias of the model: those of the policies applied for it, and on
    /// endpoints without one those of the built-in policy.
    pub async fn moves(&self, model: &ModelName, alias: &str) -> Result<bool, storage::Error> {
        let moves = |policy: &Policy| {
            if rollout::is_role(alias) {
                return true;
            }
            let plan = policy.plan(Kind::Promote, policy.endpoint()).ok();
            plan.is_some_and(|plan| plan.cutover.alias == alias)
        };
        Ok(self.ruling(model).await?.iter().any(moves))
    }

    /// Whether rollouts say how far the model's versions are.
    pub async fn manages(&self, model: &ModelName) -> Result<bool, storage::Error> {
        Ok(!self.ruling(model).await?.is_empty())
    }

    /// The policies applied for the model, and those of its endpoints that have none of their own.
    async fn ruling(&self, model: &ModelName) -> Result<Vec<Policy>, storage::Error> {
        let mut ruling = self.policies_of(model).await?;
        for endpoint in self.store.endpoints().await? {
            if endpoint.settings.model == *model
                && self.store.policy_of(&endpoint.name).await?.is_none()
            {
                ruling.extend(built_in(&endpoint.name).ok());
            }
        }
        Ok(ruling)
    }

    /// The policies of endpoints that serve the model.
    pub async fn policies_of(&self, model: &ModelName) -> Result<Vec<Policy>, storage::Error> {
        let mut of_model = Vec::new();
        for policy in self.applied().await?.iter() {
            if self.serves(policy.endpoint(), model).await? {
                of_model.push(policy.clone());
            }
        }
        Ok(of_model)
    }
}
