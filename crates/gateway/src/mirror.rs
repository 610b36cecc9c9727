//! The mirror: copies of answered requests, given to the candidate beside the clients' path.
//!
//! Owns the bounds: how many copies and bytes may wait, how many run at once. Whatever is beyond
//! them is dropped and counted, so a slow candidate never slows a client. All of them are each
//! endpoint's own: however many candidates hang, each holds up its own endpoint's copies alone. Only
//! requests that the incumbent answered are copied: there is nothing to compare the others with.

mod job;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use seatrial_domain::plan::Shadow;
use seatrial_domain::split::{Arm, Domain, Salt};
use seatrial_domain::tensor::Tensor;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::Places;
use crate::attempt::Ask;
use crate::choice::Asked;
use crate::installed::Served;
use crate::recorder::ShadowRecord;
use crate::request_id::Serial;
use crate::size;

/// What the mirrors of one endpoint share, one after the other: copies of a replaced table that still
/// run count among those of the next.
#[derive(Debug, Clone)]
pub(crate) struct Workshop {
    /// Copies run at once.
    workers: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Workshop {
    /// Of at least one worker.
    pub(crate) fn new(workers: usize, tasks: TaskTracker) -> Self {
        Self { workers: Arc::new(Semaphore::new(workers.max(1))), tasks }
    }
}

/// Who is compared, and by which salt requests are sampled.
#[derive(Debug, Clone)]
pub(crate) struct Sides {
    pub(crate) incumbent: Served,
    pub(crate) candidate: Served,
    pub(crate) salt: Salt,
}

#[derive(Debug)]
pub(crate) struct Mirror {
    plan: Shadow,
    /// Latencies of a pair up to here are alike.
    alike_below: Duration,
    sides: Sides,
    pub(crate) record: Arc<ShadowRecord>,
    places: Arc<Places>,
    /// Pairs asked at once, where both sides are: one, since the incumbent has clients to serve, and since
    /// neither side is to wait for another copy while it is timed.
    turn: Semaphore,
    queued_bytes: Arc<AtomicU64>,
    stop: CancellationToken,
    workshop: Workshop,
}

/// A request that was answered, to be answered again.
#[derive(Debug)]
pub(crate) struct Copy {
    pub(crate) request_id: String,
    /// The hash by which a label finds it.
    pub(crate) request: u64,
    /// Who of the pair is asked first.
    pub(crate) first: Arm,
    /// As the client asked, apart from the tensors.
    pub(crate) ask: Ask,
    pub(crate) slices: BTreeMap<String, String>,
    pub(crate) inputs: Vec<Tensor>,
    /// The incumbent's answer to the client.
    pub(crate) outputs: Vec<Tensor>,
}

impl Mirror {
    pub(crate) fn new(
        (plan, alike_below): (Shadow, Duration),
        sides: Sides,
        record: Arc<ShadowRecord>,
        workshop: Workshop,
    ) -> Self {
        Self {
            plan,
            alike_below,
            sides,
            record,
            places: Arc::default(),
            turn: Semaphore::new(1),
            queued_bytes: Arc::default(),
            stop: CancellationToken::new(),
            workshop,
        }
    }

    /// Whether this request is in the mirrored sample.
    pub(crate) fn samples(&self, serial: Serial) -> bool {
        self.sides.salt.within(Domain::Mirror, self.plan.mirror, &serial.bytes())
    }

    /// Who of this request's pair is asked first; not by its id, which a client may choose.
    pub(crate) fn asked_first(&self, serial: Serial) -> Arm {
        self.sides.salt.asked_first(&serial.bytes())
    }

    /// The request's value in each of the plan's slices.
    pub(crate) fn slices(&self, asked: Asked<'_>) -> BTreeMap<String, String> {
        let slices = self.plan.slices.iter();
        slices.map(|slice| (self.plan.column(&slice.key), asked.slice(&slice.key))).collect()
    }

    /// Whether a copy would find a place now: without one it need not be made.
    pub(crate) fn has_room(&self) -> bool {
        !self.stop.is_cancelled() && self.places.taken() < self.plan.max_in_flight
    }

    /// Counts a copy that was not made, since there was no room for it.
    pub(crate) fn turn_away(&self) {
        self.record.dropped(if self.stop.is_cancelled() { "stopped" } else { "queue_full" });
    }

    /// Hands a copy over, or drops and counts it. Never waits.
    pub(crate) fn offer(self: &Arc<Self>, copy: Copy) {
        if self.stop.is_cancelled() {
            self.record.dropped("stopped");
            return;
        }
        let Some(place) = self.places.take(self.plan.max_in_flight) else {
            self.record.dropped("queue_full");
            return;
        };
        let Some(bytes) = self.reserve(size(&copy)) else {
            self.record.dropped("queue_bytes");
            return;
        };
        let job = job::Job { mirror: Arc::clone(self), copy, _place: place, _bytes: bytes };
        self.workshop.tasks.spawn(job.run());
    }

    /// Drops what waits; what runs ends by its deadline.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether its table was replaced.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn reserve(&self, bytes: u64) -> Option<Reserved> {
        self.queued_bytes
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |queued| {
                queued.checked_add(bytes).filter(|sum| *sum <= self.plan.queue_bytes)
            })
            .ok()
            .map(|_before| Reserved { bytes, of: Arc::clone(&self.queued_bytes) })
    }
}

/// Bytes held by a waiting or running copy.
#[derive(Debug)]
struct Reserved {
    bytes: u64,
    of: Arc<AtomicU64>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.of.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

fn size(copy: &Copy) -> u64 {
    size::of(copy.inputs.iter().chain(&copy.outputs))
}
