//! Whole voyages in virtual time: seeded traffic, the real rollout, the real judge.
//!
//! Owns a world in which everything that is asked for happens a second later, the troubles that befall
//! it, and the checks of the
//! laws at every step. Refuses clocks, IO and randomness that no seed repeats.

pub mod calibrate;
pub mod distribution;
pub mod laws;
pub mod rng;
pub mod scenario;
pub mod simulate;
pub mod slices;
pub mod traffic;
pub mod trouble;
pub mod users;
pub mod voyage;
mod world;

#[cfg(test)]
mod tests;

pub use laws::Broken;
pub use scenario::{Error, Report, Scenario};
pub use traffic::{Behaviour, Incident, Traffic};
pub use trouble::Trouble;
pub use voyage::play;
