//! The inference listener: from its first connection to the end of its drain.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::service::service_fn;
use tokio::net::TcpListener;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::listen;
use crate::routes;
use crate::shared::Shared;

/// How often candidates' readiness is looked at.
const WATCH_EVERY: Duration = Duration::from_millis(250);

pub(crate) async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    shutdown: CancellationToken,
    drain: Duration,
) {
    let connections = TaskTracker::new();
    let watch = watch(Arc::clone(&shared));
    let config = &shared.config;
    let limits = listen::Limits {
        max_connections: config.max_connections,
        max_head: config.max_head,
        head_timeout: config.head_timeout,
        write_timeout: config.write_timeout,
    };
    let answering = Arc::clone(&shared);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&answering);
        async move { Ok::<_, Infallible>(routes::answer(shared, request).await) }
    });
    shared.latches.recovered();
    let closed = CancellationToken::new();
    let accept = listen::serve(listener, limits, service, &closed, &connections);
    let accept = async { tokio::join!(accept, give_notice(&shared, &shutdown, &closed)) };
    tokio::select! {
        ((), ()) = accept => {}
        () = watch => {}
    }
    stop_mirrors(&shared);
    connections.close();
    shared.tasks.close();
    let ended = timeout(drain, async {
        connections.wait().await;
        shared.tasks.wait().await;
    });
    if ended.await.is_err() {
        tracing::warn!(connections = connections.len(), "the drain's time is over");
    }
    shared.marks.close();
}

/// Not ready from the moment the server is told to stop, closed a while later: whoever balances
/// load can look elsewhere before anybody is refused.
async fn give_notice(shared: &Shared, shutdown: &CancellationToken, closed: &CancellationToken) {
    shutdown.cancelled().await;
    shared.draining.store(true, Ordering::Release);
    sleep(shared.config.notice).await;
    closed.cancel();
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
