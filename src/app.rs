//! The object graph: the only place that decides what is plugged into what.

mod heartbeat;

use crate::clock;
use crate::config::{self, Addresses, Config};
use crate::driver::{Driver, Parts};
use crate::scrub::{self, Scrub};
use crate::signatures::{Keys, Signatures};
use crate::tasks::Tasks;
use crate::world::embedded::{Embedded, Loader};
use anyhow::Context as _;
use seatrial_gateway::Gateway;
use seatrial_runtime::library::{self, Progress};
use seatrial_runtime::probe::{Child, Limits};
use seatrial_store::{Options, Store, blobs, tags, tracking};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// How long clients of the inference listener are kept waiting for the routes that were left behind.
/// The control listener answers at once, so that a rollback can be ordered.
const RECOVERY_PATIENCE: Duration = Duration::from_secs(60);

/// One running server.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub store: Store,
    pub gateway: Gateway,
    pub driver: Arc<Driver>,
    pub signatures: Signatures,
    /// How models are tried in a process of their own.
    pub child: Child,
    pub addresses: Addresses,
    /// What the scrub has done.
    pub scrubbed: Arc<scrub::Meter>,
    pub tasks: Tasks,
}

/// The listeners, bound before anything is recovered: clients that come early wait, and are not
/// turned away.
#[derive(Debug)]
pub struct Listeners {
    pub inference: TcpListener,
    pub control: TcpListener,
}

impl App {
    /// Opens the data directory and reads where its journal stands. Nothing is served yet.
    pub async fn start(config: Config, tasks: &Tasks) -> anyhow::Result<(Arc<Self>, Listeners)> {
        let keys = Keys::read(&config.keys)?;
        let dir = &config.data.dir;
        let store = Store::open(dir, store_options(&config)?).await.context("data directory")?;
        let listeners = Listeners {
            inference: bind("inference", config.server.inference).await?,
            control: bind("control", config.server.control).await?,
        };
        let addresses = Addresses {
            inference: listeners.inference.local_addr()?,
            control: listeners.control.local_addr()?,
        };
        let child = child(&config, provision(&config).await?)?;
        let gateway = Gateway::new(gateway_config(&config)).context("latch file")?;
        let changed = Arc::new(Notify::new());
        let world = Embedded::new(
            gateway.clone(),
            store.clone(),
            Loader::new(child.clone()).trusting(keys.clone()),
            tasks.clone(),
            Arc::clone(&changed),
        );
        let signatures = Signatures::new(store.clone(), keys);
        let driver = Driver::new(Parts {
            store: store.clone(),
            gateway: gateway.clone(),
            world: Arc::new(world),
            tasks: tasks.clone(),
            changed,
            commands: config.commands.clone(),
            signatures: signatures.clone(),
            queue_max: config.limits.control.max_queued,
            gc: config.limits.gc.clone(),
        });
        let alive_until = heartbeat::last(&config.data.dir);
        driver.recover(alive_until).await?;
        let tasks = tasks.clone();
        let scrubbed = Arc::default();
        let app =
            Self { config, store, gateway, driver, signatures, child, addresses, scrubbed, tasks };
        Ok((Arc::new(app), listeners))
    }

    /// Serves until the process is told to stop; requests in flight are answered first.
    pub async fn run(self: &Arc<Self>, listeners: Listeners) -> anyhow::Result<()> {
        self.driver.run();
        heartbeat::beat(&self.config.data.dir, &self.tasks);
        let (limits, meter) = (self.config.limits.blobs.clone(), Arc::clone(&self.scrubbed));
        Scrub::new(self.store.clone(), limits, meter).run(&self.tasks);
        let control = crate::api::serve(Arc::clone(self), listeners.control, self.tasks.stop());
        let control = self.tasks.spawn_to_end("control", control);
        let inference = Arc::clone(self).serve_inference(listeners.inference);
        let inference = self.tasks.spawn_to_end("inference", inference);
        if let Err(error) = self.addresses.write(&self.config.data.dir) {
            tracing::error!(%error, "addresses.json could not be written: clients must be told");
        }
        self.tasks.stop().cancelled().await;
        inference.await?;
        control.await?;
        // What is not taken now is lost: the last try has been told.
        let _flushed = self.driver.flush().await;
        self.tasks.shut_down().await;
        Addresses::forget(&self.config.data.dir);
        self.store.close().await;
        Ok(())
    }

    /// Lets clients in once every route is in force, or has had its time.
    async fn serve_inference(self: Arc<Self>, listener: TcpListener) {
        let stop = self.tasks.stop();
        stop.run_until_cancelled(self.driver.settled(RECOVERY_PATIENCE)).await;
        let drain = self.config.limits.inference.drain;
        self.gateway.clone().serve(listener, stop, drain).await;
    }
}

