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
        let Some(work) = self.work.as_mut() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.work = None;
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
