//! What a rollout's validation is asked: the listeners, the datasets and the command its plan names.

use super::Driver;
use crate::dataset::File;
use crate::validation::{Limits, Request, Subject};
use crate::world::Observed;
use anyhow::Context as _;
use seatrial_domain::ids::DatasetName;
use seatrial_domain::rollout::Rollout;
use seatrial_domain::{VersionNumber, VersionRef};

impl Driver {
    /// None while a listener it needs is not open yet.
    pub(super) async fn validation_request(
        &self,
        rollout: &Rollout,
        observed: &Observed,
    ) -> anyhow::Result<Option<Request>> {
        let Some(candidate) = subject(rollout, &rollout.candidate, observed) else {
            return Ok(None);
        };
        let incumbent = match &rollout.incumbent {
            Some(version) => match subject(rollout, version, observed) {
                Some(subject) => Some(subject),
                None => return Ok(None),
            },
            None => None,
        };
        let plan = &rollout.plan;
        let command = plan.command.as_ref().map(|command| {
            let configured = self.commands.get(&command.0).cloned();
            configured.with_context(|| {
                format!("validation.command: no command named {:?} in the configuration", command.0)
            })
        });
        let memory_bytes =
            observed.deployment(&rollout.candidate).and_then(|found| found.memory_bytes);
        Ok(Some(Request {
            candidate,
            incumbent,
            holdout: self.dataset(plan.holdout.dataset.as_deref()).await?,
            expected: self.dataset(plan.holdout.expected.as_deref()).await?,
            golden: self.dataset(plan.contract.golden.as_deref()).await?,
            command: command.transpose()?,
            memory_bytes,
            limits: Limits { body_bytes: rollout.settings.max_body, ..Limits::default() },
            plan: plan.clone(),
        }))
    }

    /// The file of `name@version`.
    async fn dataset(&self, reference: Option<&str>) -> anyhow::Result<Option<File>> {
        let Some(reference) = reference else { return Ok(None) };
        let (name, number) = reference
            .split_once('@')
            .with_context(|| format!("dataset {reference:?}: expected name@version"))?;
        let name: DatasetName = name.parse()?;
        let number: VersionNumber = number.parse()?;
        let stored = self.store.dataset(&name, Some(number)).await?;
        self.store.blobs().verify(&stored.blob.digest).await?;
        Ok(Some(File {
            path: self.store.blobs().path(&stored.blob.digest),
            format: stored.format.to_string().parse()?,
            label: stored.label,
        }))
    }
}

fn subject(rollout: &Rollout, version: &VersionRef, observed: &Observed) -> Option<Subject> {
    let deployment = observed.deployment(version)?;
    Some(Subject {
        url: deployment.private_url.clone()?,
        model: rollout.endpoint.clone(),
        version: version.clone(),
        signature: deployment.signature.clone()?,
    })
}
