//! One version's deployment: loading, ready, failed, and when it is tried again.

use super::private::Listener;
use super::swap::{Swap, Zeros};
use crate::clock;
use crate::world;
use seatrial_runtime::{Backend, OnnxModel};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// How a load ended.
#[derive(Debug)]
pub(super) enum Phase {
    Loaded { model: Arc<OnnxModel>, memory_bytes: Option<u64> },
    Failed { why: String },
}

#[derive(Debug, Default)]
pub(super) struct Deployment {
    backend: Arc<Swap>,
    loading: Option<Loading>,
    failed: Option<Failure>,
    memory_bytes: Option<u64>,
    pub(super) listener: Option<Listener>,
    pub(super) probe: Probe,
}

/// One load of one deployment: a late result is not taken for another deployment's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoadId(u64);

/// The load under way; it ends with whoever wanted it.
#[derive(Debug)]
struct Loading {
    id: LoadId,
    task: Option<AbortHandle>,
}

impl Drop for Loading {
    fn drop(&mut self) {
        // One that has ended takes no notice.
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

static LOADS: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
struct Failure {
    why: String,
    retry_at: Instant,
    wait: Duration,
}

/// The standby's last probe.
#[derive(Debug, Default)]
pub(super) struct Probe {
    pub(super) begun: Option<Instant>,
    pub(super) ended: Option<Result<(), String>>,
}

impl Deployment {
    /// What its model made of zeros when it was loaded.
    pub(super) fn zeros(&self) -> Zeros {
        self.backend.zeros()
    }

    pub(super) fn backend(&self) -> Arc<dyn Backend> {
        Arc::<Swap>::clone(&self.backend)
    }

    fn sessions(&self) -> u32 {
        u32::try_from(self.backend.sessions()).unwrap_or(u32::MAX)
    }

    /// Whether fewer than `sessions` are there and none are on their way. A failed load is tried
    /// again after a while, longer each time.
    pub(super) fn needs_load(&self, sessions: u32) -> bool {
        let waiting = self.failed.as_ref().is_some_and(|f| clock::monotonic() < f.retry_at);
        self.sessions() < sessions && self.loading.is_none() && !waiting
    }

    pub(super) fn begin_load(&mut self) -> LoadId {
        let id = LoadId(LOADS.fetch_add(1, Ordering::Relaxed));
        self.loading = Some(Loading { id, task: None });
        id
    }

    /// The load that was begun is this task's: it is not loaded for nobody.
    pub(super) fn loads_by(&mut self, task: AbortHandle) {
        if let Some(loading) = &mut self.loading {
            loading.task = Some(task);
        }
    }

    pub(super) fn end_load(&mut self, load: LoadId, phase: Phase) {
        if self.loading.take_if(|loading| loading.id == load).is_none() {
            return;
        }
        match phase {
            Phase::Loaded { model, memory_bytes } => {
                self.backend.put(model);
                self.memory_bytes = self.memory_bytes.or(memory_bytes);
                self.failed = None;
            }
            Phase::Failed { why } => {
                let before = self.failed.as_ref().map(|failure| failure.wait);
                let wait = before.map_or(RETRY_FIRST, |wait| (wait * 2).min(RETRY_MAX));
                self.failed = Some(Failure { why, retry_at: clock::monotonic() + wait, wait });
            }
        }
    }

    /// Outside a stability window nothing is probed, and an old probe says nothing.
    pub(super) fn forget_probe(&mut self) {
        self.probe = Probe::default();
    }

    /// Ready, or failed: waiting any longer changes nothing soon.
    pub(super) fn is_settled(&self) -> bool {
        self.backend.ready() || self.failed.is_some()
    }

    pub(super) fn observed(&self) -> world::Deployment {
        let state = match (&self.failed, self.backend.ready()) {
            (_, true) => world::State::Ready { sessions: self.sessions() },
            (Some(failure), false) => world::State::Failed { why: failure.why.clone() },
            (None, false) => world::State::Loading,
        };
        let signature = self.backend.ready().then(|| self.backend.signature().clone());
        world::Deployment {
            state,
            private_url: self.listener.as_ref().and_then(Listener::url),
            in_flight: 0,
            memory_bytes: self.memory_bytes,
            signature,
            probe: self.probe.ended.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::Tasks;

    #[tokio::test]
    async fn a_load_ends_with_the_deployment_it_is_for() {
        let mut deployment = Deployment::default();
        let _load = deployment.begin_load();
        let task = Tasks::default().spawn("load", std::future::pending());
        deployment.loads_by(task.abort_handle());
        drop(deployment);
        assert!(task.await.unwrap_err().is_cancelled());
    }
}
