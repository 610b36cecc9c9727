//! `seatrial demo`: the acceptance test as a play. A server of its own on free ports, commands as a
//! person types them, clients that know the inference address only.
//!
//! Owns the scenario and what must come of it. Refuses every way into the server but its public
//! surfaces; nothing in the product knows that it is being watched.

mod acts;
mod bundle;
mod metrics;
mod prompt;
mod report;
mod screen;
mod server;
mod story;
mod traffic;
mod voyage;

use crate::cli::{Exit, Format};
use crate::clock;
use crate::config::Environment;
use crate::tasks::Tasks;
use acts::Theatre;
use anyhow::{Context as _, bail};
use prompt::Prompt;
use report::Report;
use screen::{Screen, Stream, Tone};
use server::Server;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

/// The whole play, from the command to its end.
const LIMIT: Duration = Duration::from_secs(240);

/// A person stopped the play.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
struct Interrupted;

/// How to play.
#[derive(Debug, Clone)]
pub struct Args {
    /// Where to write what happened, as JSON.
    pub report: Option<PathBuf>,
    /// JSON: the report on standard output, and the story on standard error.
    pub output: Format,
}

/// Plays the four acts; success only if every verdict is the expected one, no client request
/// failed, and the journal verifies.
pub async fn run(args: Args) -> anyhow::Result<Exit> {
    let began = clock::monotonic();
    let environment = Environment::read()?;
    let stream = match args.output {
        Format::Table => Stream::Output,
        Format::Json => Stream::Error,
    };
    let screen = Screen::new(stream, environment.no_color.as_deref());
    screen.say(Tone::Heading, "Seatrial: the demo. Four acts, about two minutes.");
    screen.tell(story::OPENING);
    let directory = tempfile::Builder::new().prefix("seatrial-demo-").tempdir()?;
    let mut report = Report::default();
    let tasks = Tasks::default();
    let stage = Stage { began, environment, screen, directory: directory.path(), tasks: &tasks };
    let played = played(stage, &mut report).await;
    tasks.shut_down().await;
    if let Some(path) = &args.report {
        std::fs::write(path, json(&report)?).with_context(|| path.display().to_string())?;
    }
    if args.output == Format::Json {
        std::io::stdout().lock().write_all(json(&report)?.as_bytes())?;
    }
    match played.and_then(|()| judged(&report, screen)) {
        Ok(()) => Ok(Exit::Success),
        Err(error) if error.is::<Interrupted>() => {
            screen.say(Tone::Plain, "\nInterrupted; nothing of it is left.");
            Ok(Exit::Aborted)
        }
        Err(error) => {
            keep(directory, screen);
            Err(error)
        }
    }
}

/// What the play is played on.
struct Stage<'a> {
    began: Instant,
    environment: Environment,
    screen: Screen,
    directory: &'a Path,
    tasks: &'a Tasks,
}

/// Starts the server, plays, and stops the server again whatever happened.
async fn played(stage: Stage<'_>, report: &mut Report) -> anyhow::Result<()> {
    let Stage { began, environment, screen, directory, tasks } = stage;
    bundle::unpack(directory)?;
    let server = tokio::select! {
        biased;
        interrupted = interrupted() => return interrupted,
        server = in_time(began, started(&environment, screen, directory)) => server?,
    };
    screen.tell(&story::opening(server.addresses.inference, server.addresses.control));
    let theatre = Theatre {
        prompt: Prompt::new(server.addresses.control, directory.to_owned(), screen),
        screen,
        addresses: server.addresses,
        tasks: tasks.clone(),
        // A proxy's own loopback is another machine's.
        http: crate::http::client("http:").no_proxy().build()?,
        began,
    };
    // An interrupt reaches the commands as well: it must be seen before they end by it.
    let outcome = tokio::select! {
        biased;
        interrupted = interrupted() => interrupted,
        outcome = in_time(began, acts::play(&theatre, report)) => outcome,
    };
    // The clients stop first: none of them meets a server that is gone.
    tasks.shut_down().await;
    server.stop().await;
    outcome
}

/// What `part` comes to, if the whole play is still within its limit by then.
async fn in_time<T>(
    began: Instant,
    part: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let left = LIMIT.saturating_sub(clock::monotonic().duration_since(began));
    tokio::time::timeout(left, part).await.unwrap_or_else(|_elapsed| {
        bail!("the demo is not over after {} s: is this machine very busy?", LIMIT.as_secs())
    })
}

async fn started(
    environment: &Environment,
    screen: Screen,
    directory: &Path,
) -> anyhow::Result<Server> {
    let library = server::provision(environment, screen).await.context("ONNX Runtime")?;
    Server::start(directory, &library).await
}

/// Waits for a person to stop it.
async fn interrupted() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminate.recv() => {}
    }
    Err(Interrupted.into())
}

fn judged(report: &Report, screen: Screen) -> anyhow::Result<()> {
    let differences = report.differences();
    if differences.is_empty() {
        screen.say(Tone::Good, "\nEvery verdict is the expected one.");
        return Ok(());
    }
    screen.say(Tone::Bad, "\nNot as it must be:");
    for difference in &differences {
        screen.say(Tone::Bad, &format!("  {difference}"));
    }
    bail!("the demo did not end as it must")
}

fn json(report: &Report) -> anyhow::Result<String> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}

/// Keeps what the server left, to be looked at.
fn keep(directory: TempDir, screen: Screen) {
    let kept = directory.keep();
    screen.say(Tone::Plain, &format!("Its data and its log are kept in {}", kept.display()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_that_went_by_before_the_server_answered_counts() {
        let now = clock::monotonic();
        let slept = || async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            Ok(())
        };
        assert!(in_time(now, slept()).await.is_ok());
        let almost_over = now.checked_sub(LIMIT - Duration::from_secs(1)).unwrap();
        let late = in_time(almost_over, slept()).await.unwrap_err();
        assert!(late.to_string().contains("240 s"), "{late}");
    }
}
