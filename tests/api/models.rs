//! Models and versions.

mod aliases;
mod blobs;
mod delete;
mod diff;
mod flavors;
mod history;
mod lineage;
mod push;
mod signatures;
mod tags;
mod verify;
