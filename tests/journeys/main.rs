//! Journeys: the real binary on loopback, driven as users drive it, by commands and HTTP. Each
//! test has a server and a data directory of its own, and its name is the claim it proves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests may fail a test as tests do, and say why"
)]

mod approvals;
mod descent;
mod door;
mod endings;
mod exchange;
mod exits;
mod faults;
mod first;
mod flavors;
mod full;
mod garbage;
mod guardrails;
mod harness;
mod kills;
mod nouns;
mod operators;
mod policies;
mod queue;
mod records;
mod registry;
mod release;
mod replays;
mod restore;
mod rollback;
mod shadow;
mod silence;
mod simulate;
mod slices;
mod storage;
mod validation;
mod values;
