//! ONNX Runtime's shared library: where it is, how a fresh machine gets it, and the one time a
//! process loads it.
//!
//! Seatrial links to no runtime; it loads this library when it starts to serve. Refuses to fetch
//! anything whose checksum is not pinned here.

mod environment;
mod locate;
mod pin;
mod provision;
#[cfg(test)]
mod tests;
mod wheel;

use std::io;
use std::path::{Path, PathBuf};

pub(crate) use environment::environment;
pub use environment::init;
pub use locate::{Search, locate};
pub use pin::VERSION;
pub use provision::Progress;

use pin::Pin;
use provision::Provisioner;

/// The library: the one found by `search`, else, once, a pinned one fetched into its cache.
/// Blocks while it downloads about 20 MB; `progress` is told of each step.
///
/// # Errors
/// [`Error::Absent`] where a setting names a file that is not there; otherwise an error that says
/// which file to put where.
pub fn ensure(search: &Search, progress: &mut dyn FnMut(Progress)) -> Result<PathBuf, Error> {
    if let Some(found) = locate(search)? {
        return Ok(found);
    }
    let pin = Pin::of_this_machine(&search.cache)?;
    Provisioner::new(pin).provision(&search.cache, progress)
}

/// Why there is no library to serve with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting names a file that is not there.
    #[error("{setting} names {}, where there is no ONNX Runtime library", path.display())]
    Absent {
        /// The setting.
        setting: &'static str,
        /// What it names.
        path: PathBuf,
    },
    /// No library is pinned for this kind of machine.
    #[error("no ONNX Runtime is pinned for {platform}; {advice}")]
    Platform {
        /// Operating system and processor.
        platform: String,
        /// Which file to put where.
        advice: String,
    },
    /// Nothing that could download it worked.
    #[error("ONNX Runtime {VERSION} cannot be downloaded ({attempts}); {advice}")]
    Download {
        /// Each command tried, and how it ended.
        attempts: String,
        /// Which file to put where.
        advice: String,
    },
    /// What was downloaded is not what is pinned.
    #[error("{file} has SHA-256 {got}, expected {expected}; nothing was installed; {advice}")]
    Checksum {
        /// The file.
        file: String,
        /// The pinned digest.
        expected: String,
        /// The digest found.
        got: String,
        /// Which file to put where.
        advice: String,
    },
    /// The download is no archive, or lacks the library.
    #[error("{file} does not hold {entry}: {detail}")]
    Archive {
        /// The archive.
        file: String,
        /// The file sought in it.
        entry: String,
        /// The fault.
        detail: String,
    },
    /// The library is there, and cannot be loaded: another architecture, or too old.
    #[error("{} cannot be loaded: {detail}", path.display())]
    Load {
        /// The library.
        path: PathBuf,
        /// The loader's message.
        detail: String,
    },
    /// The cache cannot be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The fault.
        #[source]
        source: io::Error,
    },
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}

/// What a person can do by hand.
fn advice(file: &str, cache: &Path) -> String {
    format!(
        "put {file} (in the onnxruntime {VERSION} wheel under onnxruntime/capi/) at {}, or name \
         a copy of it by ORT_DYLIB_PATH",
        locate::cached(cache).join(file).display()
    )
}
