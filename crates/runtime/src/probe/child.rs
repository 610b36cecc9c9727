//! The child: limits itself, loads the library and the model, says in one line how it went.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use super::Report;
use crate::load::{self, Level};
use crate::model::ExternalData;
use crate::{Files, confined, library, session};

/// The hidden verb by which an executable becomes the child.
pub const VERB: &str = "model-probe";

const USAGE: u8 = 2;

/// The least model there is: a graph of one `Identity`, of `x` to `y`, one number each.
const IDENTITY: &[u8] = b"\x08\x08\x3a\x37\x0a\x10\x0a\x01x\x12\x01y\x22\x08Identity\x12\x01g\
    \x5a\x0f\x0a\x01x\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01\
    \x62\x0f\x0a\x01y\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01\x42\x02\x10\x0d";

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

/// Loads a model of ours: what the library does but once is done before anybody waits for it.
/// Whatever comes of that, the model to be tried has its own outcome.
fn accustom() {
    let _outcome = session::build(IDENTITY, &ExternalData::new(), Level::Door);
}

/// Nothing is read before the limit holds and the library is there: a child may be started before it
/// is known what to try.
fn trial(arguments: &Arguments) -> Result<Report, load::Error> {
    confined::limit_memory(arguments.memory_bytes)
        .map_err(|error| load::Error::Io { detail: format!("no memory limit: {error}") })?;
    library::init(&arguments.library)
        .map_err(|error| load::Error::Library { detail: error.to_string() })?;
    accustom();
    let unread = |error| load::Error::Io { detail: format!("which files to try: {error}") };
    let files: Files<PathBuf> = serde_json::from_reader(std::io::stdin()).map_err(unread)?;
    super::probe(files, arguments.level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_model_is_one() {
        let model = crate::onnx::parse(IDENTITY).unwrap();
        assert_eq!((model.signature.inputs.len(), model.signature.outputs.len()), (1, 1));
    }
}
