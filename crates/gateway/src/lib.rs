//! The gateway: what clients call.
//!
//! Owns the Open Inference codecs, routing tables and the assignment of requests to arms, the
//! mirror, the recorder, and the guardrails with their latch. Refuses to decide about rollouts: it
//! installs the tables it is given, and by itself only ever moves a share to zero. The store is
//! never on a request's path.
//!
//! [`Gateway`] is the whole of it; [`RouteTable`] is what it is told, [`Telemetry`] and
//! [`Trip`](seatrial_domain::telemetry::Trip) are what it tells.
//!
//! [`Telemetry`]: seatrial_domain::telemetry::Telemetry

mod admission;
mod answer;
mod attempt;
mod body;
mod choice;
mod codec;
mod config;
mod detach;
mod entry;
mod fault;
pub mod feedback;
mod gateway;
mod guard;
pub mod install;
mod installed;
mod lane;
pub mod latches;
pub mod listen;
pub mod loopback;
mod marks;
mod metrics;
mod mirror;
mod recorder;
mod request_id;
mod routes;
mod server;
mod shared;
mod size;
mod sync;
mod table;

pub use config::Config;
pub use feedback::FeedbackRequest;
pub use gateway::Gateway;
pub use marks::SLOTS_MAX as MARKS_MAX;
pub use table::{Column, Counting, Labelled, RolloutRoute, RouteTable, Target};
