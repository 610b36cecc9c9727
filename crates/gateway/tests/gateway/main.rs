//! The gateway over real sockets, with backends that do as they are told.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers may fail it"
)]

mod bounds;
mod counting;
mod double;
mod drain;
mod feedback;
mod guardrails;
mod http;
mod latch;
mod lost;
mod mirror;
mod panics;
mod pinned;
mod predictions;
mod protocol;
mod readiness;
mod slices;
mod split;
mod world;
