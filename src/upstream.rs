//! Another MLflow server, asked for a model's files by its own REST API.
//!
//! Owns the questions, how their answers are bounded, and where a server may be reached: a URL that
//! a person or the configuration names, its address looked up once and kept for the connection, no
//! redirects, no proxies. What it names are names, never paths on this disk. Refuses stores that
//! only an MLflow client with credentials of its own could read.

mod address;
mod client;
mod credentials;
mod error;
mod files;
mod ingest;
mod reference;
mod resolve;
mod target;
#[cfg(test)]
mod tests;
mod wire;

pub use client::{Bounds, Client};
pub use credentials::Credentials;
pub use error::{Error, Kind};
pub use files::{Body, Found};
pub use ingest::{Failure, Upstream};
pub use reference::Reference;
pub use resolve::{Facts, Resolved};
pub use target::{Reach, Target};
