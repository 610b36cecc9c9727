//! Why another server gave nothing.

use seatrial_domain::{Digest, manifest};
use std::net::IpAddr;
use std::time::Duration;

/// What was asked for is not had from there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{url:?} is no URL of an MLflow server: {why}")]
    Url { url: String, why: &'static str },
    /// Its address is one that only the inside reaches.
    #[error(
        "{host} is {address}, which is not an address of the internet; \
         upstream.allow_private = true lets this server go there"
    )]
    Inside { host: String, address: IpAddr },
    #[error("{host} has no address")]
    Unresolved {
        host: String,
        #[source]
        source: Option<std::io::Error>,
    },
    #[error("{server} cannot be reached")]
    Unreachable {
        server: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("nothing came from {server} for {after:?}")]
    Idle { server: String, after: Duration },
    #[error("the files did not arrive within {after:?} (limits.upstream.transfer_timeout)")]
    Late { after: Duration },
    #[error("{limit} versions are being fetched already (limits.upstream.max_transfers)")]
    Busy { limit: u32 },
    /// It says no, in its own words.
    #[error("{server} answers {status}: {said}")]
    Refused { server: String, status: u16, said: String },
    #[error("{server} sends to another place ({status}); name that place itself")]
    Redirect { server: String, status: u16 },
    #[error("{server} does not answer as MLflow does: {fault}")]
    Protocol { server: String, fault: String },
    #[error("{uri:?} names no model: {why}")]
    Reference { uri: String, why: &'static str },
    /// Its files are where only a client with credentials of its own gets them.
    #[error(
        "the files are at {uri}, which the server does not serve; fetch them with \
         `mlflow artifacts download -u {uri} -d DIR`, then `seatrial model push DIR --name NAME`"
    )]
    Store { uri: String },
    #[error("{0} holds no file")]
    Empty(String),
    #[error(transparent)]
    Path(#[from] manifest::Error),
    #[error("more than {limit} {what}")]
    TooMany { what: &'static str, limit: u64 },
    #[error("{path} has {found} bytes; {announced} were announced")]
    Size { path: String, announced: u64, found: u64 },
    #[error("{path} has digest {found}; {announced} was announced")]
    Digest { path: String, announced: Digest, found: Digest },
}

/// What to make of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The same again may succeed.
    Passing,
    /// It is not there.
    Missing,
    /// Who asks may not.
    Denied,
    /// The same again fails again.
    Lasting,
}

impl Error {
    /// What to make of it.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Unresolved { .. }
            | Self::Unreachable { .. }
            | Self::Idle { .. }
            | Self::Busy { .. }
            | Self::Size { .. }
            | Self::Digest { .. }
            | Self::Refused { status: 408 | 429 | 500 | 502..=504, .. } => Kind::Passing,
            Self::Empty(_) | Self::Refused { status: 404, .. } => Kind::Missing,
            Self::Refused { status: 401 | 403, .. } => Kind::Denied,
            Self::Url { .. }
            | Self::Inside { .. }
            // A client that asked again would wait as long again, for as little.
            | Self::Late { .. }
            | Self::Refused { .. }
            | Self::Redirect { .. }
            | Self::Protocol { .. }
            | Self::Reference { .. }
            | Self::Store { .. }
            | Self::Path(_)
            | Self::TooMany { .. } => Kind::Lasting,
        }
    }
}
