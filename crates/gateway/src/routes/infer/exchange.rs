//! One valid request under the table that routes it: assigned, tried, counted, mirrored.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use seatrial_domain::ledger;
use seatrial_domain::plan::Fallback;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::{Assignment, Counted, request_hash};
use seatrial_domain::tensor::Tensor;
use seatrial_domain::{Timestamp, VersionNumber};
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
use crate::marks::Mark;
use crate::mirror::{Copy, Mirror};
use crate::recorder::Reserved;
use crate::request_id::Serial;
use crate::shared::Shared;
use crate::table::Labelled;

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

/// How a request was routed, and what it counts for.
#[derive(Debug)]
struct Routed {
    choice: Choice,
    /// Its place in the evidence, if it has one.
    reserved: Option<Reserved>,
    /// What tells the next process of it, until it is counted.
    mark: Option<Mark>,
    /// When that was: a slow answer makes no unit younger.
    at: Timestamp,
}

impl Routed {
    /// The place of a unit's first request, which stands for it where labels are joined.
    fn of_unit(&self) -> Option<&Reserved> {
        self.reserved.as_ref().filter(|reserved| match reserved.ticket.place() {
            ledger::Place::Whole | ledger::Place::First => true,
            ledger::Place::Later => false,
        })
    }

    /// The unit in whose window it began, where the labels of all of these are evidence.
    fn within(&self, labelled: Labelled) -> Option<u64> {
        match labelled {
            Labelled::First => None,
            Labelled::Window => self.reserved.as_ref()?.ticket.within(),
        }
    }
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
        let reserved =
            self.active().and_then(|it| choice.standing.reserve(it, choice.arm, self.asked()));
        let mark = self.mark(reserved.as_ref());
        let at = (self.shared.config.clock)();
        let inputs = std::mem::take(&mut self.request.inputs);
        let copied = mirror.as_ref().is_some_and(|mirror| mirror.has_room());
        let spare = (copied || fallback.is_some()).then(|| inputs.clone());
        let first = admitted(&served, &ask, inputs).await;
        let mut routed = Routed { choice, reserved, mark, at };
        match (&first.result, fallback, spare) {
            (Err(_), Some(incumbent), Some(inputs)) => {
                self.fall_back(routed, first, admitted(&incumbent, &ask, inputs), &incumbent).await
            }
            (Ok(answered), _, spare) => {
                self.record(&mut routed, &first);
                match (mirror, spare) {
                    (Some(mirror), Some(inputs)) => self.copy(&mirror, ask, inputs, answered),
                    // A shadow that is stuck costs clients not even the copying.
                    (Some(mirror), None) => mirror.turn_away(),
                    (None, _) => {}
                }
                outgoing(&served, first.result)
            }
            (Err(_), _, _) => {
                self.record(&mut routed, &first);
                outgoing(&served, first.result)
            }
        }
    }

    /// The incumbent's answer instead of the candidate's, which stays the candidate's error. What
    /// the candidate calls the client's fault is so only if the incumbent does not answer it.
    async fn fall_back(
        &self,
        mut routed: Routed,
        mut first: Attempt,
        second: impl Future<Output = Attempt>,
        incumbent: &Served,
    ) -> Outgoing {
        let blamed_client = first.outcome == Outcome::Invalid;
        // Before the second try: a guardrail must not wait for it.
        if !blamed_client {
            self.record(&mut routed, &first);
        }
        let second = second.await;
        if blamed_client {
            if second.outcome == Outcome::Ok {
                first.outcome = Outcome::Error;
            }
            self.record(&mut routed, &first);
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

    fn mark(&self, reserved: Option<&Reserved>) -> Option<Mark> {
        let ticket = reserved?.ticket;
        self.shared.marks.mark(ticket.under_way(self.active()?.route.id))
    }

    fn active(&self) -> Option<&Active> {
        self.installed.rollout.as_ref()
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
            request: request_hash(&self.entry.name, &self.request_id),
            first: mirror.asked_first(self.serial),
            ask,
            slices: mirror.slices(self.asked()),
            inputs,
            outputs: answered.outputs.clone(),
        });
    }

    /// Counts the first try for the arm that was assigned, before the client has its answer. An
    /// invalid request leaves no trace.
    fn record(&self, routed: &mut Routed, first: &Attempt) {
        routed.mark = None;
        let choice = routed.choice;
        let Some(active) = self.active() else { return };
        if let Some(reserved) = &routed.reserved {
            active.units.answer(reserved, (first.outcome, first.latency));
            predicted(active, reserved, first);
        }
        if first.outcome == Outcome::Invalid {
            return;
        }
        self.assign(active, routed);
        record_shadow(active, choice.arm, first);
        if choice.standing == Standing::Apart {
            return;
        }
        if let Some(breach) = active.guard.note(choice.arm, first.outcome, Instant::now()) {
            self.shared.trip(&self.entry, &self.installed, breach);
        }
    }

    fn assign(&self, active: &Active, routed: &Routed) {
        let unit = routed.of_unit();
        self.shared.recorder.assign(Assignment {
            request: request_hash(&self.entry.name, &self.request_id),
            endpoint: self.entry.name.clone(),
            rollout: Some(active.route.id),
            gate: active.route.gate,
            seen: unit.map(|it| it.ticket.stratum().seen).unwrap_or_default(),
            arm: routed.choice.arm,
            counted: if unit.is_some() { Counted::Yes } else { Counted::No },
            unit: routed.within(active.route.counting.labels),
            slices: unit.map(|it| it.labels.clone()).unwrap_or_default(),
            at: routed.at,
        });
    }
}

/// Counts what the answer says, where a check watches that. A failed one says nothing.
fn predicted(active: &Active, reserved: &Reserved, first: &Attempt) {
    let watches = active.route.watches.as_slice();
    if let ([_, ..], Ok(answered)) = (watches, &first.result) {
        active.units.predicted(reserved, watches, &answered.outputs);
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
