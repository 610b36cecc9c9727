//! Everything in this process: deployments are sessions of ONNX Runtime, the route is the
//! gateway's table. Capacity is the session pool.

mod artifact;
mod deployment;
mod load;
mod private;
mod probe;
mod swap;
#[cfg(test)]
mod tests;

use super::{Observed, Wanted, World};
use crate::tasks::Tasks;
use deployment::{Deployment, LoadId, Phase};
use seatrial_domain::rollout::{Pool, Route};
use seatrial_domain::telemetry::LatchCause;
use seatrial_domain::{EndpointName, Epoch, Share, VersionRef};
use seatrial_gateway::{Gateway, RolloutRoute, RouteTable, Target};
use seatrial_store::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

pub use load::Loader;

/// The embedded world. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Embedded {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    gateway: Gateway,
    store: Store,
    loader: Loader,
    tasks: Tasks,
    /// Told whenever an observation may have changed.
    changed: Arc<Notify>,
    endpoints: Mutex<HashMap<EndpointName, Endpoint>>,
}

#[derive(Debug, Default)]
struct Endpoint {
    deployments: HashMap<VersionRef, Deployment>,
    acknowledged: Option<Epoch>,
    /// A move to share zero that was ordered before any table was in force.
    zeroed: Option<LatchCause>,
}

impl Embedded {
    /// A world in which nothing is deployed yet.
    pub fn new(
        gateway: Gateway,
        store: Store,
        loader: Loader,
        tasks: Tasks,
        changed: Arc<Notify>,
    ) -> Self {
        let endpoints = Mutex::default();
        Self { inner: Arc::new(Inner { gateway, store, loader, tasks, changed, endpoints }) }
    }

    fn with<R>(&self, name: &EndpointName, use_it: impl FnOnce(&mut Endpoint) -> R) -> R {
        let mut endpoints = self.inner.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        use_it(endpoints.entry(name.clone()).or_default())
    }

    /// Deploys what is wanted and forgets what is not. Dropping a deployment unloads it once the
    /// inferences still running in it have ended.
    fn deploy(&self, endpoint: &mut Endpoint, wanted: &Wanted) {
        let pool = |version: &VersionRef| {
            let mut deployments = wanted.desired.deployments.iter();
            deployments.find(|wanted| &wanted.version == version).map(|wanted| wanted.pool)
        };
        // What is kept for debugging is kept as it is: nothing is loaded for it, or tried again.
        endpoint.deployments.retain(|version, deployment| match pool(version) {
            Some(Pool::Kept) => deployment.backend().ready(),
            Some(Pool::Live | Pool::Staging | Pool::Shadow | Pool::Standby) => true,
            None => false,
        });
        for each in wanted.desired.deployments.iter().filter(|each| each.pool != Pool::Kept) {
            let deployment = endpoint.deployments.entry(each.version.clone()).or_default();
            if deployment.needs_load(each.sessions) {
                let load = deployment.begin_load();
                let task = self.load(wanted, each, load);
                deployment.loads_by(task.abort_handle());
            }
            self.listen_privately(wanted, &each.version, deployment);
            match wanted.probe_every {
                Some(every) => self.probe(&wanted.endpoint, &each.version, deployment, every),
                None => deployment.forget_probe(),
            }
        }
    }

    /// Installs the table, once whoever it sends requests to can take them. Share zero waits for
    /// nobody: a failed incumbent is no reason to keep a candidate.
    fn route(&self, endpoint: &mut Endpoint, wanted: &Wanted) {
        let route = &wanted.desired.route;
        if endpoint.acknowledged.is_none() {
            self.announce(wanted);
        }
        let late = endpoint.acknowledged >= Some(route.epoch);
        if late || !ready_for(endpoint, route) || self.is_latched(wanted) {
            return;
        }
        match self.inner.gateway.install(table(endpoint, wanted)) {
            Ok(epoch) => {
                endpoint.acknowledged = Some(epoch);
                if let Some(cause) = endpoint.zeroed.take() {
                    self.inner.gateway.zero(&wanted.endpoint, cause);
                }
            }
            Err(error) => {
                tracing::error!(endpoint = %wanted.endpoint, %error, "routing table refused");
            }
        }
    }

