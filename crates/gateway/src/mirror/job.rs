//! One copy's way: wait for a worker, ask the candidate, compare.

use std::sync::Arc;

use seatrial_domain::comparison::{Agreement, compare};
use seatrial_domain::plan::NoiseFloor;
use seatrial_domain::tensor::Tensor;

use super::{Copy, Mirror, Reserved};
use crate::admission::Place;
use crate::attempt::beside;
use crate::installed::Served;
use crate::recorder::Pair;

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
        let worker = tokio::select! {
            biased;
            () = mirror.stop.cancelled() => None,
            worker = mirror.workshop.workers.acquire() => worker.ok(),
        };
        if worker.is_none() {
            mirror.record.dropped("stopped");
            return;
        }
        mirror.record.sent();
        let Some(answer) = self.score(&mirror.sides.candidate).await else {
            mirror.record.candidate_failed(&self.copy.slices);
            return;
        };
        let candidate = self.agreements(&answer);
        let noise = self.noise().await;
        let Self { copy, .. } = &self;
        mirror.record.compared(&Pair {
            request_id: copy.request_id.clone(),
            slices: copy.slices.clone(),
            candidate,
            noise,
        });
    }

    /// The incumbent's second answer against its first: how much disagreement means nothing. It is
    /// asked only while it has nothing else to do: its sessions are the clients'.
    async fn noise(&self) -> Vec<Agreement> {
        match self.mirror.plan.noise_floor {
            NoiseFloor::Off => Vec::new(),
            NoiseFloor::Incumbent => {
                let turn = self.mirror.workshop.rescoring.acquire().await;
                let incumbent = &self.mirror.sides.incumbent;
                let again = match turn {
                    Ok(_held) if incumbent.is_idle() => self.score(incumbent).await,
                    Ok(_) | Err(_) => None,
                };
                again.map(|outputs| self.agreements(&outputs)).unwrap_or_default()
            }
        }
    }

    fn agreements(&self, other: &[Tensor]) -> Vec<Agreement> {
        self.mirror
            .plan
            .compare
            .iter()
            .map(|rule| compare(rule, &self.copy.outputs, other))
            .collect()
    }

    async fn score(&self, served: &Served) -> Option<Vec<Tensor>> {
        let answer = beside(served, &self.copy.ask, self.copy.inputs.clone()).await;
        answer.ok().map(|answered| answered.outputs)
    }
}
