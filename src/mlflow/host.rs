//! The address by which a client reaches this server: the one it just used.

use super::ARTIFACTS;
use super::error::Error;
use crate::api::Api;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use seatrial_gateway::loopback::is_loopback;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

/// Host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    asked: String,
    port: u16,
}

impl FromRequestParts<Arc<Api>> for Host {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Infallible> {
        let mut host = Self::at(api.app.addresses.control);
        if let Some(asked) = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()) {
            asked.clone_into(&mut host.asked);
        }
        Ok(host)
    }
}

impl Host {
    /// As whoever uses the address itself knows it.
    pub(super) fn at(control: SocketAddr) -> Self {
        Self { asked: control.to_string(), port: control.port() }
    }

    /// What the client calls this server: what it is given leads there again.
    pub(super) fn asked(&self) -> &str {
        &self.asked
    }

    /// The address of something among the artifacts.
    pub(super) fn address(&self, rest: &str) -> String {
        format!("http://{}{ARTIFACTS}/{rest}", self.asked)
    }

    /// Whether `authority` is this server; without one it is.
    pub(super) fn is(&self, authority: &str) -> bool {
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        let here = is_loopback(authority) && port == Some(self.port);
        authority.is_empty() || authority == self.asked || here
    }
}

/// What a source's text would be taken for elsewhere.
pub(super) fn elsewhere(source: &str) -> Error {
    Error::invalid(format!(
        "Invalid model version source: {source:?}. It names another server, whose files are not here"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_knows_itself_by_any_name_of_its_machine_and_its_port() {
        let host = Host { asked: "seatrial.test:80".to_owned(), port: 8002 };
        for own in ["", "seatrial.test:80", "127.0.0.1:8002", "localhost:8002", "[::1]:8002"] {
            assert!(host.is(own), "{own}");
        }
        for other in ["127.0.0.1:8003", "127.0.0.1", "elsewhere.test:8002", "me@127.0.0.1:8002"] {
            assert!(!host.is(other), "{other}");
        }
    }
}
