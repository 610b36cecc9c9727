//! The child: limits itself, loads the library and the model, says in one line how it went.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use super::Report;
use crate::load::{self, Level};
use crate::{Files, confined, library};

/// The hidden verb by which an executable becomes the child.
pub const VERB: &str = "model-probe";

const USAGE: u8 = 2;

/// What the child is told on its command line, in this order. Which files to try it reads, as JSON,
/// from its standard input: there may be more than a command line holds.
#[derive(Debug)]
struct Arguments {
    level: Level,
    library: PathBuf,
    memory_bytes: u64,
}

impl Arguments {
    fn read(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let level = match arguments.next()?.to_str()? {
            "--level=door" => Level::Door,
            "--level=production" => Level::Production,
            _ => return None,
        };
        let library = PathBuf::from(arguments.next()?);
        let memory_bytes = arguments.next()?.to_str()?.parse().ok()?;
        arguments.next().is_none().then_some(Self { level, library, memory_bytes })
    }
}

/// The whole of the child: `arguments` are what follows [`VERB`] on the command line. Prints one
/// line of JSON, the report or the [`load::Error`], and exits with success in both cases.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(arguments) = Arguments::read(arguments) else { return ExitCode::from(USAGE) };
    confined::answer(&trial(&arguments))
}

fn trial(arguments: &Arguments) -> Result<Report, load::Error> {
    let unread = |error| load::Error::Io { detail: format!("which files to try: {error}") };
    let files: Files<PathBuf> = serde_json::from_reader(std::io::stdin()).map_err(unread)?;
    confined::limit_memory(arguments.memory_bytes)
        .map_err(|error| load::Error::Io { detail: format!("no memory limit: {error}") })?;
    library::init(&arguments.library)
        .map_err(|error| load::Error::Library { detail: error.to_string() })?;
    super::probe(files, arguments.level)
}
