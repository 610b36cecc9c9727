//! What the journeys stand on: the real binary as a process, clients that call it as users do, and
//! bounded waits. Holds no knowledge of the product's insides.

mod api;
mod cli;
mod disk;
mod library;
mod mlflow;
mod mounted;
mod policy;
mod rewrite;
mod rows;
mod server;
mod slow;
mod split;
mod store_lock;
mod stored;
mod traffic;
mod verbs;
mod wait;

pub(crate) use api::{Api, Reply};
pub(crate) use cli::cli;
pub(crate) use mlflow::{SOURCE, UPLOADED};
pub(crate) use policy::Policy;
pub(crate) use rewrite::rewrite;
pub(crate) use rows::Rows;
pub(crate) use server::Server;
pub(crate) use slow::{Slowness, slow};
pub(crate) use split::assert_never_above_the_committed_share;
pub(crate) use store_lock::StoreLock;
pub(crate) use stored::{age_blobs, store_event};
pub(crate) use traffic::{Answer, Feedback, Load, Outcome, Traffic};
pub(crate) use verbs::{fixture, variant, with_weights};
pub(crate) use wait::{PATIENCE, eventually, now};
