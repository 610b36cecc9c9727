//! Another MLflow server, which tracks what is registered here.

use super::{Error, Limits};
use crate::upstream::{Credentials, Target};
use serde::{Deserialize, Serialize};

/// Only this file says where it is: no client does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// Its URL; none: nothing is fetched from anywhere.
    pub tracking: Option<String>,
    /// Whether its address may be one that the internet does not reach: loopback, private,
    /// link-local.
    pub allow_private: bool,
    /// From the environment at start.
    #[serde(skip)]
    pub credentials: Credentials,
}

impl Upstream {
    /// A client that is answered before its version is registered would ask again, and have two.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), Error> {
        let Some(tracking) = &self.tracking else { return Ok(()) };
        Target::parse(tracking).map_err(Error::Upstream)?;
        let transfer = limits.upstream.transfer_timeout;
        if transfer.saturating_add(limits.probe.timeout) < limits.control.request_timeout {
            return Ok(());
        }
        let field = "limits.upstream.transfer_timeout".to_owned();
        let range = "less, with limits.probe.timeout, than limits.control.request_timeout";
        Err(Error::Range { field, value: format!("{transfer:?}"), range })
    }
}
