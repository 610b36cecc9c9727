//! The control API: what operators, the command line and the console call. One file a resource.
//!
//! Owns routes, problems and the OpenAPI document. Refuses what a foreign web page could send, and
//! bodies beyond their limits. Decides nothing: the driver, the registry and the store do.

mod audit;
pub(crate) mod blobs;
mod catalogue;
mod datasets;
mod endpoints;
mod events;
mod garbage;
mod guard;
mod history;
mod lineage;
mod metrics;
mod models;
mod past;
mod policies;
mod problem;
mod quarantine;
mod request;
mod rollouts;
mod routes;
mod scrub;
mod signatures;
mod status;
mod tags;
mod to_end;
mod unavailable;
mod uploads;
mod versions;
pub mod wire;

pub use catalogue::document;

use crate::app::App;
use crate::clock;
use crate::config::Control;
use crate::dataset;
use crate::mlflow::Transfers;
use crate::registry::{Children, Registry};
use crate::upstream::Upstream;
use hyper_util::service::TowerToHyperService;
use seatrial_gateway::listen;
use seatrial_runtime::confined;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const SWEEP_EVERY: Duration = Duration::from_secs(30);
/// How long answers on their way may take once the server stops.
const DRAIN: Duration = Duration::from_secs(5);

/// What every route works with.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) app: Arc<App>,
    pub(crate) registry: Registry,
    /// Where what is not here may be fetched from.
    pub(crate) upstream: Option<Upstream>,
    pub(crate) transfers: Transfers,
    /// One permit for each reader of `/events`.
    subscribers: Arc<Semaphore>,
    stop: CancellationToken,
}

type State = axum::extract::State<Arc<Api>>;

/// Answers on `listener` until `stop`.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: CancellationToken) {
    let api = match open(app, &stop).await {
        Ok(api) => Arc::new(api),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the control API cannot be opened");
            return stop.cancel();
        }
    };
    let sweeping = Arc::clone(&api);
    api.app.tasks.spawn("sweep uploads", async move {
        loop {
            sweeping.registry.sweep(clock::now());
            sweeping.transfers.sweep(clock::now()).await;
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    });
    let router = routes::router(Arc::clone(&api));
    let limits = connections_of(&api.app.config.limits.control);
    let service = TowerToHyperService::new(router);
    let connections = TaskTracker::new();
    listen::serve(listener, limits, service, &stop, &connections).await;
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
        tracing::warn!("control requests were cut off by the shutdown");
    }
}

fn connections_of(limits: &Control) -> listen::Limits {
    let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    listen::Limits {
        max_connections: size(limits.max_connections),
        max_head: size(limits.max_header_bytes),
        head_timeout: limits.header_timeout,
        write_timeout: limits.write_timeout,
    }
}

async fn open(app: Arc<App>, stop: &CancellationToken) -> anyhow::Result<Api> {
    let config = &app.config;
    let dataset = &config.limits.dataset;
    let dataset = dataset::child::Child {
        program: app.child.program.clone(),
        limits: confined::Limits { memory_bytes: dataset.memory, timeout: dataset.timeout },
    };
    let children = Children { model: app.child.clone(), dataset };
    let (store, dir, tasks) = (app.store.clone(), &config.data.dir, app.tasks.clone());
    let registry = Registry::open(store, children, &config.limits, dir, tasks)?
        .judging_by(app.signatures.clone());
    let transfers = Transfers::open(app.store.clone(), &config.limits, &config.data.dir).await?;
    let subscribers = usize::try_from(config.limits.control.max_subscribers)?;
    let subscribers = Arc::new(Semaphore::new(subscribers));
    let upstream = Upstream::of(config)?;
    Ok(Api { registry, upstream, transfers, subscribers, stop: stop.clone(), app })
}
