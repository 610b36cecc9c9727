//! Where the story is told: standard output, or standard error beside JSON, with colours only where a person looks at it.

use std::io::{IsTerminal as _, Write as _};
use std::process::Stdio;

/// Columns a line of the story takes at most.
pub(super) const WIDTH: usize = 96;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paint {
    Plain,
    Colour,
}

/// Which of the process's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Output,
    /// Where standard output is for a program to read.
    Error,
}

/// Where a person looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    paint: Paint,
    stream: Stream,
}

/// How a line stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Heading,
    Command,
    Good,
    Bad,
}

impl Tone {
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Heading => Some("1"),
            Self::Command => Some("36"),
            Self::Good => Some("32"),
            Self::Bad => Some("31"),
        }
    }
}

impl Screen {
    /// `no_color` is the variable of that name.
    pub(super) fn new(stream: Stream, no_color: Option<&str>) -> Self {
        let is_terminal = match stream {
            Stream::Output => std::io::stdout().is_terminal(),
            Stream::Error => std::io::stderr().is_terminal(),
        };
        let colour = is_terminal && no_color.is_none();
        Self { paint: if colour { Paint::Colour } else { Paint::Plain }, stream }
    }

    /// The same place, for a command's output.
    pub(super) fn stdio(self) -> Stdio {
        match self.stream {
            Stream::Output => Stdio::inherit(),
            Stream::Error => Stdio::from(std::io::stderr()),
        }
    }

    /// A line, or several.
    pub(super) fn say(self, tone: Tone, text: &str) {
        let line = match (self.paint, tone.code()) {
            (Paint::Colour, Some(code)) => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            (Paint::Colour | Paint::Plain, _) => text.to_owned(),
        };
        // A reader that went away is no fault of ours, and there is nobody to tell.
        let _gone = match self.stream {
            Stream::Output => writeln!(std::io::stdout().lock(), "{line}"),
            Stream::Error => writeln!(std::io::stderr().lock(), "{line}"),
        };
    }

    /// A paragraph, with an empty line before it.
    pub(super) fn tell(self, text: &str) {
        self.say(Tone::Plain, &format!("\n{}", super::story::wrap(text, WIDTH)));
    }
}
