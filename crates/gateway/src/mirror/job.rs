//! One copy's way: wait for a worker, ask the candidate, compare.

use std::sync::Arc;
use std::time::Duration;

use seatrial_domain::comparison::{Agreement, compare, outcome};
use seatrial_domain::plan::{DriftBy, NoiseFloor};
use seatrial_domain::split::Arm;
use seatrial_domain::tensor::Tensor;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::{Copy, Mirror, Reserved};
use crate::admission::Place;
use crate::attempt::beside;
use crate::installed::Served;
use crate::recorder::{Latencies, Pair};

/// A copy with the place and the bytes it holds until it is done.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) mirror: Arc<Mirror>,
    pub(super) copy: Copy,
    pub(super) _place: Place,
    pub(super) _bytes: Reserved,
}

impl Job {
    pub(super) async fn run(self) {
        let mirror = &*self.mirror;
        let Some(_places) = self.places().await else {
            mirror.record.dropped("stopped");
            return;
        };
        mirror.record.sent();
        let Some(Asked { scored, again, idle }) = self.ask().await else {
            mirror.record.candidate_failed(&self.copy.slices);
            return;
        };
        let candidate = self.agreements(&scored.outputs);
        let classes = self.classes(&scored.outputs);
        let latency = again.as_ref().filter(|_| idle).map(|again| Latencies {
            incumbent: again.latency,
            candidate: scored.latency,
            alike_below: mirror.alike_below,
        });
        let noise = again.map(|again| self.agreements(&again.outputs)).unwrap_or_default();
        let Self { copy, .. } = &self;
        mirror.record.compared(&Pair {
            request_id: copy.request_id.clone(),
            slices: copy.slices.clone(),
            candidate,
            noise,
            latency,
        });
        if let Some(classes) = classes {
            mirror.record.keep(copy.request, classes, &copy.slices);
        }
    }

    /// The turn of its table's pairs, where both are asked, and one of its endpoint's workers. None where
    /// the mirror is stopped meanwhile.
    async fn places(&self) -> Option<(Option<SemaphorePermit<'_>>, SemaphorePermit<'_>)> {
        let Mirror { plan, turn, workshop, stop, .. } = &*self.mirror;
        let both = async {
            let turn = match plan.noise_floor {
                NoiseFloor::Off => None,
                NoiseFloor::Incumbent => Some(turn.acquire().await.ok()?),
            };
            Some((turn, workshop.workers.acquire().await.ok()?))
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            places = both => places,
        }
    }

    /// Both answers; none if the candidate has none. Where both are asked, neither waits for another
    /// copy, and which is first is as good as drawn: who comes second finds the inputs at hand, and a
    /// candidate that is no slower must not look it. For the same reason the incumbent must have nothing
    /// else to do when the first is asked and when the second is, whoever these are.
    async fn ask(&self) -> Option<Asked> {
        let candidate = &self.mirror.sides.candidate;
        match self.mirror.plan.noise_floor {
            NoiseFloor::Off => {
                let scored = self.score(candidate).await?;
                Some(Asked { scored, again: None, idle: false })
            }
            NoiseFloor::Incumbent => {
                let incumbent = &self.mirror.sides.incumbent;
                let at_first = incumbent.is_idle();
                let (scored, again, then) = match self.copy.first {
                    Arm::Candidate => {
                        let scored = self.score(candidate).await?;
                        let then = incumbent.is_idle();
                        (scored, self.again().await, then)
                    }
                    Arm::Incumbent => {
                        let again = self.again().await;
                        let then = incumbent.is_idle();
                        (self.score(candidate).await?, again, then)
                    }
                };
                Some(Asked { scored, again, idle: at_first && then })
            }
        }
    }

    /// The incumbent's second answer, against its first: how much disagreement means nothing, and how
    /// long it takes when it is asked as the candidate is. It is asked only while it has nothing else to
    /// do: its sessions are the clients'.
    async fn again(&self) -> Option<Scored> {
        let incumbent = &self.mirror.sides.incumbent;
        if incumbent.is_idle() { self.score(incumbent).await } else { None }
    }

    /// What the incumbent answered the client and what the candidate did, as classes, where labels are to
    /// tell who was right.
    fn classes(&self, other: &[Tensor]) -> Option<[String; 2]> {
        let labels = self.mirror.plan.labels.as_ref()?;
        let class = |answer: &[Tensor]| outcome(&labels.output, &DriftBy::Class, answer);
        Some([class(&self.copy.outputs), class(other)])
    }

    fn agreements(&self, other: &[Tensor]) -> Vec<Agreement> {
        self.mirror
            .plan
            .compare
            .iter()
            .map(|rule| compare(rule, &self.copy.outputs, other))
            .collect()
    }

    async fn score(&self, served: &Served) -> Option<Scored> {
        let start = Instant::now();
        let answer = beside(served, &self.copy.ask, self.copy.inputs.clone()).await;
        let latency = start.elapsed();
        answer.ok().map(|answered| Scored { outputs: answered.outputs, latency })
    }
}

/// What both sides answered.
struct Asked {
    scored: Scored,
    again: Option<Scored>,
    /// Whether the incumbent had nothing else to do when the first of them was asked, and the second.
    idle: bool,
}

/// An answer beside the clients, and how long it took.
struct Scored {
    outputs: Vec<Tensor>,
    latency: Duration,
}
