//! The decision mathematics: sequential tests on integer counters.
//!
//! The gateway assigns each unit to the candidate with a known probability π. Under "no effect" the
//! arm is independent of the outcome, so the products of bets built here are e-processes: their
//! expectation is at most one under the null, at any base rate and however often they are looked
//! at, and by Ville's inequality P(E ever ≥ 1/α) ≤ α. Sources: model-X e-variables (Grünwald,
//! Henzi & Lardy, "Anytime-valid tests of conditional independence under model-X", JASA 2024);
//! betting tests of a mean (Waudby-Smith & Ramdas, "Estimating means of bounded random variables by
//! betting", JRSS-B 2024).
//!
//! Every function is pure: counts in, log e-value out. This crate refuses clocks, randomness, IO
//! and policy; when to look and what to do about a verdict is decided by its callers.
//!
//! | to judge | use |
//! |---|---|
//! | errors, feedback | [`two_outcome::Check`] |
//! | latency | [`latency::Check`] |
//! | revenue and other numbers | [`kpi::Check`] |
//! | what the predictions are | [`drift`] |
//! | the assignment itself | [`sample_ratio`] |
//! | holdout pairs, before any traffic | [`paired`] |
//! | shadow pairs, as they come | [`pairs`] |
//! | faults that begin late | [`late`] |
//! | all units of a gate, whatever they had shown before | [`gate`] |
//! | a log e-value against α | [`level`] |
//! | how large an effect is, for reports | [`confidence`] |
//! | where a sum or a distribution stays, at all times | [`boundary`] |
//! | how long it will take | [`units_needed`] |

mod bet;
pub mod boundary;
pub mod confidence;
pub mod counts;
pub mod drift;
pub mod errors_row;
pub mod gate;
pub mod kpi;
pub mod late;
pub mod latency;
pub mod level;
pub mod logspace;
pub mod mixture;
pub mod normal;
pub mod paired;
pub mod pairs;
pub mod sample_ratio;
mod scores;
mod special;
pub mod two_outcome;
pub mod units_needed;

pub use bet::Mixture;
pub use counts::{ArmHistogram, Cells, Pi, Stratum};
pub use level::{Alpha, Weight};
