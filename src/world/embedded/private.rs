//! The private listeners of deployments under validation: the same gateway, another address, no
//! live traffic.

use super::Embedded;
use super::deployment::Deployment;
use crate::clock;
use crate::tasks::Tasks;
use crate::world::Wanted;
use seatrial_domain::{EndpointName, Epoch, VersionRef};
use seatrial_gateway::{Config, Gateway, RouteTable, Target};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const DRAIN: Duration = Duration::from_secs(5);

/// A private listener; dropping it closes it.
#[derive(Debug)]
pub(super) struct Listener {
    address: Arc<OnceLock<SocketAddr>>,
    stop: CancellationToken,
}

impl Listener {
    /// Its address as a URL; none until it listens.
    pub(super) fn url(&self) -> Option<String> {
        self.address.get().map(|address| format!("http://{address}"))
    }

    fn open(endpoint: &EndpointName, table: RouteTable, tasks: &Tasks) -> Self {
        let listener = Self { address: Arc::default(), stop: tasks.stop().child_token() };
        let (address, stop) = (Arc::clone(&listener.address), listener.stop.clone());
        let endpoint = endpoint.clone();
        tasks.spawn_to_end("staging listener", async move {
            if let Err(error) = serve(table, &address, stop).await {
                tracing::error!(%endpoint, %error, "the staging listener did not open");
            }
        });
        listener
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn serve(
    table: RouteTable,
    address: &OnceLock<SocketAddr>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let bound = listener.local_addr()?;
    let gateway = Gateway::new(Config::new(u64::from(bound.port()), clock::now))?;
    gateway.install(table)?;
    address.get_or_init(|| bound);
    gateway.serve(listener, stop, DRAIN).await;
    Ok(())
}

impl Embedded {
    /// Opens the private listeners that are wanted and closes the others.
    pub(super) fn listen_privately(
        &self,
        wanted: &Wanted,
        version: &VersionRef,
        deployment: &mut Deployment,
    ) {
        if !wanted.private.contains(version) {
            deployment.listener = None;
            return;
        }
        if deployment.listener.is_some() || !deployment.backend().ready() {
            return;
        }
        let table = RouteTable {
            endpoint: wanted.endpoint.clone(),
            epoch: Epoch(1),
            settings: wanted.settings.clone(),
            incumbent: Some(Target { version: version.clone(), backend: deployment.backend() }),
            candidate: None,
            pinned: Vec::new(),
            rollout: None,
        };
        let listener = Listener::open(&wanted.endpoint, table, &self.inner.tasks);
        deployment.listener = Some(listener);
    }
}
