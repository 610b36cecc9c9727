//! The only place that spawns: every task is named, traced, told to stop, and joined.

use std::future::Future;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// The process's tasks, or those of one part of it.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Runs `future` under `name` until it ends or the process stops.
    pub fn spawn<F>(&self, name: &'static str, future: F) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        let until_stopped = async move {
            stop.run_until_cancelled(future).await;
        };
        self.tracker.spawn(until_stopped.instrument(tracing::info_span!("task", name)))
    }

    /// Runs `future` to its own end, whoever still waits for what it gives; one that could go on
    /// for ever watches [`Tasks::stop`] by itself.
    pub fn spawn_to_end<F>(&self, name: &'static str, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.tracker.spawn(future.instrument(tracing::info_span!("task", name)))
    }

    /// Cancelled when the process is to stop.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Stops every task and waits for the last one.
    pub async fn shut_down(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
