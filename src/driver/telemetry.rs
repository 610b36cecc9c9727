//! What the gateway tells, on its way into the store: counters, trips, labels.

#[cfg(test)]
mod tests;

use super::Driver;
use super::jumps::before;
use crate::clock;
use seatrial_domain::telemetry::{Noted, Telemetry};
use seatrial_domain::{RolloutId, Timestamp};
use seatrial_gateway::{FeedbackRequest, feedback};
use seatrial_store::feedback::{self as join, Label};
use seatrial_store::storage;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

/// How often counters go to the store.
const FLUSH_EVERY: Duration = Duration::from_millis(250);

/// How often it is tried whether the store takes anything, while nothing is there to be sent: a server
/// that nobody asks writes little.
const PROBE_EVERY: Duration = Duration::from_secs(2);

/// Without a successful flush for this long, verdicts rest on too little: they are held.
const LATE_AFTER: Duration = Duration::from_secs(10);

/// How long after an instant everything that was answered before it is in the recorder: units are closed
/// by their assignments, so these must be stored by then.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// Labels joined in one transaction.
const FEEDBACK_BATCH: usize = 512;

/// Assignments kept while the store takes none.
const ASSIGNMENTS_MAX: usize = 200_000;

/// Whether the store has everything that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    All,
    /// It is kept here until the store takes it.
    Nothing,
}

impl Driver {
    /// Starts the tasks that listen to the gateway.
    pub(super) fn collect(self: &Arc<Self>) {
        let driver = Arc::clone(self);
        self.tasks.spawn("telemetry", async move { driver.flush_forever().await });
        if let Some(trips) = self.gateway.trips() {
            let driver = Arc::clone(self);
            self.tasks.spawn("guardrail trips", async move {
                let mut trips = trips;
                while let Some(trip) = trips.recv().await {
                    tracing::warn!(endpoint = %trip.endpoint, rollout.id = %trip.rollout,
                        guardrail = trip.guardrail, "guardrail tripped");
                    driver.cell(&trip.endpoint).tripped(trip);
                }
            });
        }
        if let Some(requests) = self.gateway.feedback() {
            let driver = Arc::clone(self);
            self.tasks.spawn("feedback", async move { driver.join_forever(requests).await });
        }
    }

    async fn flush_forever(&self) {
        loop {
            tokio::time::sleep(FLUSH_EVERY).await;
            let mut backlog = self.backlog.lock().await;
            let drained_at = self.drain(&mut backlog);
            if self.owes(&backlog) || !self.flushed_within(PROBE_EVERY) {
                // One that fails has told it, and is made up by the next.
                let _flushed = self.put(&mut backlog, drained_at).await;
            }
        }
    }

    /// Whether the store lacks anything, of this process or of an earlier one.
    pub(super) fn owes(&self, backlog: &Telemetry) -> bool {
        !backlog.is_empty() || !self.gateway.lost().is_empty()
    }

    /// Sends what is new, with what could not be sent before. Called a last time when the process
    /// stops: an orderly stop loses no count.
    pub async fn flush(&self) -> Flushed {
        let mut backlog = self.backlog.lock().await;
        let drained_at = self.drain(&mut backlog);
        self.put(&mut backlog, drained_at).await
    }

    fn drain(&self, backlog: &mut Telemetry) -> Timestamp {
        let drained_at = clock::now();
        let given_up = absorb(backlog, self.gateway.drain_telemetry());
        let lost = self.given_up.fetch_add(given_up, Ordering::Relaxed) + given_up;
        backlog.dropped_assignments += lost;
        drained_at
    }

