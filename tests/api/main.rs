//! The control API as its clients see it: the real binary, requests over loopback, answers kept as
//! snapshots with times, ids and ports redacted. One file a noun's verb.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests may fail a test as tests do, and say why"
)]

mod audit;
mod datasets;
mod endpoints;
mod events;
mod garbage;
mod guard;
mod harness;
#[path = "../journeys/harness/library.rs"]
mod library;
mod mlflow;
mod models;
#[path = "../journeys/harness/mounted.rs"]
mod mounted;
mod policies;
mod rollouts;
mod scrub;
mod server;
mod tls;
mod traversal;
mod uploads;
