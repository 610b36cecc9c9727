//! Loading a version: verified bytes, a trial in a child process, then sessions in this one.

use super::deployment::{LoadId, Phase};
use super::{Embedded, artifact};
use crate::world::Wanted;
use anyhow::Context as _;
use futures_util::FutureExt as _;
use seatrial_domain::rollout::Wanted as Deploy;
use seatrial_domain::{EndpointName, VersionRef};
use seatrial_runtime::load::Level;
use seatrial_runtime::probe::Child;
use seatrial_runtime::{LoadOptions, OnnxModel, Source};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// How models come into this process.
#[derive(Debug, Clone)]
pub struct Loader {
    /// The trial, which suffers what a hostile file does.
    child: Child,
    /// One at a time: loading takes the processor from whoever serves.
    turns: Arc<Semaphore>,
}

impl Loader {
    /// A loader whose trials run as `child`.
    pub fn new(child: Child) -> Self {
        Self { child, turns: Arc::new(Semaphore::new(1)) }
    }
}

/// What one load shall bring.
struct Ticket {
    sessions: u32,
    max_concurrency: u32,
    warmup: u32,
    deadline: Duration,
    progress_deadline: Duration,
}

impl Embedded {
    /// Loads `version` in the background.
    pub(super) fn load(&self, wanted: &Wanted, deployment: &Deploy, load: LoadId) {
        let world = self.clone();
        let (endpoint, version) = (wanted.endpoint.clone(), deployment.version.clone());
        let ticket = Ticket {
            sessions: deployment.sessions,
            max_concurrency: wanted.settings.max_concurrency,
            warmup: wanted.warmup,
            deadline: wanted.settings.deadline,
            progress_deadline: wanted.progress_deadline,
        };
        self.inner.tasks.spawn("load", async move {
            // One at a time; waiting for one's turn is not the model's fault.
            let Ok(_turn) = world.inner.loader.turns.acquire().await else { return };
            let limit = ticket.progress_deadline;
            let phase = ended(timeout(limit, world.try_load(&version, &ticket)), limit).await;
            report(&endpoint, &version, &phase);
            world.loaded(&endpoint, &version, load, phase);
        });
    }

    async fn try_load(&self, version: &VersionRef, ticket: &Ticket) -> anyhow::Result<Phase> {
        let loader = &self.inner.loader;
        let model = artifact::model_files(&self.inner.store, version).await?;
        let trial = loader.child.probe(&model.paths, Level::Production).await;
        let memory_bytes = trial.context("trial load")?.memory_bytes;
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
}
