//! Where words go: results on standard output, progress and errors on standard error. The only
//! place that writes to either.

use clap::ValueEnum;
use serde::Serialize;
use std::io::{IsTerminal as _, Write as _};

/// How results look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Whether text may carry colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Colour,
}

/// The process's two streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    format: Format,
    paint: Paint,
}

impl Output {
    /// `no_color` is the variable of that name: colours go to a terminal that was not told otherwise.
    pub(super) fn new(format: Format, no_color: Option<&str>) -> Self {
        let colour = std::io::stdout().is_terminal() && no_color.is_none();
        Self { format, paint: if colour { Paint::Colour } else { Paint::Plain } }
    }

    pub(super) const fn format(&self) -> Format {
        self.format
    }

    pub(super) const fn paint(&self) -> Paint {
        self.paint
    }

    /// Whether a person looks at standard output.
    pub(super) fn is_terminal(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// How many columns standard output's terminal has; none: it is no terminal.
    pub(super) fn columns(&self) -> Option<usize> {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    }

    /// A result: as JSON, or as the text that `table` makes of it.
    pub(super) fn show<T: Serialize>(
        &self,
        value: &T,
        table: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<()> {
        let text = match self.format {
            Format::Json => serde_json::to_string_pretty(value)?,
            Format::Table => table(value),
        };
        self.text(&text);
        Ok(())
    }

    /// Text on standard output.
    pub(super) fn text(&self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        // A reader that went away (`| head`) is no fault of ours, and there is nobody to tell.
        let _gone = writeln!(stdout, "{}", text.trim_end_matches('\n'));
    }

    /// Text on standard output without an end of line: for redrawing a terminal.
    pub(super) fn raw(&self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let _gone = write!(stdout, "{text}").and_then(|()| stdout.flush());
    }

    /// Progress, on standard error.
    pub(super) fn note(&self, text: &str) {
        let _gone = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// How far something is that takes long, on standard error: one line that is written over, for a
    /// person who waits. Nothing ends it.
    pub(super) fn progress(&self, text: &str) {
        if self.format == Format::Table && std::io::stderr().is_terminal() {
            let mut stderr = std::io::stderr().lock();
            let _gone = write!(stderr, "\r\u{1b}[K{text}").and_then(|()| stderr.flush());
        }
    }

    /// An error with its causes, and the hint that came with it.
    pub(super) fn error(&self, error: &anyhow::Error) {
        self.note(&format!("error: {error:#}"));
        if let Some(hint) = super::client::hint(error) {
            self.note(&format!("hint: {hint}"));
        }
    }
}
