//! Calibration: how often, and how soon, the product's tests decide on traffic of a known truth.
//!
//! Owns the cells (a metric, a truth, a share, a shape of traffic), how one run of a cell is played,
//! and what many runs amount to. The tests are those of the analysis, as the product calls them;
//! nothing here computes an e-value. Beside them stand the rules that others use, on the same
//! traffic, and the two limits any test has: that of information, and that of a fixed horizon.
//!
//! Refuses to choose what is looked at by what was seen: looks come with growth of the counts, and
//! each run is a function of the seed and its number. Threads, files and printing are the binary's.

mod bounds;
mod cell;
mod drift;
mod engine;
mod events;
mod fixed_horizon;
mod histories;
mod information;
mod joint;
mod kpi;
mod latency;
mod limit;
mod outcomes;
mod pairs;
mod prepared;
mod rival;
mod sample_ratio;
mod summary;
mod timeline;
mod two_outcome;
mod users;

#[cfg(test)]
mod tests;

pub use bounds::{Interval, clopper_pearson};
pub use cell::{Cell, Error, Method, Metric, Mistake, Question, Shape, Traffic};
pub use engine::{Ending, Found};
pub use prepared::Prepared;
pub use summary::Summary;
