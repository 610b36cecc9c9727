//! An ONNX model in this process: a pool of sessions, a bounded queue before it, a deadline for
//! every request.

mod admission;
mod inline;
mod options;
mod pool;
mod source;
mod watchdog;
mod workers;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use ort::session::Session;
use seatrial_domain::tensor::{Signature, Tensor};
use tokio::time::{Instant, timeout_at};

use crate::load::Level;
use crate::onnx::Symbols;
use crate::session::{Measured, WarmUp};
use crate::{Backend, infer, load, onnx, session};

use admission::Admission;
use inline::Inline;
pub use options::LoadOptions;
use pool::Pool;
pub(crate) use source::ExternalData;
pub use source::{Files, Source};
use watchdog::Watchdog;
use workers::{Job, Workers};

/// A loaded model. Dropping it unloads it, once the inferences still running have ended.
#[derive(Debug)]
pub struct OnnxModel {
    signature: Arc<Signature>,
    warm_up: WarmUp,
    inline: Inline,
    watchdog: Watchdog,
    symbols: Symbols,
    sessions: usize,
    admission: Admission,
    pool: Arc<Pool>,
    workers: Workers,
}

impl OnnxModel {
    /// Loads a model and warms its sessions up. Blocks: callers on an async runtime use
    /// `spawn_blocking`.
    ///
    /// # Errors
    /// See [`load::Error`]; nothing of a model that cannot be loaded stays behind.
    #[expect(clippy::needless_pass_by_value, reason = "options are made for one load")]
    pub fn load(options: LoadOptions) -> Result<Arc<Self>, load::Error> {
        let bytes = options.source.model()?;
        let model = onnx::parse(&bytes)?;
        let external = options.source.external(&model.external)?;
        let mut signature = model.signature;
        let running = options.sessions.min(options.max_concurrency).max(1);
        let mut sessions = Vec::with_capacity(running);
        for _ in 0..running {
            sessions.push(session::build(&model.bytes, &external, options.level)?);
        }
        if let Some(first) = sessions.first() {
            complete(&mut signature, &model.unshaped_outputs, first);
        }
        let measured = warm_up(&mut sessions, &signature, &options)?;
        let signature = Arc::new(signature);
        Ok(Arc::new(Self {
            workers: Workers::start(running, &signature)?,
            inline: Inline::new(&measured, options.inline_below),
            watchdog: Watchdog::start()?,
            symbols: model.symbols,
            warm_up: measured.warm_up,
            sessions: running,
            admission: Admission::new(running, options.queue),
            pool: Arc::new(Pool::new(sessions)),
            signature,
        }))
    }

    /// How the warm-up went.
    #[must_use]
    pub const fn warm_up(&self) -> &WarmUp {
        &self.warm_up
    }

    /// Takes no further requests; those already running end.
    pub fn close(&self) {
        self.pool.close();
    }

    async fn answer(
        &self,
        inputs: Vec<Tensor>,
        deadline: Instant,
        place: Place,
    ) -> Result<Vec<Tensor>, infer::Error> {
        self.symbols.check(&inputs)?;
        let _admitted = self.admission.enter()?;
        let slot = timeout_at(deadline, Arc::clone(&self.pool).take()).await;
        let mut slot = slot.map_err(|_elapsed| infer::Error::Deadline)??;
        if place == Place::Fastest && self.inline.admits(&inputs) {
            return self.here(slot.session()?, inputs, deadline);
        }
        let (job, running) = Job::new(slot, inputs)?;
        self.workers.submit(job)?;
        running.answer(deadline).await
    }

    /// Runs an inference on the caller's thread, and to its deadline at most: one that needs all of
    /// it is the model's last here.
    fn here(
        &self,
        session: &mut Session,
        inputs: Vec<Tensor>,
        deadline: Instant,
    ) -> Result<Vec<Tensor>, infer::Error> {
        let answer = self.inline.timed(|| {
            let run = |options: &_| session::run(session, &self.signature, inputs, options);
            self.watchdog.run(deadline, run)
        })?;
        if Instant::now() < deadline {
            return answer;
        }
        self.inline.end();
        Err(infer::Error::Deadline)
    }
}

/// Where an inference may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// On the caller's thread, where the model is fast enough for that.
    Fastest,
    /// On the model's own threads.
    Apart,
}

impl Backend for OnnxModel {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn ready(&self) -> bool {
        self.pool.is_open()
    }

    fn sessions(&self) -> usize {
        self.sessions
    }

    fn infer(
        &self,
        inputs: Vec<Tensor>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<Vec<Tensor>, infer::Error>> {
        Box::pin(self.answer(inputs, deadline, Place::Fastest))
    }

    fn infer_apart(
        &self,
        inputs: Vec<Tensor>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<Vec<Tensor>, infer::Error>> {
        Box::pin(self.answer(inputs, deadline, Place::Apart))
    }
}

/// Fills in the output shapes that the file leaves to inference.
fn complete(signature: &mut Signature, unshaped: &[usize], session: &Session) {
    for (index, output) in signature.outputs.iter_mut().enumerate() {
        let inferred = session
            .outputs()
            .iter()
            .filter(|outlet| unshaped.contains(&index) && outlet.name() == output.name)
            .find_map(|outlet| outlet.dtype().tensor_shape());
        if let Some(shape) = inferred {
            output.shape = shape.iter().map(|dim| (*dim).max(-1)).collect();
        }
    }
}

/// Warms every session of a fast model up, and one of a slow one.
fn warm_up(
    sessions: &mut [Session],
    signature: &Signature,
    options: &LoadOptions,
) -> Result<Measured, load::Error> {
    let mut measured = Measured { warm_up: WarmUp::Skipped, weight: 0 };
    if options.level == Level::Door {
        return Ok(measured);
    }
    for session in sessions {
        measured = session::warm_up(session, signature, options.warm_up_limit)?;
        if Inline::new(&measured, options.inline_below).is_never() {
            break;
        }
    }
    Ok(measured)
}
