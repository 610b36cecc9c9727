//! The parent: starts the child, waits within the limits, and reads how it ended.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use super::{Report, VERB};
use crate::Files;
use crate::confined::{self, Limits, Waiting, said};
use crate::load::{self, Level};

/// How to start the child.
#[derive(Debug, Clone)]
pub struct Child {
    /// An executable that hands [`VERB`] to [`super::child_main`]: this one, as a rule.
    pub program: PathBuf,
    /// ONNX Runtime's library, which maps a few hundred MiB of the memory limit itself.
    pub library: PathBuf,
    /// What it may use.
    pub limits: Limits,
}

/// Why a trial has no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model was tried, and cannot be loaded.
    #[error(transparent)]
    Refused(#[from] load::Error),
    /// The child died of the model.
    #[error("loading it ended the process: {status}{}", said(stderr))]
    Crashed {
        /// Exit status or signal.
        status: ExitStatus,
        /// The end of what it printed on standard error, on one line.
        stderr: String,
    },
    /// The child did not end in time, and was killed.
    #[error("loading it took longer than {} ms", timeout.as_millis())]
    TimedOut {
        /// The limit.
        timeout: Duration,
    },
    /// No child could be started, or it could not be heard.
    #[error("the model cannot be tried in a process of its own")]
    Process(#[from] std::io::Error),
}

impl From<confined::Error> for Error {
    fn from(error: confined::Error) -> Self {
        match error {
            confined::Error::Crashed { status, stderr } => Self::Crashed { status, stderr },
            confined::Error::TimedOut { timeout } => Self::TimedOut { timeout },
            confined::Error::Process(error) => Self::Process(error),
        }
    }
}

impl Child {
    /// Tries a model in a process of its own.
    ///
    /// # Errors
    /// See [`Error`]. Whatever the model does, only the child suffers it.
    pub async fn probe(&self, files: &Files<PathBuf>, level: Level) -> Result<Report, Error> {
        self.tell(self.start(level)?, files).await
    }

    /// A child that waits to be told what to try.
    pub(super) fn start(&self, level: Level) -> std::io::Result<Waiting> {
        let arguments = [
            VERB.into(),
            format!("--level={}", level.as_str()).into(),
            self.library.clone().into_os_string(),
            self.limits.memory_bytes.to_string().into(),
        ];
        Waiting::start(&self.program, arguments)
    }

    pub(super) async fn tell(
        &self,
        waiting: Waiting,
        files: &Files<PathBuf>,
    ) -> Result<Report, Error> {
        let answer = waiting.ask(files, self.limits.timeout).await;
        let outcome: Result<Report, load::Error> = answer?;
        Ok(outcome?)
    }
}
