//! Where the story is told: standard output, with colours only where a person looks at it.

use std::io::{IsTerminal as _, Write as _};

/// Columns a line of the story takes at most.
pub(super) const WIDTH: usize = 96;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paint {
    Plain,
    Colour,
}

/// Standard output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen(Paint);

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
    pub(super) fn new(no_color: Option<&str>) -> Self {
        let colour = std::io::stdout().is_terminal() && no_color.is_none();
        Self(if colour { Paint::Colour } else { Paint::Plain })
    }

    /// A line, or several.
    pub(super) fn say(self, tone: Tone, text: &str) {
        let mut stdout = std::io::stdout().lock();
        // A reader that went away is no fault of ours, and there is nobody to tell.
        let _gone = match (self.0, tone.code()) {
            (Paint::Colour, Some(code)) => writeln!(stdout, "\u{1b}[{code}m{text}\u{1b}[0m"),
            (Paint::Colour | Paint::Plain, _) => writeln!(stdout, "{text}"),
        };
    }

    /// A paragraph, with an empty line before it.
    pub(super) fn tell(self, text: &str) {
        self.say(Tone::Plain, &format!("\n{}", super::story::wrap(text, WIDTH)));
    }
}
