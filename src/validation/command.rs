//! The user's own validation command: bounded in time and in output, and gone with everything it
//! started when it ends, is late, or is no longer waited for.

use super::report::{Check, Findings, Group, Naming};
use super::request::Subject;
use crate::config::UserCommand;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Where programs are found, unless the configuration says otherwise.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// How long the pipes may stay open once the command itself has ended.
const GRACE: Duration = Duration::from_secs(1);

/// What a command printed, up to its limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    /// Bytes printed beyond the limit and not kept.
    pub dropped_bytes: u64,
}

/// What it prints is in the findings as it is printed: they are kept when validation's time is up.
pub(super) async fn check(command: &UserCommand, subject: &Subject, findings: &mut Findings) {
    let naming = Group::Command.named("command").limit("exit status 0".to_owned());
    let mut child = match spawn(command, subject) {
        Ok(child) => child,
        Err(fault) => return findings.push(naming.error(fault)),
    };
    let captured = findings.command.insert(Capture::new(command.max_output));
    let check = run(command, &mut child, captured, naming).await;
    findings.push(check);
}

async fn run(
    command: &UserCommand,
    child: &mut Child,
    captured: &mut Capture,
    naming: Naming,
) -> Check {
    let group = ProcessGroup::of(child);
    let ended = timeout(command.timeout, wait(child, &group, captured)).await;
    drop(group);
    let naming = match &ended {
        Ok(Ok(status)) => naming.value(status.to_string()),
        Ok(Err(_)) | Err(_) => naming,
    };
    naming.judge(match ended {
        Ok(Ok(status)) if status.success() => Ok("passed".to_owned()),
        Ok(Ok(status)) => Err(format!("{status}, expected 0{}", captured.last_line())),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("killed after {} s, its limit", command.timeout.as_secs_f64())),
    })
}

fn spawn(command: &UserCommand, subject: &Subject) -> Result<Child, String> {
    let (program, arguments) = command.argv.split_first().ok_or("it has no program")?;
    Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .envs(&command.env)
        .env("SEATRIAL_STAGING_URL", &subject.url)
        .env("SEATRIAL_ENDPOINT", subject.model.as_str())
        .env("SEATRIAL_MODEL", subject.version.model.as_str())
        .env("SEATRIAL_VERSION", subject.version.number.0.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{program:?} cannot be started: {error}"))
}

/// Reads while it runs, so that a full pipe never blocks it.
async fn wait(
    child: &mut Child,
    group: &ProcessGroup,
    captured: &mut Capture,
) -> std::io::Result<ExitStatus> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let Capture { stdout: kept_out, stderr: kept_err } = captured;
    let mut reading = pin!(async { tokio::join!(kept_out.fill(stdout), kept_err.fill(stderr)) });
    let mut open = true;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _both = &mut reading, if open => open = false,
        }
    };
    group.kill();
    if open {
        // A process that left the group may hold the pipes; what it prints is not waited for.
        let _closed = timeout(GRACE, reading).await;
    }
    Ok(status)
}

/// The command and what it started; killed when dropped.
struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn kill(&self) {
        if let Some(leader) = self.0 {
            // It fails where no process is left, which is what is wanted.
            let _gone = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Both streams of a command, each bounded.
#[derive(Debug)]
pub(super) struct Capture {
    stdout: Kept,
    stderr: Kept,
}

#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    limit: usize,
    dropped: u64,
}

impl Capture {
    fn new(limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let kept = || Kept { bytes: Vec::new(), limit, dropped: 0 };
        Self { stdout: kept(), stderr: kept() }
    }

    /// The last thing it said, for the failure's one line.
    fn last_line(&self) -> String {
        let said = [&self.stderr, &self.stdout].map(Kept::text);
        let line = said.iter().find_map(|text| text.lines().rev().find(|l| !l.trim().is_empty()));
        line.map_or_else(String::new, |line| {
            format!(": {}", line.trim().chars().take(200).collect::<String>())
        })
    }

    pub(super) fn output(&self) -> Output {
        Output {
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            dropped_bytes: self.stdout.dropped + self.stderr.dropped,
        }
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    async fn fill(&mut self, pipe: Option<impl AsyncRead + Unpin>) {
        let Some(mut pipe) = pipe else { return };
        let mut buffer = vec![0; 8 * 1024];
        while let Ok(count) = pipe.read(&mut buffer).await {
            let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else { return };
            let room = self.limit.saturating_sub(self.bytes.len()).min(count);
            self.bytes.extend(read.iter().take(room));
            self.dropped += u64::try_from(count - room).unwrap_or(0);
        }
    }
}
