//! Tries a model: whether it loads, what it takes and answers.
//!
//! A file from outside may crash the library that reads it, so the trial that counts runs in a
//! child process with a memory and a time limit; [`child_main`] is that child.

mod child;
mod parent;
mod ready;

use std::path::PathBuf;

use seatrial_domain::tensor::Signature;
use serde::{Deserialize, Serialize};

use crate::load::{self, Level};
use crate::{Backend, Files, LoadOptions, OnnxModel, Source, WarmUp, library};

pub use crate::confined::Limits;
pub use child::{VERB, main as child_main};
pub use parent::{Child, Error};
pub use ready::Ready;

/// What a trial found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What the model takes and answers.
    pub signature: Signature,
    /// How the first inferences went; at the door there are none.
    pub warm_up: WarmUp,
    /// Resident memory at its peak, beyond what the library took before; none where the system
    /// does not say.
    pub memory_bytes: Option<u64>,
}

/// Loads a model in this process, and lets go of it again. The library must be loaded.
///
/// # Errors
/// See [`load::Error`].
pub fn probe(files: Files<PathBuf>, level: Level) -> Result<Report, load::Error> {
    let options = LoadOptions { level, sessions: 1, ..LoadOptions::new(Source::Paths(files)) };
    // What the library needs for itself is there before the model is.
    library::environment()?;
    let before = peak_resident_bytes();
    let model = OnnxModel::load(options)?;
    Ok(Report {
        signature: model.signature().clone(),
        warm_up: model.warm_up().clone(),
        memory_bytes: before.zip(peak_resident_bytes()).map(|(b, after)| after.saturating_sub(b)),
    })
}

/// The most memory this process has had resident so far.
fn peak_resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024)
}