async fn bind(what: &str, address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{what} address {address}: choose another, or port 0 for any"))
}

/// Finds ONNX Runtime, or fetches it once, and loads it into this process.
async fn provision(config: &Config) -> anyhow::Result<PathBuf> {
    let search = config.library_search();
    tokio::task::spawn_blocking(move || {
        let path = library::ensure(&search, &mut |step: Progress| tracing::info!("{step}"))?;
        library::init(&path)?;
        Ok::<_, library::Error>(path)
    })
    .await?
    .context("ONNX Runtime")
}

fn child(config: &Config, library: PathBuf) -> anyhow::Result<Child> {
    let limits =
        Limits { memory_bytes: config.limits.probe.memory, timeout: config.limits.probe.timeout };
    Ok(Child { program: this_program()?, library, limits })
}

/// This very program, also after its file was replaced by a newer release.
fn this_program() -> std::io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { Ok(own) } else { std::env::current_exe() }
}

fn store_options(config: &Config) -> Result<Options, config::Error> {
    let assignments_limit = config.limits.inference.assignment_rows.into();
    let limits = &config.limits.tracking;
    let tracking = tracking::Limits {
        max_each: limits.max_each,
        max_points: limits.max_points,
        max_total: limits.max_total,
    };
    let blobs = blobs::Options {
        place: config.blobs.place(&config.limits)?,
        seen_limit: usize::try_from(config.limits.blobs.verified).unwrap_or(usize::MAX),
        seen_for: config.limits.blobs.verified_for,
        clock: clock::now,
    };
    let models = &config.limits.models;
    let tags = tags::Limits { most: models.max_tags.into(), bytes: models.max_tag_bytes };
    Ok(Options {
        readers: config.limits.database.readers,
        busy_timeout: config.limits.database.busy_timeout,
        assignments_limit,
        tracking,
        tags,
        aliases_limit: models.max_aliases.into(),
        blobs,
        ..Options::default()
    })
}

fn gateway_config(config: &Config) -> seatrial_gateway::Config {
    let limits = &config.limits.inference;
    let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    seatrial_gateway::Config {
        max_body: limits.max_body,
        max_bodies: limits.max_bodies,
        max_connections: size(limits.max_connections),
        max_head: size(limits.max_header_bytes),
        head_timeout: limits.header_timeout,
        write_timeout: limits.write_timeout,
        notice: limits.notice,
        latch_file: Some(config.data.dir.join("latches")),
        mark_file: Some(config.data.dir.join("marks")),
        mark_slots: limits.marks,
        units: size(limits.units),
        assignments: size(limits.assignments),
        mirror_workers: size(limits.mirror_workers),
        ..seatrial_gateway::Config::new(rand::random(), clock::now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_stored_assignments_reaches_the_store() {
        let mut config = Config::default();
        assert_eq!(store_options(&config).unwrap().assignments_limit, 5_000_000);
        config.limits.inference.assignment_rows = 7;
        assert_eq!(store_options(&config).unwrap().assignments_limit, 7);
    }

    #[test]
    fn the_limit_of_marks_reaches_the_gateway() {
        let mut config = Config::default();
        assert_eq!(gateway_config(&config).mark_slots, 4_096);
        config.limits.inference.marks = 7;
        assert_eq!(gateway_config(&config).mark_slots, 7);
    }

    #[test]
    fn the_limits_of_what_clients_log_reach_the_store() {
        let mut config = Config::default();
        assert_eq!(store_options(&config).unwrap().tracking, tracking::Limits::default());
        config.limits.tracking.max_each = 1;
        config.limits.tracking.max_points = 2;
        config.limits.tracking.max_total = 3;
        let limits = tracking::Limits { max_each: 1, max_points: 2, max_total: 3 };
        assert_eq!(store_options(&config).unwrap().tracking, limits);
    }

    #[test]
    fn the_limits_of_aliases_and_of_the_database_reach_the_store() {
        let mut config = Config::default();
        let of = |config: &Config| {
            let options = store_options(config).unwrap();
            (options.aliases_limit, options.readers, options.busy_timeout)
        };
        let default = Options::default();
        assert_eq!(of(&config), (default.aliases_limit, default.readers, default.busy_timeout));
        config.limits.models.max_aliases = 1;
        config.limits.database.readers = 2;
        config.limits.database.busy_timeout = Duration::from_secs(3);
        assert_eq!(of(&config), (1, 2, Duration::from_secs(3)));
    }

    #[test]
    fn the_limits_of_tags_reach_the_store() {
        let mut config = Config::default();
        assert_eq!(store_options(&config).unwrap().tags, tags::Limits::default());
        config.limits.models.max_tags = 1;
        config.limits.models.max_tag_bytes = 2;
        let limits = tags::Limits { most: 1, bytes: 2 };
        assert_eq!(store_options(&config).unwrap().tags, limits);
    }
}
