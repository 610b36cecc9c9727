//! One valid request under the table that routes it: assigned, tried, counted, mirrored.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use seatrial_domain::VersionNumber;
use seatrial_domain::plan::Fallback;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, request_hash};
use seatrial_domain::tensor::Tensor;
use tokio::time::Instant;

use crate::admission::Place;
use crate::attempt::{Answered, Ask, Attempt, admitted, attempt};
use crate::body::Room;
use crate::choice::{Asked, Choice, Standing, choose};
use crate::codec::InferRequest;
use crate::entry::Entry;
use crate::fault::Fault;
use crate::installed::{Active, Installed, Served};
use crate::lane::Outcome;
use crate::mirror::{Copy, Mirror};
use crate::recorder::GateRecord;
use crate::request_id::Serial;
use crate::shared::Shared;

/// A valid request. One to a version by its number holds its place among those.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) shared: Arc<Shared>,
    pub(super) entry: Arc<Entry>,
    pub(super) installed: Arc<Installed>,
    pub(super) headers: HeaderMap,
    pub(super) serial: Serial,
    pub(super) request_id: String,
    pub(super) request: InferRequest,
    pub(super) _pinned: Option<Place>,
    pub(super) _room: Room,
}

/// What goes back, and which version it is from.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) body: Result<Bytes, Fault>,
    pub(super) version: Option<VersionNumber>,
}

impl Exchange {
    /// A request to a version by its number: no evidence, no guardrails, no fallback.
    pub(super) async fn pinned(mut self, version: VersionNumber) -> Outgoing {
        let ask = self.ask();
        let inputs = std::mem::take(&mut self.request.inputs);
        let Some(served) = self.installed.pinned(version) else {
            return nobody();
        };
        outgoing(served, attempt(served, &ask, inputs).await.result)
    }

    /// A request to the endpoint.
    pub(super) async fn assigned(mut self) -> Outgoing {
        let choice = choose(&self.installed, self.asked());
        // In a table without an incumbent the candidate has the whole share, or nobody answers.
        let Some(served) = self.installed.arm(choice.arm).cloned() else { return nobody() };
        let ask = self.ask();
        let mirror = self.mirror(choice);
        let fallback = self.fallback(choice);
        let counted = self.active().map_or(Counted::No, |active| choice.standing.reserve(active));
        if let Some(gate) = self.gate_of(counted) {
            gate.assign(choice.arm);
        }
        let inputs = std::mem::take(&mut self.request.inputs);
        let copied = mirror.as_ref().is_some_and(|mirror| mirror.has_room());
        let spare = (copied || fallback.is_some()).then(|| inputs.clone());
        let first = admitted(&served, &ask, inputs).await;
        let routed = (choice, counted);
        match (&first.result, fallback, spare) {
            (Err(_), Some(incumbent), Some(inputs)) => {
                self.fall_back(routed, first, admitted(&incumbent, &ask, inputs), &incumbent).await
            }
            (Ok(answered), _, spare) => {
                self.record(routed, &first);
                match (mirror, spare) {
                    (Some(mirror), Some(inputs)) => self.copy(&mirror, ask, inputs, answered),
                    // A shadow that is stuck costs clients not even the copying.
                    (Some(mirror), None) => mirror.turn_away(),
                    (None, _) => {}
                }
                outgoing(&served, first.result)
            }
            (Err(_), _, _) => {
                self.record(routed, &first);
                outgoing(&served, first.result)
            }
        }
    }

    /// The incumbent's answer instead of the candidate's, which stays the candidate's error. What
    /// the candidate calls the client's fault is so only if the incumbent does not answer it.
    async fn fall_back(
        &self,
        routed: (Choice, Counted),
        mut first: Attempt,
        second: impl Future<Output = Attempt>,
        incumbent: &Served,
    ) -> Outgoing {
        let blamed_client = first.outcome == Outcome::Invalid;
        // Before the second try: a guardrail must not wait for it.
        if !blamed_client {
            self.record(routed, &first);
        }
        let second = second.await;
        if blamed_client {
            if second.outcome == Outcome::Ok {
                first.outcome = Outcome::Error;
            }
            self.record(routed, &first);
        }
        outgoing(incumbent, second.result)
    }

