//! The durable state: the registry, rollouts, the journal, evidence and the blobs. The only SQL.
//!
//! Owns one data directory: a SQLite database and `blobs/sha256/`. Everything that belongs
//! together is one transaction. Refuses decisions (the domain's) and clocks (times come in).

pub mod aliases;
pub mod artifacts;
mod batch;
pub mod blobs;
pub mod changed;
pub mod datasets;
pub mod endpoints;
pub mod feedback;
mod fill;
pub mod gc;
pub mod journal;
pub mod known_good;
pub mod lineage;
mod lock;
mod migrations;
pub mod models;
pub mod multipart;
pub mod open;
pub mod page;
pub mod policies;
pub mod progress;
pub mod quarantine;
mod reader;
pub mod reports;
mod retention;
pub mod rollouts;
mod row;
pub mod scrub;
pub mod search;
pub mod signatures;
pub mod storage;
pub mod tags;
pub mod telemetry;
pub mod tracking;
pub mod versions;
mod write;

#[cfg(test)]
mod conformance;

pub use blobs::Blobs;
pub use open::{Options, Store};
pub use page::Page;
