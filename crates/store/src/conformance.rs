//! What every store must do, shown on a real database in a directory of its own.

mod blobs;
mod chain;
mod evidence;
mod feedback;
mod fixture;
mod opening;
mod registry;
mod release;
mod retention;
mod roles;
mod rollouts;
mod search;
mod settings;
