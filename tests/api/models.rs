//! Models and versions.

mod aliases;
mod diff;
mod push;
mod verify;
