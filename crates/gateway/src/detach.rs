//! Work that outlives its client. A request whose client hangs up still runs to its true outcome:
//! otherwise a slow candidate whose clients give up would leave no trace in the evidence.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// Polls `work` in place; dropped before its end, moves it onto `tasks`.
pub(crate) struct Detach<T: Send + 'static> {
    work: Option<BoxFuture<'static, T>>,
    tasks: TaskTracker,
}

impl<T: Send + 'static> Detach<T> {
    pub(crate) fn new(work: BoxFuture<'static, T>, tasks: TaskTracker) -> Self {
        Self { work: Some(work), tasks }
    }
}

impl<T: Send + 'static> Future for Detach<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Taken out while it is polled: work that panics is gone, and not polled again.
        let Some(mut work) = self.work.take() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Detach<T> {
    fn drop(&mut self) {
        // Without a runtime there is nothing left to run it on: the process is ending.
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            self.tasks.spawn_on(
                async move {
                    let _outcome = work.await;
                },
                &runtime,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::panic::AssertUnwindSafe;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn work_that_panicked_is_not_polled_again() {
        let polls = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&polls);
        let work = std::future::poll_fn(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            panic!("as told")
        });
        let tasks = TaskTracker::new();
        let mut detach: Detach<()> = Detach::new(Box::pin(work), tasks.clone());
        assert!(AssertUnwindSafe(&mut detach).catch_unwind().await.is_err());
        drop(detach);
        tasks.close();
        tasks.wait().await;
        assert_eq!(polls.load(Ordering::SeqCst), 1);
    }
}
