//! The private listeners of deployments under validation: the same gateway, another address, no
//! live traffic.

use super::Embedded;
use super::deployment::Deployment;
use crate::clock;
use crate::tasks::Tasks;
use crate::world::Wanted;
use seatrial_domain::{Epoch, VersionRef};
use seatrial_gateway::{Config, Gateway, RouteTable, Target};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const DRAIN: Duration = Duration::from_secs(5);
/// How long after one that failed the next listener is opened.
const RETRY: Duration = Duration::from_secs(1);

/// A private listener; dropping it closes it.
#[derive(Debug)]
pub(super) struct Listener {
    address: Arc<OnceLock<SocketAddr>>,
    stop: CancellationToken,
    /// Cancelled when it serves no more, or never did.
    over: CancellationToken,
    opened_at: Instant,
}

impl Listener {
    /// Its address as a URL; none until it listens.
    pub(super) fn url(&self) -> Option<String> {
        self.address.get().map(|address| format!("http://{address}"))
    }

    fn open(table: RouteTable, config: Config, tasks: &Tasks) -> Self {
        let listener = Self {
            address: Arc::default(),
            stop: tasks.stop().child_token(),
            over: CancellationToken::new(),
            opened_at: clock::monotonic(),
        };
        let (address, stop) = (Arc::clone(&listener.address), listener.stop.clone());
        let over = listener.over.clone().drop_guard();
        tasks.spawn_to_end("staging listener", async move {
            let _over = over;
            let endpoint = table.endpoint.clone();
            if let Err(error) = serve(table, config, &address, stop).await {
                tracing::error!(%endpoint, %error, "the staging listener did not open");
            }
        });
        listener
    }

    /// Whether it failed, and long enough ago to be tried again.
    fn is_to_be_replaced(&self, now: Instant) -> bool {
        self.over.is_cancelled() && now.duration_since(self.opened_at) >= RETRY
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The limits are those of the inference listener, so that staging refuses what production does;
/// latches and mirrors are none of its business.
fn config(server: &Config) -> Config {
    let own = Config::new(0, server.clock);
    Config {
        max_body: server.max_body,
        max_bodies: server.max_bodies,
        body_timeout: server.body_timeout,
        max_connections: server.max_connections,
        max_head: server.max_head,
        head_timeout: server.head_timeout,
        write_timeout: server.write_timeout,
        ..own
    }
}

async fn serve(
    table: RouteTable,
    config: Config,
    address: &OnceLock<SocketAddr>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let bound = listener.local_addr()?;
    let gateway = Gateway::new(Config { boot: u64::from(bound.port()), ..config })?;
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
        deployment.listener.take_if(|listener| listener.is_to_be_replaced(clock::monotonic()));
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
        let config = config(self.inner.gateway.config());
        deployment.listener = Some(Listener::open(table, config, &self.inner.tasks));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::endpoint::Settings;
    use seatrial_domain::{EndpointName, ModelName};

    fn table() -> RouteTable {
        RouteTable {
            endpoint: EndpointName::new("digits").unwrap(),
            epoch: Epoch(1),
            settings: Settings::of(ModelName::new("digits").unwrap()),
            incumbent: None,
            candidate: None,
            pinned: Vec::new(),
            rollout: None,
        }
    }

    #[tokio::test]
    async fn a_listener_that_did_not_open_is_replaced_after_a_while() {
        // Its gateway cannot open a latch file where a directory is.
        let directory = tempfile::tempdir().unwrap();
        let latch_file = Some(directory.path().to_owned());
        let unfit = Config { latch_file, ..Config::new(0, clock::now) };
        let failed = Listener::open(table(), unfit, &Tasks::default());
        failed.over.cancelled().await;
        assert_eq!(failed.url(), None);
        assert!(!failed.is_to_be_replaced(failed.opened_at));
        assert!(failed.is_to_be_replaced(failed.opened_at + RETRY));
        let open = Listener::open(table(), Config::new(0, clock::now), &Tasks::default());
        assert!(!open.is_to_be_replaced(open.opened_at + RETRY));
    }

    #[test]
    fn staging_refuses_what_the_inference_listener_refuses() {
        let server = Config { max_body: 1_000, max_head: 9_000, ..Config::new(7, clock::now) };
        let staging = config(&server);
        assert_eq!((staging.max_body, staging.max_head), (1_000, 9_000));
    }
}
