//! A process of its own for what may kill or starve the one that reads it: this same program, run
//! under a hidden verb with limits on memory and time. What it is told goes in as JSON on standard
//! input, what it found comes out as one line of JSON.
//!
//! Knows nothing of what is tried; see [`crate::probe`] for models.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::pin::pin;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use futures_util::future::{Either, ready, select};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

/// Bytes that are kept of what such a process writes.
const KEPT_BYTES_MAX: u64 = 1 << 20;

/// What such a process may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Address space, of which the program's own mappings are a part.
    pub memory_bytes: u64,
    /// Time, from being told what to read, or from its start where that is later, to the answer.
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
    Waiting::start(program, arguments)?.ask(told, timeout).await
}

/// Such a process, started and not yet told anything. Dropped, it is killed; it ends by itself when
/// this process does, since nobody can tell it anything then.
#[derive(Debug)]
pub struct Waiting(Child);

impl Waiting {
    /// Starts `program` with these arguments.
    ///
    /// # Errors
    /// The system starts no process.
    pub fn start(
        program: &Path,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> std::io::Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(Self(command.spawn()?))
    }

    /// Whether it still waits; what it died of is no fault of what it would have been told.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// Tells it `told`, and hears its answer, after which it is killed.
    ///
    /// # Errors
    /// As [`ask`].
    pub async fn ask<T: DeserializeOwned>(
        self,
        told: &(impl Serialize + Sync),
        timeout: Duration,
    ) -> Result<T, Error> {
        let told = serde_json::to_vec(told).map_err(std::io::Error::from)?;
        tokio::time::timeout(timeout, hear(self.0, &told))
            .await
            .map_err(|_elapsed| Error::TimedOut { timeout })?
    }
}

/// Waits for one line of answer; without one, for how it ended and what it said of it.
async fn hear<T: DeserializeOwned>(mut child: Child, told: &[u8]) -> Result<T, Error> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let answered = async {
        let (line, _child_may_be_gone) = tokio::join!(line(stdout), tell(stdin, told));
        line
    };
    let (answered, said) = (pin!(answered), pin!(bounded(stderr)));
    let (line, said) = match select(answered, said).await {
        Either::Left((line, said)) => (line?, Either::Left(said)),
        Either::Right((said, answered)) => (answered.await?, Either::Right(ready(said))),
    };
    if let Ok(answer) = serde_json::from_slice(&line) {
        return Ok(answer);
    }
    let stderr = said.await?;
    let status = child.wait().await?;
    let stderr = crate::one_line(&String::from_utf8_lossy(&stderr));
    Err(Error::Crashed { status, stderr })
}

async fn tell(stdin: Option<impl AsyncWrite + Unpin>, told: &[u8]) -> std::io::Result<()> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    stdin.write_all(told).await?;
    stdin.shutdown().await
}

/// The first line of a stream, with its end; of a longer one nothing is taken for an answer.
async fn line(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    if let Some(stream) = stream {
        let mut stream = BufReader::new(stream.take(KEPT_BYTES_MAX));
        stream.read_until(b'\n', &mut line).await?;
    }
    Ok(if line.ends_with(b"\n") { line } else { Vec::new() })
}

/// The first part of a stream; the rest is read and dropped, so that the child never blocks on it.
async fn bounded(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
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
