//! The slow version, made for the machine it is to be slow on.

#[path = "../../fixtures/slow.rs"]
mod digits;

use super::Server;
use super::library::library;
use std::path::PathBuf;

/// How slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slowness {
    /// Answers take some 400 ms here.
    Measured,
    /// No answer comes.
    Endless,
}

/// A directory with the slow version.
pub(crate) fn slow(server: &Server, slowness: Slowness) -> PathBuf {
    let rounds = match slowness {
        Slowness::Measured => measured(),
        Slowness::Endless => u32::MAX,
    };
    let directory = server.home().join("slow");
    std::fs::create_dir(&directory).expect("the test's own directory");
    std::fs::write(directory.join("model.onnx"), digits::MODEL).expect("our directory");
    std::fs::write(directory.join(digits::ROUNDS_FILE), digits::bytes(rounds)).expect("ours");
    directory
}

fn measured() -> u32 {
    seatrial_runtime::library::init(&library()).expect("a library to measure with");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(digits::rounds())
}
