//! Models and versions.

mod diff;
mod push;
mod verify;
