//! Connections: accepting them, bounding them, draining them.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::routes;
use crate::shared::Shared;

/// How often candidates' readiness is looked at.
const WATCH_EVERY: Duration = Duration::from_millis(250);
/// Before accepting again after an error: descriptors may have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    shutdown: CancellationToken,
    drain: Duration,
) {
    let connections = TaskTracker::new();
    let watch = watch(Arc::clone(&shared));
    let accept = accept(&shared, listener, &shutdown, &connections);
    tokio::select! {
        () = accept => {}
        () = watch => {}
    }
    shared.draining.store(true, Ordering::Release);
    stop_mirrors(&shared);
    connections.close();
    shared.workshop.tasks.close();
    let ended = timeout(drain, async {
        connections.wait().await;
        shared.workshop.tasks.wait().await;
    });
    if ended.await.is_err() {
        tracing::warn!(connections = connections.len(), "the drain's time is over");
    }
}

async fn accept(
    shared: &Arc<Shared>,
    listener: TcpListener,
    shutdown: &CancellationToken,
    connections: &TaskTracker,
) {
    let places = Arc::new(Semaphore::new(shared.config.max_connections.max(1)));
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            next = next => next,
        };
        match accepted {
            Ok((stream, _peer)) => {
                let connection = connection(Arc::clone(shared), stream, place, shutdown.clone());
                connections.spawn(connection);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    _place: Option<OwnedSemaphorePermit>,
    shutdown: CancellationToken,
) {
    // Small answers must not wait for more to come.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let (head_timeout, max_head) = (shared.config.head_timeout, shared.config.max_head.max(8192));
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(routes::answer(shared, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(max_head)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

async fn watch(shared: Arc<Shared>) {
    let mut tick = interval(WATCH_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        shared.watch(Instant::now());
    }
}

fn stop_mirrors(shared: &Shared) {
    for entry in shared.endpoints.load().values() {
        let installed = entry.route.load();
        if let Some(mirror) = installed.rollout.as_ref().and_then(|active| active.mirror.as_ref()) {
            mirror.stop();
        }
    }
}
