//! The parent: starts the child, waits within the limits, and reads how it ended.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::Command;

use super::{Report, VERB};
use crate::Files;
use crate::load::{self, Level};

/// What a child may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Address space, the library's own included (it maps a few hundred MiB).
    pub memory_bytes: u64,
    /// Time, from start to exit.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 4 << 30, timeout: Duration::from_secs(60) }
    }
}

/// How to start the child.
#[derive(Debug, Clone)]
pub struct Child {
    /// An executable that hands [`VERB`] to [`super::child_main`]: this one, as a rule.
    pub program: PathBuf,
    /// ONNX Runtime's library.
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

fn said(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!(", saying: {stderr}") }
}

impl Child {
    /// Tries a model in a process of its own.
    ///
    /// # Errors
    /// See [`Error`]. Whatever the model does, only the child suffers it.
    pub async fn probe(&self, files: &Files<PathBuf>, level: Level) -> Result<Report, Error> {
        let mut child = Command::new(&self.program)
            .arg(VERB)
            .arg(format!("--level={}", level.as_str()))
            .arg(&self.library)
            .arg(self.limits.memory_bytes.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let files = serde_json::to_vec(files).map_err(std::io::Error::from)?;
        let ended = async {
            let (stdout, stderr, _child_may_be_gone) =
                tokio::join!(bounded(stdout), bounded(stderr), told(stdin, &files));
            Ok::<_, std::io::Error>((child.wait().await?, stdout?, stderr?))
        };
        let timeout = self.limits.timeout;
        let (status, stdout, stderr) = tokio::time::timeout(timeout, ended)
            .await
            .map_err(|_elapsed| Error::TimedOut { timeout })??;
        let outcome = serde_json::from_slice::<Result<Report, load::Error>>(&stdout);
        match (status.success(), outcome) {
            (true, Ok(outcome)) => Ok(outcome?),
            (true, Err(_)) | (false, _) => {
                let stderr = crate::one_line(&String::from_utf8_lossy(&stderr));
                Err(Error::Crashed { status, stderr })
            }
        }
    }
}

async fn told(stdin: Option<impl AsyncWrite + Unpin>, files: &[u8]) -> std::io::Result<()> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    stdin.write_all(files).await?;
    stdin.shutdown().await
}

/// The first part of a stream; the rest is read and dropped, so that the child never blocks on it.
async fn bounded(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    const KEPT_BYTES_MAX: u64 = 1 << 20;
    let mut kept = Vec::new();
    if let Some(mut stream) = stream {
        (&mut stream).take(KEPT_BYTES_MAX).read_to_end(&mut kept).await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    }
    Ok(kept)
}