    /// Makes the endpoint known before its first table: until then it is unavailable, not unknown.
    fn announce(&self, wanted: &Wanted) {
        let empty = RouteTable {
            endpoint: wanted.endpoint.clone(),
            epoch: Epoch(0),
            settings: wanted.settings.clone(),
            incumbent: None,
            candidate: None,
            pinned: Vec::new(),
            rollout: None,
        };
        if let Err(error) = self.inner.gateway.install(empty) {
            tracing::error!(endpoint = %wanted.endpoint, %error, "empty routing table refused");
        }
    }

    /// Whether the gateway set this rollout's share to zero under an earlier table, and a share
    /// above zero is wanted: the larger epoch would clear the latch before anybody has written down
    /// why it was set. Over a table of its own epoch the latch holds, so that one may go in force.
    fn is_latched(&self, wanted: &Wanted) -> bool {
        let route = &wanted.desired.route;
        let rollout = wanted.rollout.as_ref().map(|rollout| rollout.id);
        self.inner.gateway.latch(&wanted.endpoint).is_some_and(|latch| {
            Some(latch.rollout) == rollout && route.epoch > latch.epoch && route.share > Share::ZERO
        })
    }
}

/// Whether the arms with a share are settled: ready, or failed for good.
fn ready_for(endpoint: &Endpoint, route: &Route) -> bool {
    let settled = |version: &Option<VersionRef>| {
        version.as_ref().is_none_or(|version| {
            endpoint.deployments.get(version).is_some_and(Deployment::is_settled)
        })
    };
    let known = |version: &Option<VersionRef>| {
        version.as_ref().is_none_or(|version| endpoint.deployments.contains_key(version))
    };
    // After a restart nobody is served yet, so nobody is kept waiting by a load.
    let serves = endpoint.acknowledged.is_some();
    if serves && route.share == Share::ZERO && route.candidate.is_none() {
        return known(&route.incumbent);
    }
    settled(&route.incumbent) && settled(&route.candidate)
}

fn table(endpoint: &Endpoint, wanted: &Wanted) -> RouteTable {
    let route = &wanted.desired.route;
    let target = |version: &VersionRef| {
        let deployment = endpoint.deployments.get(version)?;
        Some(Target { version: version.clone(), backend: deployment.backend() })
    };
    RouteTable {
        endpoint: wanted.endpoint.clone(),
        epoch: route.epoch,
        settings: wanted.settings.clone(),
        incumbent: route.incumbent.as_ref().and_then(target),
        candidate: route.candidate.as_ref().and_then(target),
        pinned: route.pinned.iter().filter_map(target).collect(),
        rollout: wanted.rollout.clone().map(|rollout| RolloutRoute {
            id: rollout.id,
            kind: rollout.kind,
            gate: route.gate,
            share: route.share,
            salt: rollout.salt,
            counting: rollout.counting,
            routing: rollout.routing,
            guardrails: rollout.guardrails,
            slices: rollout.slices,
            watches: rollout.watches,
            shadow: rollout.shadow,
        }),
    }
}

impl World for Embedded {
    fn enforce(&self, wanted: &Wanted) {
        self.with(&wanted.endpoint, |endpoint| {
            self.deploy(endpoint, wanted);
            self.route(endpoint, wanted);
        });
    }

    fn observe(&self, name: &EndpointName) -> Observed {
        let latch = self.inner.gateway.latch(name);
        let mut observed = self.with(name, |endpoint| Observed {
            acknowledged: endpoint.acknowledged,
            deployments: endpoint
                .deployments
                .iter()
                .map(|(version, deployment)| (version.clone(), deployment.observed()))
                .collect(),
            latch,
        });
        for (version, deployment) in &mut observed.deployments {
            deployment.in_flight = self.inner.gateway.in_flight(name, version.number);
        }
        observed
    }

    fn zero(&self, name: &EndpointName, cause: LatchCause) {
        self.with(name, |endpoint| {
            if endpoint.acknowledged.is_none() {
                endpoint.zeroed = Some(cause);
            }
        });
        self.inner.gateway.zero(name, cause);
    }
}

impl Embedded {
    /// Records how a load ended, unless it is not wanted any more.
    fn loaded(&self, name: &EndpointName, version: &VersionRef, load: LoadId, phase: Phase) {
        self.with(name, |endpoint| {
            if let Some(deployment) = endpoint.deployments.get_mut(version) {
                deployment.end_load(load, phase);
            }
        });
        self.inner.changed.notify_one();
    }
}