    fn asked(&self) -> Asked<'_> {
        let Self { headers, request, serial, .. } = self;
        Asked { headers, parameters: &request.parameters, serial: *serial }
    }

    fn ask(&mut self) -> Ask {
        Ask {
            model: self.entry.name.to_string(),
            id: self.request.id.take(),
            outputs: std::mem::take(&mut self.request.outputs),
            deadline: self.installed.settings.deadline,
            concurrency: self.installed.settings.max_concurrency,
        }
    }

    fn active(&self) -> Option<&Active> {
        self.installed.rollout.as_ref()
    }

    /// Where its unit is counted, if it is.
    fn gate_of(&self, counted: Counted) -> Option<&GateRecord> {
        match counted {
            Counted::Yes => self.active()?.gate.as_deref(),
            Counted::No => None,
        }
    }

    /// Who answers in the candidate's stead.
    fn fallback(&self, choice: Choice) -> Option<Served> {
        match (choice.arm, self.active()?.route.routing.fallback) {
            (Arm::Candidate, Fallback::Incumbent) => self.installed.incumbent.clone(),
            (Arm::Candidate, Fallback::Off)
            | (Arm::Incumbent, Fallback::Incumbent | Fallback::Off) => None,
        }
    }

    fn mirror(&self, choice: Choice) -> Option<Arc<Mirror>> {
        let mirror = self.active()?.mirror.as_ref()?;
        let wanted = choice.arm == Arm::Incumbent && mirror.samples(self.serial);
        wanted.then(|| Arc::clone(mirror))
    }

    fn copy(&self, mirror: &Arc<Mirror>, ask: Ask, inputs: Vec<Tensor>, answered: &Answered) {
        mirror.offer(Copy {
            request_id: self.request_id.clone(),
            ask,
            slices: mirror.slices(self.asked()),
            inputs,
            outputs: answered.outputs.clone(),
        });
    }

    /// Counts the first try for the arm that was assigned, before the client has its answer. An
    /// invalid request leaves no trace.
    fn record(&self, (choice, counted): (Choice, Counted), first: &Attempt) {
        if let Some(gate) = self.gate_of(counted) {
            gate.count(choice.arm, first.outcome, first.latency);
        }
        let Some(active) = self.active() else { return };
        if first.outcome == Outcome::Invalid {
            choice.standing.release(active, counted);
            return;
        }
        self.assign(active, choice.arm, counted);
        record_shadow(active, choice.arm, first);
        if choice.standing == Standing::Apart {
            return;
        }
        if let Some(breach) = active.guard.note(choice.arm, first.outcome, Instant::now()) {
            self.shared.trip(&self.entry, &self.installed, breach);
        }
    }

    fn assign(&self, active: &Active, arm: Arm, counted: Counted) {
        self.shared.recorder.assign(Assignment {
            request: request_hash(&self.entry.name, &self.request_id),
            endpoint: self.entry.name.clone(),
            rollout: Some(active.route.id),
            gate: active.route.gate,
            arm,
            counted,
            at: (self.shared.config.clock)(),
        });
    }
}

/// While there is a shadow, the live incumbent's latency is kept as the reference; what is answered
/// after it has ended is not its.
fn record_shadow(active: &Active, arm: Arm, first: &Attempt) {
    let (Some(mirror), Arm::Incumbent) = (&active.mirror, arm) else { return };
    if mirror.is_stopped() {
        return;
    }
    match first.outcome {
        Outcome::Ok => mirror.record.incumbent_answered(first.latency),
        Outcome::Error | Outcome::Late => mirror.record.incumbent_failed(),
        Outcome::Invalid => {}
    }
}

fn outgoing(served: &Served, result: Result<Answered, Fault>) -> Outgoing {
    Outgoing { body: result.map(|answered| answered.body), version: Some(served.version.number) }
}

fn nobody() -> Outgoing {
    Outgoing { body: Err(Fault::Unavailable("no version is serving".to_owned())), version: None }
}
