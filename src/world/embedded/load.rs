//! Loading a version: verified bytes, a trial in a child process, then sessions in this one.

use super::deployment::{LoadId, Phase};
use super::{Embedded, artifact};
use crate::signatures::{Keys, Signatures};
use crate::world::Wanted;
use anyhow::Context as _;
use futures_util::FutureExt as _;
use seatrial_domain::plan::{Kind, RequiredSignature};
use seatrial_domain::rollout::{Pool, Wanted as Deploy};
use seatrial_domain::{EndpointName, VersionRef};
use seatrial_runtime::load::Level;
use seatrial_runtime::probe::Child;
use seatrial_runtime::{LoadOptions, OnnxModel, Source};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// How models come into this process.
#[derive(Debug, Clone)]
pub struct Loader {
    /// The trial, which suffers what a hostile file does.
    child: Child,
    keys: Keys,
    /// One at a time each: loading takes the processor from whoever serves.
    turns: Arc<Turns>,
}

/// Two lanes, so that no way back waits for the load of a version on its way forward.
#[derive(Debug)]
struct Turns {
    back: Semaphore,
    forward: Semaphore,
}

impl Loader {
    /// A loader whose trials run as `child`.
    pub fn new(child: Child) -> Self {
        let turns = Turns { back: Semaphore::new(1), forward: Semaphore::new(1) };
        Self { child, keys: Keys::default(), turns: Arc::new(turns) }
    }

    /// The same, which judges signatures by these keys.
    #[must_use]
    pub fn trusting(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }
}

impl Turns {
    const fn of(&self, lane: Lane) -> &Semaphore {
        match lane {
            Lane::Back => &self.back,
            Lane::Forward => &self.forward,
        }
    }
}

/// Which way a load leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    /// It answers clients, or is to: what serves, what stands by, what is restored.
    Back,
    /// It is on trial.
    Forward,
}

impl Lane {
    fn of(rollout: Option<Kind>, pool: Pool) -> Self {
        let restored = rollout == Some(Kind::Restore);
        match pool {
            Pool::Live | Pool::Standby => Self::Back,
            Pool::Staging | Pool::Shadow | Pool::Kept if restored => Self::Back,
            Pool::Staging | Pool::Shadow | Pool::Kept => Self::Forward,
        }
    }
}

/// What one load shall bring.
struct Ticket {
    sessions: u32,
    max_concurrency: u32,
    warmup: u32,
    deadline: Duration,
    progress_deadline: Duration,
    signed: Option<RequiredSignature>,
}

impl Embedded {
    /// Loads `version` in the background.
    pub(super) fn load(
        &self,
        wanted: &Wanted,
        deployment: &Deploy,
        load: LoadId,
    ) -> JoinHandle<()> {
        let world = self.clone();
        let (endpoint, version) = (wanted.endpoint.clone(), deployment.version.clone());
        let kind = wanted.rollout.as_ref().map(|rollout| rollout.kind);
        let lane = Lane::of(kind, deployment.pool);
        let ticket = Ticket {
            sessions: deployment.sessions,
            max_concurrency: wanted.settings.max_concurrency,
            warmup: wanted.warmup,
            deadline: wanted.settings.deadline,
            progress_deadline: wanted.progress_deadline,
            signed: wanted
                .signed
                .as_ref()
                .filter(|(signed, _)| *signed == version)
                .map(|(_, asked)| asked.clone()),
        };
        self.inner.tasks.spawn("load", async move {
            // Waiting for one's turn is not the model's fault.
            let Ok(_turn) = world.inner.loader.turns.of(lane).acquire().await else { return };
            let limit = ticket.progress_deadline;
            let phase = ended(timeout(limit, world.try_load(&version, &ticket)), limit).await;
            report(&endpoint, &version, &phase);
            world.loaded(&endpoint, &version, load, phase);
        })
    }

    async fn try_load(&self, version: &VersionRef, ticket: &Ticket) -> anyhow::Result<Phase> {
        let loader = &self.inner.loader;
        if let Some(asked) = &ticket.signed {
            self.check_signature(version, asked).await?;
        }
        let model = artifact::model_files(&self.inner.store, version).await?;
        let trial = loader.child.probe(&model.paths, Level::Production).await;
        drop(model.held);
        let limits = loader.child.limits;
        let within = || {
            let memory_mib = limits.memory_bytes >> 20;
            format!("trial load, within {memory_mib} MiB and {:?}", limits.timeout)
        };
        let memory_bytes = trial.with_context(within)?.memory_bytes;
        let options = LoadOptions {
            sessions: usize::try_from(ticket.sessions)?,
            queue: usize::try_from(ticket.max_concurrency)?,
            ..LoadOptions::new(Source::Bytes(model.bytes))
        };
        let loaded = tokio::task::spawn_blocking(move || OnnxModel::load(options)).await;
        let model = loaded.context("loading panicked")??;
        super::probe::replay(model.as_ref(), ticket.warmup, ticket.deadline).await?;
        Ok(Phase::Loaded { model, memory_bytes })
    }
}

impl Embedded {
    /// Before anything of the version is read: what is not signed as its plan asks is not loaded.
    async fn check_signature(
        &self,
        version: &VersionRef,
        asked: &RequiredSignature,
    ) -> anyhow::Result<()> {
        let store = &self.inner.store;
        let manifest = store.version(&version.model, version.number).await?.manifest;
        let signatures = Signatures::new(store.clone(), self.inner.loader.keys.clone());
        signatures.check(&manifest, asked, None).await.context("signature")
    }
}

/// How a load ended. One that panics has failed: whoever waits for it would wait for ever.
async fn ended(
    loading: impl Future<Output = Result<anyhow::Result<Phase>, Elapsed>>,
    limit: Duration,
) -> Phase {
    let why = match AssertUnwindSafe(loading).catch_unwind().await {
        Ok(Ok(Ok(phase))) => return phase,
        Ok(Ok(Err(error))) => format!("{error:#}"),
        Ok(Err(_elapsed)) => format!("not ready within {limit:?} (progressDeadline)"),
        Err(_panic) => "loading panicked".to_owned(),
    };
    Phase::Failed { why }
}

fn report(endpoint: &EndpointName, version: &VersionRef, phase: &Phase) {
    match phase {
        Phase::Loaded { .. } => {
            tracing::info!(%endpoint, %version, "deployment ready");
        }
        Phase::Failed { why } => {
            tracing::warn!(%endpoint, %version, why, "deployment did not load");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_load_that_panics_has_failed() {
        let loading = async { panic!("out of a bound") };
        let phase = ended(loading, Duration::from_secs(1)).await;
        assert!(matches!(phase, Phase::Failed { why } if why == "loading panicked"));
    }

    #[test]
    fn no_way_back_waits_for_the_load_of_a_version_on_trial() {
        let lane = |kind, pool| Lane::of(Some(kind), pool);
        assert_eq!(lane(Kind::Promote, Pool::Staging), Lane::Forward);
        assert_eq!(lane(Kind::Promote, Pool::Shadow), Lane::Forward);
        assert_eq!(lane(Kind::Promote, Pool::Live), Lane::Back);
        assert_eq!(lane(Kind::Promote, Pool::Standby), Lane::Back);
        assert_eq!(lane(Kind::Restore, Pool::Staging), Lane::Back);
        assert_eq!(Lane::of(None, Pool::Live), Lane::Back);
        let turns = Turns { back: Semaphore::new(1), forward: Semaphore::new(1) };
        let _loading = turns.of(Lane::Forward).try_acquire().unwrap();
        assert!(turns.of(Lane::Back).try_acquire().is_ok());
    }
}
