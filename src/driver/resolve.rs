//! The names in a plan that only this server can resolve: datasets, and the user's own command.
//! They are looked up when a rollout is started, so that a slip of the pen is told to whoever made
//! it, and again when they are needed.

use super::Driver;
use super::command::Error;
use super::operator::storage;
use crate::config::UserCommand;
use seatrial_domain::VersionNumber;
use seatrial_domain::ids::DatasetName;
use seatrial_domain::plan::Plan;
use seatrial_store::datasets::{self, Dataset};

pub(super) const HOLDOUT: &str = "validation.holdout.dataset";
pub(super) const EXPECTED: &str = "validation.holdout.expected";
pub(super) const GOLDEN: &str = "validation.contract.golden";
const COMMAND: &str = "validation.command";

impl Driver {
    /// Refuses a plan that names what is not there.
    pub(super) async fn check_names(&self, plan: &Plan) -> Result<(), Error> {
        let references = [
            (HOLDOUT, &plan.holdout.dataset),
            (EXPECTED, &plan.holdout.expected),
            (GOLDEN, &plan.contract.golden),
        ];
        for (field, reference) in references {
            self.dataset(field, reference.as_deref()).await?;
        }
        self.user_command(plan).map(drop)
    }

    /// The dataset that `field` names as `name@version`. [`Error::Invalid`]: there is none.
    pub(super) async fn dataset(
        &self,
        field: &'static str,
        reference: Option<&str>,
    ) -> Result<Option<Dataset>, Error> {
        let Some(reference) = reference else { return Ok(None) };
        let unfit = || Error::Invalid {
            field,
            fault: format!("dataset {reference:?}: expected name@version"),
        };
        let (name, number) = reference.split_once('@').ok_or_else(unfit)?;
        let name: DatasetName = name.parse().map_err(|_error| unfit())?;
        let number: VersionNumber = number.parse().map_err(|_error| unfit())?;
        match self.store.dataset(&name, Some(number)).await {
            Ok(found) => Ok(Some(found)),
            Err(error @ datasets::Error::Unknown(..)) => {
                let fault = format!("{error}: push it first, or see dataset list");
                Err(Error::Invalid { field, fault })
            }
            Err(error) => Err(storage(error)),
        }
    }

    /// The configured command that the plan names.
    pub(super) fn user_command(&self, plan: &Plan) -> Result<Option<UserCommand>, Error> {
        let Some(named) = &plan.command else { return Ok(None) };
        match self.commands.get(&named.0) {
            Some(command) => Ok(Some(command.clone())),
            None => Err(Error::Invalid {
                field: COMMAND,
                fault: format!("no command named {:?} in the server's configuration", named.0),
            }),
        }
    }
}
