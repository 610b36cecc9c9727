//! Where a followed rollout is shown: redrawn in place on a terminal, line by line elsewhere.

use super::{Seen, View, tree};
use crate::cli::output::{Format, Output};

/// What was shown already.
#[derive(Debug)]
pub(super) struct Screen {
    view: View,
    output: Output,
    /// Lines of the tree that is on the terminal now.
    drawn: usize,
    /// Journal rows told so far.
    told: usize,
}

impl Screen {
    pub(super) const fn new(view: View, output: Output) -> Self {
        Self { view, output, drawn: 0, told: 0 }
    }

    fn redraws(&self) -> bool {
        self.view == View::Tree
            && self.output.format() == Format::Table
            && self.output.is_terminal()
    }

    /// Shows one look.
    pub(super) fn draw(&mut self, seen: &Seen) {
        if self.redraws() {
            let text = tree::render(seen, self.output.paint());
            let back = if self.drawn > 0 {
                format!("\u{1b}[{}A\u{1b}[J", self.drawn)
            } else {
                String::new()
            };
            self.drawn = text.lines().count();
            self.output.raw(&format!("{back}{text}\n"));
            return;
        }
        for row in seen.history.iter().skip(self.told) {
            self.output.note(&format!("{}  {}", row.at, row.what));
        }
        self.told = seen.history.len();
    }

    /// Shows how it ended: the one result on standard output.
    pub(super) fn last(&self, seen: &Seen) -> anyhow::Result<()> {
        self.output.show(&seen.explained, |explained| {
            let tree = if self.redraws() {
                String::new()
            } else {
                format!("{}\n", tree::render(seen, self.output.paint()))
            };
            format!("{tree}{}", explained.summary)
        })
    }
}
