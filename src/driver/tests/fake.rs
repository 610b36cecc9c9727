//! A world without deployments: what is wanted is so.

use super::bench::endpoint;
use crate::world::{Deployment, Observed, State, Wanted, World};
use seatrial_domain::telemetry::{Latch, LatchCause};
use seatrial_domain::{EndpointName, Share, VersionNumber, VersionRef};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Everything wanted is so at once, but for the versions that do not load.
#[derive(Debug, Default)]
pub(super) struct Fake {
    inner: Mutex<Inner>,
    /// Told when a share was set to zero.
    pub(super) zeroed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    observed: BTreeMap<EndpointName, Observed>,
    wanted: BTreeMap<EndpointName, Wanted>,
    broken: BTreeSet<VersionNumber>,
}

impl Fake {
    pub(super) fn break_loads_of(&self, version: &VersionRef) {
        self.lock().broken.insert(version.number);
    }

    pub(super) fn mend(&self) {
        self.lock().broken.clear();
    }

    /// A version that is still loaded, whatever is wanted.
    pub(super) fn keeps(&self, version: &VersionRef) {
        let deployment = deployment(State::Ready { sessions: 1 });
        let mut inner = self.lock();
        let observed = inner.observed.entry(endpoint()).or_default();
        observed.deployments.push((version.clone(), deployment));
    }

    pub(super) fn latch(&self) -> Option<Latch> {
        self.lock().observed.get(&endpoint()).and_then(|observed| observed.latch)
    }

    pub(super) fn set_latch(&self, latch: Latch) {
        self.lock().observed.entry(endpoint()).or_default().latch = Some(latch);
    }

    pub(super) fn wanted(&self) -> Wanted {
        self.lock().wanted.get(&endpoint()).unwrap().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn deployment(state: State) -> Deployment {
    Deployment {
        state,
        private_url: None,
        in_flight: 0,
        memory_bytes: None,
        signature: None,
        probe: None,
    }
}

impl World for Fake {
    fn enforce(&self, wanted: &Wanted) {
        let mut inner = self.lock();
        let deployments = wanted.desired.deployments.iter().map(|deploy| {
            let state = if inner.broken.contains(&deploy.version.number) {
                State::Failed { why: "its blob is altered".to_owned() }
            } else {
                State::Ready { sessions: deploy.sessions }
            };
            (deploy.version.clone(), deployment(state))
        });
        let deployments = deployments.collect();
        inner.wanted.insert(wanted.endpoint.clone(), wanted.clone());
        let observed = inner.observed.entry(wanted.endpoint.clone()).or_default();
        let epoch = wanted.desired.route.epoch;
        let latched = observed.latch.is_some_and(|latch| epoch > latch.epoch)
            && wanted.desired.route.share > Share::ZERO;
        observed.deployments = deployments;
        if !latched {
            observed.acknowledged = Some(epoch);
            observed.latch = observed.latch.filter(|latch| epoch <= latch.epoch);
        }
    }

    fn observe(&self, endpoint: &EndpointName) -> Observed {
        self.lock().observed.get(endpoint).cloned().unwrap_or_default()
    }

    fn zero(&self, endpoint: &EndpointName, cause: LatchCause) {
        let mut inner = self.lock();
        let rollout = inner.wanted.get(endpoint).and_then(|wanted| wanted.rollout.as_ref());
        let rollout = rollout.unwrap().id;
        let observed = inner.observed.get_mut(endpoint).unwrap();
        let epoch = observed.acknowledged.unwrap();
        observed.latch.get_or_insert(Latch { rollout, epoch, cause });
        self.zeroed.notify_one();
    }
}
