//! The only place that spawns: every task is named, traced, told to stop, and joined; computations
//! that fill every core end by themselves, and are waited for.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
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

/// What `work` gives for each of 0..`count`, in that order, computed on so many threads. Each takes
/// the next when it is done with one, so that a long one makes none of them late.
pub fn in_parallel<T: Send>(threads: usize, count: u64, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return done;
            }
            done.push((index, work(index)));
        }
    };
    let mut all: Vec<(u64, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(worker)).collect();
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined
            .flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    all.sort_unstable_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_on_any_number_of_threads() {
        let squares: Vec<u64> = (0..500).map(|index| index * index).collect();
        for threads in [0, 1, 3] {
            assert_eq!(in_parallel(threads, 500, |index| index * index), squares);
        }
        assert!(in_parallel(2, 0, |index| index).is_empty());
    }
}
