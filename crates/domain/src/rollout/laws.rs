//! The laws of DESIGN.md §3 that concern decisions, over random histories of at least 80 events
//! that happen to rollouts which are not over.

mod coverage;
mod endings;
mod exposure;
mod gates;
mod happenings;
mod history;
mod level;
mod plans;
mod records;
mod restarts;
mod roles;
mod stability;
mod times;
mod units;
mod void;
