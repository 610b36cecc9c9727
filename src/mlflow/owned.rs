//! Refuses what belongs to rollouts on a model that they move, and names the command that does it.

use super::error::{Error, Result};
use crate::api::Api;
use seatrial_domain::ModelName;
use seatrial_domain::manifest::Manifest;

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
    if !api.app.driver.manages(model).await? {
        return Ok(());
    }
    Err(Error::denied(format!(
        "{what} of {model} are set by rollouts alone: seatrial rollout start {model} VERSION"
    )))
}

/// Refuses another name for, or to, a model that policies know by it: with its name would go what
/// they ask of its files, and what they own of its aliases.
pub(super) async fn refuse_renamed(api: &Api, model: &ModelName) -> Result<()> {
    match api.app.driver.policies_of(model).await?.first() {
        None => Ok(()),
        Some(policy) => {
            let policy = policy.name();
            Err(Error::state(format!("policy {policy} is for the model {model}, by its name")))
        }
    }
}

/// Refuses files that are not signed as the model's policies ask: no client sends a signature, but
/// files that were signed once are signed under every name.
pub(super) async fn refuse_unsigned(api: &Api, model: &ModelName, files: &Manifest) -> Result<()> {
    for asked in api.app.driver.required_signatures(model).await? {
        api.app.signatures.check(files, &asked, None).await?;
    }
    Ok(())
}
