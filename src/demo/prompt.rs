//! The prompt at which the demo types: every step is a command of this program that a person could
//! type as well, and everything it learns of the server comes through them.

use super::screen::{Screen, Tone};
use super::server;
use super::voyage::Voyage;
use crate::api::wire::{Explained, JournalRow};
use crate::cli::Exit;
use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus, Stdio};
use tokio::process::Command;

/// The endpoint, and the model behind it.
pub(super) const ENDPOINT: &str = "digits";

/// Statuses with which a rollout is settled, whichever way.
const SETTLED: [Exit; 5] =
    [Exit::Success, Exit::RolledBack, Exit::AwaitingApproval, Exit::Inconclusive, Exit::Aborted];

/// Commands go to one server, and are typed in one directory.
#[derive(Debug, Clone)]
pub(super) struct Prompt {
    server: String,
    directory: PathBuf,
    screen: Screen,
}

impl Prompt {
    pub(super) fn new(control: SocketAddr, directory: PathBuf, screen: Screen) -> Self {
        Self { server: format!("http://{control}"), directory, screen }
    }

    /// Shows a command as it would be typed.
    pub(super) fn echo(&self, words: &[&str]) {
        self.screen.say(Tone::Command, &typed(words));
    }

    /// Types a command that must succeed, and shows what it answers.
    pub(super) async fn run(&self, words: &[&str]) -> anyhow::Result<()> {
        self.echo(words);
        let child = self.command(words)?.stderr(Stdio::piped()).spawn()?;
        let output = child.wait_with_output().await?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            bail!("`{}` ended with {}: {said}", typed(words), output.status);
        }
        Ok(())
    }

    /// Types a command that shows a rollout until it is settled.
    pub(super) async fn watch(&self, words: &[&str]) -> anyhow::Result<()> {
        self.echo(words);
        let status = self.command(words)?.status().await?;
        if !is_settled(status) {
            bail!("`{}` ended with {status}", typed(words));
        }
        Ok(())
    }

    /// Asks quietly, for the answer as data.
    pub(super) async fn ask<T: DeserializeOwned>(&self, words: &[&str]) -> anyhow::Result<T> {
        let output =
            self.command(words)?.args(["--output", "json"]).stdout(Stdio::piped()).output().await?;
        serde_json::from_slice(&output.stdout).with_context(|| {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            format!("`{}` ended with {}: {said}", typed(words), output.status)
        })
    }

    /// What the newest rollout went through.
    pub(super) async fn voyage(&self) -> anyhow::Result<Voyage> {
        let rows: Vec<JournalRow> = self.ask(&["rollout", "history", ENDPOINT]).await?;
        Voyage::read(&rows)
    }

    /// The newest rollout as `explain` has it.
    pub(super) async fn explain(&self) -> anyhow::Result<Explained> {
        self.ask(&["rollout", "explain", ENDPOINT]).await
    }

    fn command(&self, words: &[&str]) -> anyhow::Result<Command> {
        let mut command = server::program()?;
        command.args(words).args(["--server", &self.server]).current_dir(&self.directory);
        command.stdout(self.screen.stdio());
        Ok(command)
    }
}

fn is_settled(status: ExitStatus) -> bool {
    let code = status.code().and_then(|code| u8::try_from(code).ok()).map(ExitCode::from);
    code.is_some_and(|code| SETTLED.map(ExitCode::from).contains(&code))
}

/// `$ seatrial rollback digits --reason "too bold"`
fn typed(words: &[&str]) -> String {
    let quoted = |word: &&str| {
        if word.contains(' ') { format!("\"{word}\"") } else { (*word).to_owned() }
    };
    format!("$ seatrial {}", words.iter().map(quoted).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_a_shell_takes_them() {
        assert_eq!(
            typed(&["rollback", "digits", "--reason", "too bold"]),
            "$ seatrial rollback digits --reason \"too bold\""
        );
    }
}
