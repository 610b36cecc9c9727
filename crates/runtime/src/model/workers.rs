//! Threads of a model's own, for inferences too long for a caller's thread: one slow model never
//! stalls another, nor the server.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ort::session::{NoSelectedOutputs, RunOptions};
use seatrial_domain::tensor::{Signature, Tensor};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::pool::{Slot, unavailable};
use crate::infer::Error;
use crate::{load, session};

type Answer = Result<Vec<Tensor>, Error>;

/// One inference, on its way to a thread.
pub(super) struct Job {
    slot: Slot,
    inputs: Vec<Tensor>,
    options: Arc<RunOptions<NoSelectedOutputs>>,
    answer: oneshot::Sender<Answer>,
}

impl Job {
    pub(super) fn new(slot: Slot, inputs: Vec<Tensor>) -> Result<(Self, Running), Error> {
        let options = RunOptions::new().map_err(|error| unavailable(error.message()))?;
        let options = Arc::new(options);
        let (answer, answered) = oneshot::channel();
        let running = Running { answered, options: Arc::clone(&options) };
        Ok((Self { slot, inputs, options, answer }, running))
    }

    fn run(mut self, signature: &Signature) {
        if self.answer.is_closed() {
            return;
        }
        let answer = self
            .slot
            .session()
            .and_then(|session| session::run(session, signature, self.inputs, &self.options));
        // The slot is free before the caller hears of it, so that a caller that goes on at once
        // finds the session it has just given back.
        drop(self.slot);
        if self.answer.send(answer).is_err() {
            tracing::debug!("an inference ended after its caller had left");
        }
    }
}

/// The caller's end of a job. Dropping it asks the model to stop: the session stays taken until
/// the model really has.
pub(super) struct Running {
    answered: oneshot::Receiver<Answer>,
    options: Arc<RunOptions<NoSelectedOutputs>>,
}

impl Running {
    pub(super) async fn answer(mut self, deadline: Instant) -> Answer {
        match timeout_at(deadline, &mut self.answered).await {
            Err(_elapsed) => Err(Error::Deadline),
            Ok(Err(_gone)) => Err(unavailable("its worker is gone")),
            Ok(Ok(answer)) => answer,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.options.terminate() {
            tracing::warn!(%error, "an abandoned inference could not be ended");
        }
    }
}

/// One thread for each session; they end when this is dropped and their last job is done.
#[derive(Debug)]
pub(super) struct Workers {
    jobs: SyncSender<Job>,
}

impl Workers {
    pub(super) fn start(count: usize, signature: &Arc<Signature>) -> Result<Self, load::Error> {
        // A job holds a session, so there are never more jobs than this.
        let (jobs, queue) = mpsc::sync_channel(count);
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..count {
            let (queue, signature) = (Arc::clone(&queue), Arc::clone(signature));
            thread::Builder::new()
                .name(format!("inference-{number}"))
                .spawn(move || work(&queue, &signature))
                .map_err(|error| load::Error::Io {
                    detail: format!("no thread for inference: {error}"),
                })?;
        }
        Ok(Self { jobs })
    }

    pub(super) fn submit(&self, job: Job) -> Result<(), Error> {
        self.jobs.try_send(job).map_err(|_refused| unavailable("its workers are gone"))
    }
}

fn work(queue: &Mutex<Receiver<Job>>, signature: &Signature) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        job.run(signature);
    }
}
