//! Trials of models, each in a process of its own: what was found of the same files is known, and a
//! trial that was begun when a model's file arrived is waited for, not begun again.
//!
//! Refuses to let what is merely uploaded keep what is registered from its trial: the former has
//! turns of its own, and is passed over where there are too many.

mod meter;

pub(crate) use meter::Meter;

use super::tried::{self, Tried};
use super::{Children, size};
use crate::config::Limits;
use crate::tasks::Tasks;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use seatrial_domain::Digest;
use seatrial_domain::tensor::Signature;
use seatrial_runtime::load::{self, Level};
use seatrial_runtime::{Files, probe};
use seatrial_store::Blobs;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Between a trial, or a child's start, and the start of the next child that waits.
const REST: Duration = Duration::from_millis(250);

/// What a trial found, or why it found nothing.
pub(super) type Outcome = Result<Signature, Arc<probe::Error>>;

/// The trials of one registry.
#[derive(Debug)]
pub(super) struct Trials {
    blobs: Blobs,
    tasks: Tasks,
    child: probe::Ready,
    pub(super) tried: Tried,
    pub(super) meter: Meter,
    /// One permit for each trial at work that nobody waits for.
    ahead: Semaphore,
    underway: Mutex<BTreeMap<Digest, Underway>>,
    underway_max: usize,
    /// Whether somebody starts children for the next models.
    replenishing: AtomicBool,
}

/// A trial of a stored model by itself, begun before anybody asked for it.
#[derive(Debug)]
struct Underway {
    /// Whether its turn has come.
    began: Arc<AtomicBool>,
    /// None: the file could not be had, or another trial was quicker.
    trial: Shared<BoxFuture<'static, Option<Outcome>>>,
}

/// Takes a trial off the list, however it ends.
struct Leaving(Arc<Trials>, Digest);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}

impl Trials {
    pub(super) fn new(blobs: Blobs, children: &Children, limits: &Limits, tasks: Tasks) -> Self {
        let most = size(limits.probe.ready);
        Self {
            blobs,
            tasks,
            child: probe::Ready::new(children.model.clone(), Level::Door, most),
            tried: Tried::default(),
            meter: Meter::default(),
            ahead: Semaphore::new(size(limits.uploads.ahead)),
            underway: Mutex::default(),
            underway_max: size(limits.uploads.max_ahead),
            replenishing: AtomicBool::new(false),
        }
    }

    /// A model is arriving: a child may start meanwhile.
    pub(super) fn expect(&self) {
        if !self.child.is_waiting() {
            self.child.prepare();
        }
    }

    /// Starts children for the next models, one after another: neither who registers this one nor
    /// who is served meanwhile should notice.
    fn replenish(self: &Arc<Self>) {
        if self.replenishing.swap(true, Ordering::Relaxed) {
            return;
        }
        let trials = Arc::clone(self);
        self.tasks.spawn("prepare trials", async move {
            loop {
                tokio::time::sleep(REST).await;
                if !trials.child.prepare() {
                    break;
                }
            }
            trials.replenishing.store(false, Ordering::Relaxed);
        });
    }

    /// Ends the children that wait for models that do not come.
    pub(super) fn sweep(&self) {
        self.child.release();
    }

    /// Begins to try a stored model by itself, unless that was done, is under way, or too many are.
    pub(super) fn begin(self: &Arc<Self>, model: &Digest) {
        if self.tried.of(&tried::alone(model)).is_some() {
            return;
        }
        let began = Arc::new(AtomicBool::new(false));
        let (trials, subject, begins) = (Arc::clone(self), model.clone(), Arc::clone(&began));
        let trial = async move { trials.in_turn(&subject, &begins).await }.boxed().shared();
        let mut underway = self.lock();
        if underway.len() >= self.underway_max || underway.contains_key(model) {
            return;
        }
        underway.insert(model.clone(), Underway { began, trial: trial.clone() });
        drop(underway);
        let (trials, leaving) = (Arc::clone(self), Leaving(Arc::clone(self), model.clone()));
        self.tasks.spawn("try a model", async move {
            let _leaving = leaving;
            let _found = trial.await;
            trials.replenish();
        });
    }

    async fn in_turn(&self, model: &Digest, began: &AtomicBool) -> Option<Outcome> {
        let _turn = self.ahead.acquire().await.ok()?;
        let key = tried::alone(model);
        if self.tried.of(&key).is_some() {
            return None;
        }
        began.store(true, Ordering::Relaxed);
        // Deleted or altered meanwhile: who registers it is told.
        let file = self.blobs.located(model).await.ok()?;
        self.meter.ahead();
        Some(self.run(key, &Files::alone(file.path().to_owned())).await)
    }

    /// What the trial finds of the model that is under way. None: none is, or its turn has not come.
    pub(super) async fn joined(&self, model: &Digest) -> Option<Outcome> {
        let trial = {
            let underway = self.lock();
            let underway = underway.get(model)?;
            underway.began.load(Ordering::Relaxed).then(|| underway.trial.clone())?
        };
        trial.await
    }

    /// Tries these files, known as `key`, for who waits for it.
    pub(super) async fn now(self: &Arc<Self>, key: Digest, files: &Files<PathBuf>) -> Outcome {
        self.meter.now();
        let found = self.run(key, files).await;
        self.replenish();
        found
    }

    async fn run(&self, key: Digest, files: &Files<PathBuf>) -> Outcome {
        let report = self.child.probe(files).await?;
        self.tried.remember(key, &report.signature);
        Ok(report.signature)
    }

    /// Whether no trial is under way that nobody waits for.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Digest, Underway>> {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the model may be another with the files beside it.
pub(super) fn lacks_data(found: &Outcome) -> bool {
    let Err(error) = found else { return false };
    matches!(**error, probe::Error::Refused(load::Error::ExternalData { .. }))
}
