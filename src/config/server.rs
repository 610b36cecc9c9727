//! The addresses the server listens on.

use super::Error;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Listeners; port 0 takes any free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// What clients call.
    pub inference: SocketAddr,
    /// What operators call.
    pub control: SocketAddr,
}

impl Default for Server {
    fn default() -> Self {
        let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Self { inference: loopback(8000), control: loopback(8002) }
    }
}

impl Server {
    pub(super) fn refuse_exposure(&self) -> Result<(), Error> {
        let listeners = [("server.inference", self.inference), ("server.control", self.control)];
        match listeners.into_iter().find(|(_, address)| !address.ip().is_loopback()) {
            Some((surface, address)) => Err(Error::Exposed { surface, address }),
            None => Ok(()),
        }
    }
}
