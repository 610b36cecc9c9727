//! Tries a model: whether it loads, what it takes and answers.
//!
//! A file from outside may crash the library that reads it, so the trial that counts runs in a
//! child process with a memory and a time limit; [`child_main`] is that child.

mod child;
mod parent;

use std::path::Path;

use seatrial_domain::tensor::Signature;
use serde::{Deserialize, Serialize};

use crate::load::{self, Level};
use crate::{Backend, LoadOptions, OnnxModel, Source, WarmUp};

pub use child::{VERB, main as child_main};
pub use parent::{Child, Error, Limits};

/// What a trial found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What the model takes and answers.
    pub signature: Signature,
    /// How the first inferences went; at the door there are none.
    pub warm_up: WarmUp,
}

/// Loads a model in this process, and lets go of it again. The library must be loaded.
///
/// # Errors
/// See [`load::Error`].
pub fn probe(path: &Path, level: Level) -> Result<Report, load::Error> {
    let source = Source::Path(path.to_owned());
    let options = LoadOptions { level, sessions: 1, ..LoadOptions::new(source) };
    let model = OnnxModel::load(options)?;
    Ok(Report { signature: model.signature().clone(), warm_up: model.warm_up().clone() })
}
