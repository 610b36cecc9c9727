//! Connections of a listener: accepting them, bounding them, ending them. Both of the server's
//! listeners go through here.

mod progress;

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use progress::Progress;

/// Before accepting again after an error: descriptors may have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The smallest buffer for a request's head that HTTP allows here.
const HEAD_MIN_BYTES: usize = 8192;

/// What a listener's connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections open at once; more wait to be accepted.
    pub max_connections: usize,
    /// Bytes of a request's head, at least 8192.
    pub max_head: usize,
    /// A request's head must have arrived within this time.
    pub head_timeout: Duration,
    /// A client must take some of its answer within this time.
    pub write_timeout: Duration,
}

/// Answers by `service` until `shutdown`, each connection a task of `connections`; those that are
/// open then end with the answer they are at.
pub async fn serve<S, B>(
    listener: TcpListener,
    limits: Limits,
    service: S,
    shutdown: &CancellationToken,
    connections: &TaskTracker,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let places = Arc::new(Semaphore::new(limits.max_connections.max(1)));
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
                let open = Open { stream, limits, _place: place, shutdown: shutdown.clone() };
                connections.spawn(open.serve(service.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection that was accepted.
struct Open {
    stream: TcpStream,
    limits: Limits,
    _place: Option<OwnedSemaphorePermit>,
    shutdown: CancellationToken,
}

impl Open {
    async fn serve<S, B>(self, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        // Small answers must not wait for more to come.
        if let Err(error) = self.stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let stream = Progress::new(self.stream, self.limits.write_timeout);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_timeout)
            .max_buf_size(self.limits.max_head.max(HEAD_MIN_BYTES))
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}
