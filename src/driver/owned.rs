//! What of a model is the rollouts': the aliases that they move, and with a policy its stages.

use super::Driver;
use super::policies::built_in;
use seatrial_domain::ModelName;
use seatrial_domain::endpoint::Endpoint;
use seatrial_domain::plan::{Kind, Plan};
use seatrial_domain::policy::Policy;
use seatrial_domain::rollout;
use seatrial_store::storage;
use std::sync::Arc;

impl Driver {
    /// Whether rollouts move this alias of the model: those that have not ended, by the plans that they
    /// began with, and those to come, by the policies in force.
    pub async fn moves(&self, model: &ModelName, alias: &str) -> Result<bool, storage::Error> {
        let ruling = self.ruling(model).await?;
        Ok(ruling.iter().any(|plan| rollout::is_role(alias) || plan.cutover.alias == alias))
    }

    /// Whether rollouts say how far the model's versions are.
    pub async fn manages(&self, model: &ModelName) -> Result<bool, storage::Error> {
        Ok(!self.ruling(model).await?.is_empty())
    }

    /// The plans of the model's rollouts that have not ended, of its policies, and of those of its
    /// endpoints that have no policy of their own.
    async fn ruling(&self, model: &ModelName) -> Result<Vec<Arc<Plan>>, storage::Error> {
        let open = self.store.open_rollouts().await?;
        let open = open.into_iter().map(|stored| stored.rollout);
        let under_way = open.filter(|rollout| rollout.candidate.model == *model);
        let mut ruling = under_way.map(|rollout| rollout.plan).collect::<Vec<_>>();
        let mut policies = self.policies_of(model).await?;
        for endpoint in self.store.endpoints().await? {
            if concerns(&endpoint, model) && self.store.policy_of(&endpoint.name).await?.is_none() {
                policies.extend(built_in(&endpoint.name).ok());
            }
        }
        let plan =
            |policy: &Policy| policy.plan(Kind::Promote, policy.endpoint()).ok().map(Arc::new);
        ruling.extend(policies.iter().filter_map(plan));
        Ok(ruling)
    }

    /// The policies of endpoints that are to serve the model, or do so now. One that is not there yet
    /// will serve the model of its own name.
    pub async fn policies_of(&self, model: &ModelName) -> Result<Vec<Policy>, storage::Error> {
        let applied = self.applied().await?;
        if applied.is_empty() {
            return Ok(Vec::new());
        }
        let endpoints = self.store.endpoints().await?;
        let of_model = |policy: &&Policy| {
            let found = endpoints.iter().find(|endpoint| endpoint.name == *policy.endpoint());
            found.map_or(policy.endpoint().as_str() == model.as_str(), |it| concerns(it, model))
        };
        Ok(applied.iter().filter(of_model).cloned().collect())
    }
}

fn concerns(endpoint: &Endpoint, model: &ModelName) -> bool {
    let serving = endpoint.serving.as_ref().map(|serving| &serving.model);
    serving == Some(model) || endpoint.settings.model == *model
}
