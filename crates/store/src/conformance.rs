//! What every store must do, shown on a real database in a directory of its own.

mod artifacts;
mod blobs;
mod chain;
mod evidence;
mod feedback;
mod fixture;
mod gc;
mod history;
mod lineage;
mod listed;
mod opening;
mod registry;
mod release;
mod retention;
mod roles;
mod rollouts;
mod scrub;
mod search;
mod settings;
mod signatures;
mod slices;
mod tracking;
mod tracking_limits;
mod values;
