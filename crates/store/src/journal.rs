//! The append-only, hash-chained record of every transition, its cause and its evidence.
//!
//! Owns the canonical bytes of a row (specified in docs/reference/journal.md) and the one chain of a store.
//! The journal is also the outbox: what was committed is delivered from it, in order. Refuses
//! updates and deletions, by triggers; whoever goes around those is found by `verify_journal`.

mod append;
mod canonical;
mod list;
mod outbox;
mod served;
mod verify;

pub use append::New;
pub(crate) use append::{Tip, append};
pub use canonical::genesis;
pub use list::{Filter, Row};
pub use served::{Served, Underway};
pub use verify::{Verdict, Verified};