    async fn put(&self, backlog: &mut Telemetry, drained_at: Timestamp) -> Flushed {
        match self.send(backlog).await {
            Ok(()) => {
                *backlog = Telemetry::default();
                self.flush_fails.store(false, Ordering::Relaxed);
                self.flushed_at_ms.store(self.uptime_ms(), Ordering::Relaxed);
                // It takes transitions as well: one that still fails is noted again.
                self.note_writable();
                self.close_units(before(drained_at, SETTLED_AFTER)).await;
                Flushed::All
            }
            Err(error) => {
                if !self.flush_fails.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "counters are kept until the store takes them");
                }
                Flushed::Nothing
            }
        }
    }

    /// What earlier processes lost goes first: no verdict of this one's evidence is without it for long.
    async fn send(&self, backlog: &Telemetry) -> Result<(), storage::Error> {
        self.note_lost().await?;
        self.store.flush(backlog).await
    }

    /// What cannot be closed now is closed after a later flush.
    async fn close_units(&self, now: Timestamp) {
        let since = self.last_jump().map(|jump| jump.to);
        if let Err(error) = self.store.close_units(now, since).await {
            tracing::warn!(%error, "units with all their labels are not counted yet");
        }
    }

    pub(super) fn flushed_recently(&self) -> bool {
        self.flushed_within(LATE_AFTER)
    }

    fn flushed_within(&self, time: Duration) -> bool {
        let flushed = self.flushed_at_ms.load(Ordering::Relaxed);
        let time_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.uptime_ms().saturating_sub(flushed) < time_ms
    }

    fn uptime_ms(&self) -> u64 {
        let uptime = clock::monotonic().duration_since(self.started);
        u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX)
    }

    /// Joins labels to their assignments, many in one transaction.
    async fn join_forever(&self, mut requests: Receiver<FeedbackRequest>) {
        let mut batch = Vec::with_capacity(FEEDBACK_BATCH);
        while requests.recv_many(&mut batch, FEEDBACK_BATCH).await > 0 {
            self.join(std::mem::take(&mut batch)).await;
        }
    }

    /// The assignments are stored first: a label may be as fast as the answer it is about.
    pub(super) async fn join(&self, batch: Vec<FeedbackRequest>) {
        if self.flush().await == Flushed::Nothing {
            return reply_later(batch);
        }
        let labels: Vec<Label> = batch.iter().map(label).collect();
        match self.store.join_feedback(&labels).await {
            Ok(answers) => {
                for (request, answer) in batch.into_iter().zip(answers) {
                    let answer = answer.map_err(|error| refused(&request.request_id, &error));
                    reply(request, answer);
                }
            }
            Err(error) => {
                tracing::error!(%error, "labels were not stored");
                reply_later(batch);
            }
        }
    }
}

fn label(request: &FeedbackRequest) -> Label {
    Label {
        endpoint: request.endpoint.clone(),
        request_id: request.request_id.clone(),
        metric: request.metric.clone(),
        value: request.value,
        at: request.ts,
    }
}

fn refused(request_id: &str, error: &join::Error) -> feedback::Error {
    match error {
        join::Error::Unknown => feedback::Error::UnknownRequest(request_id.to_owned()),
        join::Error::Different { .. }
        | join::Error::Value(_)
        | join::Error::Range(_)
        | join::Error::Metrics { .. } => feedback::Error::Invalid(error.to_string()),
    }
}

/// A label whose assignment may not be stored yet is not unknown.
fn reply_later(batch: Vec<FeedbackRequest>) {
    for request in batch {
        reply(request, Err(feedback::Error::Unavailable("try again".to_owned())));
    }
}

/// A client that has gone away needs no answer.
fn reply(request: FeedbackRequest, answer: Result<(), feedback::Error>) {
    let _gone = request.reply.send(answer);
}

/// Counters are cumulative, so the newer ones stand for both, and those that have not changed since are
/// kept; lists are joined. Gives the number of oldest assignments given up because the store has
/// been away for too long.
fn absorb(backlog: &mut Telemetry, fresh: Telemetry) -> u64 {
    let mut older = std::mem::replace(backlog, fresh);
    let newer: BTreeSet<_> = backlog.gates.iter().map(|(rollout, of, _)| (*rollout, *of)).collect();
    older.gates.retain(|(rollout, of, _)| !newer.contains(&(*rollout, *of)));
    backlog.gates.append(&mut older.gates);
    older.shadow.retain(|(rollout, _)| backlog.shadow.iter().all(|(newer, _)| newer != rollout));
    backlog.shadow.append(&mut older.shadow);
    let newer_units = std::mem::replace(&mut backlog.units, older.units);
    join_units(&mut backlog.units, newer_units);
    let newer = std::mem::replace(&mut backlog.assignments, older.assignments);
    backlog.assignments.extend(newer);
    let excess = backlog.assignments.len().saturating_sub(ASSIGNMENTS_MAX);
    backlog.assignments.drain(..excess);
    let newer = std::mem::replace(&mut backlog.pairs, older.pairs);
    backlog.pairs.extend(newer);
    // Their assignments were given up, or are about to be: no label would find them.
    let pairs_excess = backlog.pairs.len().saturating_sub(ASSIGNMENTS_MAX);
    backlog.pairs.drain(..pairs_excess);
    u64::try_from(excess).unwrap_or(u64::MAX)
}

/// One entry a rollout, at the narrower sample: while the store is away there are no more than rollouts and
/// units.
fn join_units(
    known: &mut Vec<(RolloutId, Vec<Noted>, u32)>,
    newer: Vec<(RolloutId, Vec<Noted>, u32)>,
) {
    for (rollout, units, level) in newer {
        match known.iter_mut().find(|(known, ..)| *known == rollout) {
            Some((_, before, at)) => {
                before.extend(units);
                *at = level.max(*at);
            }
            None => known.push((rollout, units, level)),
        }
    }
}
