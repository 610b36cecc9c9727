//! A process of its own for what may kill or starve the one that reads it: this same program, run
//! under a hidden verb with limits on memory and time. What it is told goes in as JSON on standard
//! input, what it found comes out as one line of JSON.
//!
//! Knows nothing of what is tried; see [`crate::probe`] for models.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::Command;

/// What such a process may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Address space, of which the program's own mappings are a part.
    pub memory_bytes: u64,
    /// Time, from start to exit.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 4 << 30, timeout: Duration::from_secs(60) }
    }
}

/// Why it gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It died of what it read.
    #[error("it ended the process: {status}{}", said(stderr))]
    Crashed {
        /// Exit status or signal.
        status: ExitStatus,
        /// The end of what it printed on standard error, on one line.
        stderr: String,
    },
    /// It did not end in time, and was killed.
    #[error("it took longer than {} ms", timeout.as_millis())]
    TimedOut {
        /// The limit.
        timeout: Duration,
    },
    /// No process could be started, or it could not be heard.
    #[error("no process of its own can be had")]
    Process(#[from] std::io::Error),
}

pub(crate) fn said(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!(", saying: {stderr}") }
}

/// Runs `program` with these arguments, tells it `told`, and hears its answer.
///
/// # Errors
/// See [`Error`]. Whatever it reads, only that process suffers it.
pub async fn ask<T: DeserializeOwned>(
    program: &Path,
    arguments: impl IntoIterator<Item = OsString> + Send,
    told: &(impl Serialize + Sync),
    timeout: Duration,
) -> Result<T, Error> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let told = serde_json::to_vec(told).map_err(std::io::Error::from)?;
    let ended = async {
        let (stdout, stderr, _child_may_be_gone) =
            tokio::join!(bounded(stdout), bounded(stderr), tell(stdin, &told));
        Ok::<_, std::io::Error>((child.wait().await?, stdout?, stderr?))
    };
    let (status, stdout, stderr) = tokio::time::timeout(timeout, ended)
        .await
        .map_err(|_elapsed| Error::TimedOut { timeout })??;
    match (status.success(), serde_json::from_slice(&stdout)) {
        (true, Ok(answer)) => Ok(answer),
        (true, Err(_)) | (false, _) => {
            let stderr = crate::one_line(&String::from_utf8_lossy(&stderr));
            Err(Error::Crashed { status, stderr })
        }
    }
}

async fn tell(stdin: Option<impl AsyncWrite + Unpin>, told: &[u8]) -> std::io::Result<()> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    stdin.write_all(told).await?;
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

/// In the child: a limit on address space. An allocation beyond it fails instead of starving the
/// server.
///
/// # Errors
/// The system refuses the limit.
pub fn limit_memory(bytes: u64) -> std::io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::As);
    let current = Some(maximum.map_or(bytes, |maximum| maximum.min(bytes)));
    Ok(setrlimit(Resource::As, Rlimit { current, maximum })?)
}

/// In the child: prints the answer, and the status to exit with.
pub fn answer(answer: &impl Serialize) -> ExitCode {
    let mut line = serde_json::to_vec(answer).unwrap_or_default();
    line.push(b'\n');
    match std::io::stdout().write_all(&line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_parent_is_gone) => ExitCode::FAILURE,
    }
}
