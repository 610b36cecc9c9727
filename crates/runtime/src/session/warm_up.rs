//! The first inferences of a session, on zeros: they fill its caches before a client waits for
//! them, and tell how long one takes.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use ort::session::{NoSelectedOutputs, RunOptions, Session};
use seatrial_domain::tensor::{Signature, Tensor};
use serde::{Deserialize, Serialize};

use crate::{convert, infer, load};

/// How a model's warm-up went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "warm_up", rename_all = "snake_case")]
pub enum WarmUp {
    /// Not tried: at the door, or because zeros of the declared shape would be too large.
    Skipped,
    /// The model answered zeros; one inference takes this long.
    Took {
        /// The shortest of the measured ones, in nanoseconds.
        duration_ns: u64,
    },
    /// The model cannot answer zeros, which does not make it a bad model.
    Failed {
        /// Its message.
        detail: String,
    },
}

/// A warm-up's outcome and how much its request carried.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) warm_up: WarmUp,
    pub(crate) weight: usize,
}

/// A slow model is measured once; a fast one until its caches are warm.
const ROUNDS: usize = 5;
const SLOW: Duration = Duration::from_millis(20);

/// Warms a session up.
///
/// # Errors
/// [`load::Error::WarmUp`] where an inference has not ended at `limit`.
pub(crate) fn warm_up(
    session: &mut Session,
    signature: &Signature,
    limit: Duration,
) -> Result<Measured, load::Error> {
    let zeros = signature.inputs.iter().map(convert::zeros).collect::<Option<Vec<_>>>();
    let Some(zeros) = zeros else { return Ok(Measured { warm_up: WarmUp::Skipped, weight: 0 }) };
    let weight = convert::weight(&zeros);
    let options = Arc::new(RunOptions::new()?);
    let watch = Watch::start(Arc::clone(&options), limit)?;
    let measured = rounds(session, signature, &zeros, &options);
    match (watch.stop(), measured) {
        (Ended::InTime, Ok(shortest)) => {
            let duration_ns = u64::try_from(shortest.as_nanos()).unwrap_or(u64::MAX);
            Ok(Measured { warm_up: WarmUp::Took { duration_ns }, weight })
        }
        (Ended::InTime, Err(error)) => {
            Ok(Measured { warm_up: WarmUp::Failed { detail: error.to_string() }, weight })
        }
        (Ended::Stopped, _) => Err(load::Error::WarmUp {
            limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
        }),
    }
}

fn rounds(
    session: &mut Session,
    signature: &Signature,
    zeros: &[Tensor],
    options: &RunOptions<NoSelectedOutputs>,
) -> Result<Duration, infer::Error> {
    let mut shortest = Duration::MAX;
    for _round in 0..ROUNDS {
        let inputs = zeros.to_vec();
        let (took, answer) = timed(|| crate::session::run(session, signature, inputs, options));
        answer?;
        shortest = shortest.min(took);
        if took > SLOW {
            break;
        }
    }
    Ok(shortest)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a warm-up measures the machine itself; no decision of the product is timed by it"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = std::time::Instant::now();
    let answer = work();
    (start.elapsed(), answer)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    InTime,
    Stopped,
}

/// A thread that ends the inference at the limit.
#[derive(Debug)]
struct Watch {
    done: mpsc::Sender<()>,
    thread: thread::JoinHandle<Ended>,
}

impl Watch {
    fn start(
        options: Arc<RunOptions<NoSelectedOutputs>>,
        limit: Duration,
    ) -> Result<Self, load::Error> {
        let (done, ended) = mpsc::channel();
        let watch = move || match ended.recv_timeout(limit) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Ended::InTime,
            Err(RecvTimeoutError::Timeout) => {
                if let Err(error) = options.terminate() {
                    tracing::warn!(%error, "a warm-up over its limit could not be ended");
                }
                Ended::Stopped
            }
        };
        let thread = thread::Builder::new()
            .name("warm-up-watch".to_owned())
            .spawn(watch)
            .map_err(|error| load::Error::Io { detail: format!("no thread to watch: {error}") })?;
        Ok(Self { done, thread })
    }

    fn stop(self) -> Ended {
        drop(self.done);
        self.thread.join().unwrap_or(Ended::InTime)
    }
}
