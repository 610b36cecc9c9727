//! Who else needs the version that a rollout is about to retire. Owns no decision: it names them.

#[cfg(test)]
mod tests;

use super::Driver;
use seatrial_domain::VersionRef;
use seatrial_domain::endpoint::Endpoint;
use seatrial_domain::rollout::{Rollout, Stage};

/// What may refer to a version.
struct Others {
    endpoints: Vec<Endpoint>,
    /// Queued and running.
    rollouts: Vec<Rollout>,
    /// Those of the version.
    aliases: Vec<String>,
}

impl Driver {
    /// Whoever refers to the incumbent of a rollout that is about to retire it.
    pub(super) async fn referrer(&self, rollout: &Rollout) -> anyhow::Result<Option<String>> {
        let Some(incumbent) = &rollout.incumbent else { return Ok(None) };
        if rollout.stage != Stage::Decommissioning {
            return Ok(None);
        }
        let open = self.store.open_rollouts().await?;
        let others = Others {
            endpoints: self.store.endpoints().await?,
            rollouts: open.into_iter().map(|stored| stored.rollout).collect(),
            aliases: self.store.aliases_of((&incumbent.model, incumbent.number)).await?,
        };
        Ok(named(rollout, incumbent, others))
    }
}

/// The first that refers to `incumbent`, besides this endpoint and its own alias: a rollout that waits
/// here for its turn must not be waited for.
fn named(rollout: &Rollout, incumbent: &VersionRef, others: Others) -> Option<String> {
    let serving = others
        .endpoints
        .into_iter()
        .find(|other| other.name != rollout.endpoint && other.serving.as_ref() == Some(incumbent));
    if let Some(endpoint) = serving {
        return Some(format!("endpoint {} answers with it", endpoint.name));
    }
    let running = others.rollouts.into_iter().find(|other| {
        let versions = [Some(&other.candidate), other.incumbent.as_ref()];
        other.endpoint != rollout.endpoint && versions.contains(&Some(incumbent))
    });
    if let Some(other) = running {
        return Some(format!("rollout {} on {} needs it", other.id, other.endpoint));
    }
    let alias = others.aliases.into_iter().find(|alias| *alias != rollout.plan.cutover.alias);
    alias.map(|alias| format!("alias {alias} names it"))
}
