//! What a rollout's validation is asked: the listeners, the datasets and the command its plan names.

use super::Driver;
use super::command::Error;
use super::operator::storage;
use super::resolve::{EXPECTED, GOLDEN, HOLDOUT};
use crate::clock;
use crate::dataset::{self, File};
use crate::validation::{Limits, Request, Subject};
use crate::world::Observed;
use seatrial_domain::VersionRef;
use seatrial_domain::rollout::Rollout;
use seatrial_store::blobs::{self, LocalFile};

/// Whether a validation can begin.
#[derive(Debug)]
pub(super) enum Readiness {
    Ready(Box<Request>),
    /// For a listener, named here.
    Waiting(String),
    /// Something the plan names is not there, and will not come by itself.
    Impossible(String),
}

impl Driver {
    /// Errors are the store's own, and pass.
    pub(super) async fn readiness(
        &self,
        rollout: &Rollout,
        observed: &Observed,
    ) -> anyhow::Result<Readiness> {
        let waiting = |whose: &str, version: &VersionRef| {
            Ok(Readiness::Waiting(format!(
                "the {whose}'s staging listener ({version}) is not open"
            )))
        };
        let Some(candidate) = subject(rollout, &rollout.candidate, observed) else {
            return waiting("candidate", &rollout.candidate);
        };
        let mut incumbent = None;
        if let Some(version) = &rollout.incumbent {
            incumbent = subject(rollout, version, observed);
            if incumbent.is_none() {
                return waiting("incumbent", version);
            }
        }
        match self.request(rollout, candidate, incumbent, observed).await {
            Ok(request) => Ok(Readiness::Ready(Box::new(request))),
            Err(error @ Error::Invalid { .. }) => Ok(Readiness::Impossible(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    async fn request(
        &self,
        rollout: &Rollout,
        candidate: Subject,
        incumbent: Option<Subject>,
        observed: &Observed,
    ) -> Result<Request, Error> {
        let plan = &rollout.plan;
        let memory_bytes =
            observed.deployment(&rollout.candidate).and_then(|found| found.memory_bytes);
        let settings = &rollout.settings;
        let limits = Limits {
            body_bytes: settings.max_body.min(self.gateway.config().max_body),
            concurrency: settings.max_concurrency,
            ..Limits::default()
        };
        let mut held = Vec::new();
        Ok(Request {
            candidate,
            incumbent,
            holdout: self.file(HOLDOUT, plan.holdout.dataset.as_deref(), &mut held).await?,
            expected: self.file(EXPECTED, plan.holdout.expected.as_deref(), &mut held).await?,
            golden: self.file(GOLDEN, plan.contract.golden.as_deref(), &mut held).await?,
            held,
            command: self.user_command(plan)?,
            memory_bytes,
            limits,
            time_left: rollout.validation_left(clock::now()),
            plan: (*rollout.plan).clone(),
        })
    }

    /// The file of `name@version`, as it was pushed; it stays as long as what goes into `held`.
    async fn file(
        &self,
        field: &'static str,
        reference: Option<&str>,
        held: &mut Vec<LocalFile>,
    ) -> Result<Option<File>, Error> {
        let Some(stored) = self.dataset(field, reference).await? else { return Ok(None) };
        let unfit = |fault| Error::Invalid { field, fault };
        let local = match self.store.blobs().local(&stored.blob.digest).await {
            Ok(local) => local,
            Err(error @ (blobs::Error::Missing(_) | blobs::Error::Altered { .. })) => {
                return Err(unfit(error.to_string()));
            }
            Err(error) => return Err(storage(error)),
        };
        let path = local.path().to_owned();
        held.push(local);
        Ok(Some(File {
            path,
            format: stored
                .format
                .to_string()
                .parse()
                .map_err(|error: dataset::Error| unfit(error.to_string()))?,
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
