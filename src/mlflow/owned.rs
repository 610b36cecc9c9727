//! Refuses what belongs to rollouts on a model with a policy, and names the command that does it.

use super::error::{Error, Result};
use crate::api::Api;
use seatrial_domain::ModelName;

/// Refuses an alias that rollouts move.
pub(super) async fn refuse_owned(api: &Api, model: &ModelName, alias: &str) -> Result<()> {
    if !api.app.driver.moves(model, alias).await? {
        return Ok(());
    }
    Err(Error::denied(format!(
        "alias {alias} of {model} is moved by rollouts alone: \
         seatrial rollout start {model} VERSION"
    )))
}

/// Refuses to set by hand what rollouts set.
pub(super) async fn refuse_managed(api: &Api, model: &ModelName, what: &str) -> Result<()> {
    if api.app.driver.policies_of(model).await?.is_empty() {
        return Ok(());
    }
    Err(Error::denied(format!(
        "{what} of {model} are set by rollouts alone: seatrial rollout start {model} VERSION"
    )))
}
