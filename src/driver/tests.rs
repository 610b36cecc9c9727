//! The driver on a real store and a world that does as it is told.

mod bench;
mod fake;
mod lost;
mod replays;
mod restarts;
mod rollbacks;
mod settings;
mod signatures;
mod storage;
mod triggers;
mod turns;
mod upgrades;
mod windows;
mod words;
