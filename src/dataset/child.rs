//! Reads a pushed file in a process of its own, before it is stored: a file of a few kilobytes can
//! ask for all memory or all of the stack, and the server carries live traffic. What was read there
//! within the limits can be read again in the server.

use super::{Format, Limits, Summary, inspect};
use seatrial_runtime::confined;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The hidden verb by which this program becomes the child.
pub const VERB: &str = "dataset-inspect";

/// Half of what a thread has on which the server reads a dataset: what is nested too deeply for
/// that fails here.
const STACK_BYTES: usize = 1 << 20;

const USAGE: u8 = 2;

/// What is to be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    pub path: PathBuf,
    /// As its pusher knows it, for what is said of it.
    pub name: String,
    pub format: Format,
    /// The column named as the label.
    pub label: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Read(Summary),
    Refused(String),
    Unreadable(String),
}

/// Why a file has no summary.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no dataset; the text names the file and the place in it.
    #[error("{0}")]
    Refused(String),
    /// Reading it takes more than it may.
    #[error("{name}: reading {ended}")]
    Beyond { name: String, ended: confined::Error },
    /// Nothing was found out about the file.
    #[error("{name} can't be read: {why}")]
    Unreadable { name: String, why: String },
}

/// How to start the child.
#[derive(Debug, Clone)]
pub struct Child {
    /// A program that hands [`VERB`] to [`main`]: this one, as a rule.
    pub program: PathBuf,
    pub limits: confined::Limits,
}

impl Child {
    /// What [`inspect`] finds, or why it finds nothing.
    pub async fn inspect(&self, task: &Task) -> Result<Summary, Error> {
        let arguments = [VERB.into(), self.limits.memory_bytes.to_string().into()];
        let asked = confined::ask(&self.program, arguments, task, self.limits.timeout).await;
        let name = || task.name.clone();
        match asked {
            Ok(Outcome::Read(summary)) => Ok(summary),
            Ok(Outcome::Refused(fault)) => Err(Error::Refused(fault)),
            Ok(Outcome::Unreadable(why)) => Err(Error::Unreadable { name: name(), why }),
            Err(confined::Error::Process(error)) => {
                Err(Error::Unreadable { name: name(), why: error.to_string() })
            }
            Err(ended @ (confined::Error::Crashed { .. } | confined::Error::TimedOut { .. })) => {
                Err(Error::Beyond { name: name(), ended })
            }
        }
    }
}

/// The whole of the child: `arguments` are what follows [`VERB`] on the command line.
pub fn main(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let memory = arguments.next().and_then(|bytes| bytes.to_str()?.parse().ok());
    match (memory, arguments.next()) {
        (Some(bytes), None) => confined::answer(&read(bytes)),
        (Some(_) | None, _) => ExitCode::from(USAGE),
    }
}

fn read(memory_bytes: u64) -> Outcome {
    let task: Task = match serde_json::from_reader(std::io::stdin()) {
        Ok(task) => task,
        Err(error) => return Outcome::Unreadable(error.to_string()),
    };
    if let Err(error) = confined::limit_memory(memory_bytes) {
        return Outcome::Unreadable(format!("no memory limit: {error}"));
    }
    let name = task.name.clone();
    let reading = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || attempt(&task));
    match reading.map(std::thread::JoinHandle::join) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_panic)) => Outcome::Refused(format!("{name}: its reader gave up on it")),
        Err(error) => Outcome::Unreadable(error.to_string()),
    }
}

fn attempt(task: &Task) -> Outcome {
    match inspect(&task.path, task.format, task.label.as_deref(), Limits::default()) {
        Ok(summary) => Outcome::Read(summary),
        Err(super::Error::Io { source, .. }) => Outcome::Unreadable(source.to_string()),
        Err(
            error @ (super::Error::Invalid { .. }
            | super::Error::TooLarge { .. }
            | super::Error::Format(_)
            | super::Error::Columns(_)),
        ) => Outcome::Refused(error.of_file(Path::new(&task.name)).to_string()),
    }
}
