//! Keeps web pages out: a browser on this machine must not reach the gateway for a page from
//! elsewhere. Looks at Host (DNS rebinding) and Origin; the server listens on loopback only.

use std::net::IpAddr;

use http::{HeaderMap, Method, header};

use crate::fault::Fault;

/// Refuses what a foreign page could have caused.
pub(crate) fn check(method: &Method, headers: &HeaderMap) -> Result<(), Fault> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("(not text)"));
    if let Some(host) = text(header::HOST)
        && !is_loopback(host)
    {
        let fault = format!("host {host:?} is not this machine's loopback address");
        return Err(Fault::Denied(fault));
    }
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    match text(header::ORIGIN) {
        Some(origin) if !is_loopback_origin(origin) => {
            Err(Fault::Denied(format!("a page from {origin:?} may not call this server")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether `host`, with or without a port, is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether `origin`, such as `http://localhost:8002`, is a page of this machine.
#[must_use]
pub fn is_loopback_origin(origin: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, host)| is_loopback(host))
}
