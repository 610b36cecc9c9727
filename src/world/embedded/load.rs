//! Loading a version: verified bytes, a trial in a child process, then sessions in this one.

use super::deployment::{LoadId, Phase};
use super::{Embedded, artifact};
use crate::world::Wanted;
use anyhow::Context as _;
use seatrial_domain::rollout::Wanted as Deploy;
use seatrial_domain::{EndpointName, VersionRef};
use seatrial_runtime::load::Level;
use seatrial_runtime::probe::Child;
use seatrial_runtime::{LoadOptions, OnnxModel, Source};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
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
            let phase = match timeout(limit, world.try_load(&version, &ticket)).await {
                Ok(Ok(phase)) => phase,
                Ok(Err(error)) => Phase::Failed { why: format!("{error:#}") },
                Err(_elapsed) => {
                    Phase::Failed { why: format!("not ready within {limit:?} (progressDeadline)") }
                }
            };
            report(&endpoint, &version, &phase);
            world.loaded(&endpoint, &version, load, phase);
        });
    }

    async fn try_load(&self, version: &VersionRef, ticket: &Ticket) -> anyhow::Result<Phase> {
        let loader = &self.inner.loader;
        let model = artifact::model_files(&self.inner.store, version).await?;
        let trial = loader.child.probe(&model.paths, Level::Production).await;
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
