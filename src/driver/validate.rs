//! Runs a rollout's validation beside the driver, once, and hands its outcome to a later step.

use super::Driver;
use super::cell::State;
use super::validation_request::Readiness;
use crate::clock;
use crate::validation::{self, Outcome, Report, Verdict};
use crate::world::Observed;
use seatrial_domain::rollout::{Event, Fault, Rollout, Stage, Validation};
use seatrial_domain::{Digest, RolloutId};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::OnceLock;
use tokio::task::JoinHandle;

/// At most one validation of an endpoint. Dropping it ends it.
#[derive(Debug, Default)]
pub(super) struct Run(Option<Running>);

#[derive(Debug)]
struct Running {
    rollout: RolloutId,
    task: Option<JoinHandle<()>>,
    report: Arc<OnceLock<Report>>,
    keep: Keep,
}

/// Whether the finished report is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Keep {
    Pending,
    Done { digest: Digest },
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Running {
    /// A validation that could not begin.
    fn not_begun(rollout: RolloutId, why: String) -> Self {
        let report = Arc::new(OnceLock::from(Report::not_begun(why)));
        Self { rollout, task: None, report, keep: Keep::Pending }
    }
}

impl Run {
    /// What the outcome rests on, for the journal: the stored report by its digest, and what of it
    /// failed.
    pub(super) fn evidence(&self, event: &Event) -> Option<Value> {
        if !matches!(event, Event::Validated { .. } | Event::ValidationFailed { .. }) {
            return None;
        }
        let Keep::Done { digest } = &self.0.as_ref()?.keep else { return None };
        let report = self.0.as_ref()?.report.get()?;
        let failed = report.checks.iter().filter(|check| check.verdict == Verdict::Failed);
        let failed = failed.map(|check| check.name.as_str()).collect::<Vec<_>>();
        Some(json!({"report": digest, "failed": failed}))
    }
}

impl Driver {
    /// The event a finished validation stands for; starts it where it is due.
    pub(super) async fn validated(
        self: &Arc<Self>,
        state: &mut State,
        rollout: &Rollout,
        observed: &Observed,
    ) -> anyhow::Result<Option<Event>> {
        if rollout.stage != (Stage::Validating { state: Validation::Running }) {
            state.validation = Run::default();
            return Ok(None);
        }
        match &mut state.validation.0 {
            Some(running) if running.rollout == rollout.id => {
                let Some(report) = running.report.get() else { return Ok(None) };
                if running.keep == Keep::Pending {
                    let json = serde_json::to_value(report)?;
                    let digest = self.store.put_report(rollout.id, &json, clock::now()).await?;
                    running.keep = Keep::Done { digest };
                }
                Ok(Some(event(report)))
            }
            Some(_) | None => {
                state.validation = self.begin_validation(rollout, observed).await?;
                Ok(None)
            }
        }
    }

    async fn begin_validation(
        self: &Arc<Self>,
        rollout: &Rollout,
        observed: &Observed,
    ) -> anyhow::Result<Run> {
        let not_begun = |why| Ok(Run(Some(Running::not_begun(rollout.id, why))));
        let request = match self.readiness(rollout, observed).await? {
            Readiness::Ready(request) => *request,
            Readiness::Waiting(why) if rollout.validation_left(clock::now()).is_zero() => {
                return not_begun(format!("validation has not begun in time: {why}"));
            }
            Readiness::Waiting(_) => return Ok(Run::default()),
            Readiness::Impossible(why) => return not_begun(why),
        };
        let report = Arc::new(OnceLock::new());
        let (driver, place) = (Arc::clone(self), Arc::clone(&report));
        let task = self.tasks.spawn("validation", async move {
            let finished = validation::validate(request).await;
            place.get_or_init(|| finished);
            driver.changed.notify_one();
        });
        let (task, keep) = (Some(task), Keep::Pending);
        Ok(Run(Some(Running { rollout: rollout.id, task, report, keep })))
    }
}

fn event(report: &Report) -> Event {
    match &report.outcome {
        Outcome::Passed => Event::Validated { summary: report.summary.clone() },
        Outcome::Failed { why } => {
            Event::ValidationFailed { why: why.clone(), fault: Fault::Candidate }
        }
        Outcome::Error { why } => {
            Event::ValidationFailed { why: why.clone(), fault: Fault::Surroundings }
        }
    }
}
