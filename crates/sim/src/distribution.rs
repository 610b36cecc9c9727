//! What is drawn: numbers of events, values of one outcome, and whole histograms at once.
//!
//! Owns the samplers, all fed by one seeded [`Rng`]; refuses to know what
//! the numbers are of. Counts of many units are drawn in one draw where their law is known, which is
//! equal in law to drawing each: that is what makes thousands of long runs affordable.

mod buckets;
mod counts;
mod gamma;
mod halves;
mod law;

pub use buckets::Buckets;
pub use counts::{binomial, geometric, multinomial, poisson};
pub use gamma::lower as lower_gamma;
pub use halves::Halves;
pub use law::{Error, Law};

#[cfg(test)]
mod tests;

#[cfg(doc)]
use crate::rng::Rng;
