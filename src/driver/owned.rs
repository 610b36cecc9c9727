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
        if self.policies_of(model).await?.iter().any(moves) {
            return Ok(true);
        }
        for endpoint in self.store.endpoints().await? {
            let serves = endpoint.settings.model == *model;
            if serves
                && self.store.policy_of(&endpoint.name).await?.is_none()
                && built_in(&endpoint.name).as_ref().is_ok_and(moves)
            {
                return Ok(true);
            }
        }
        Ok(false)
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
