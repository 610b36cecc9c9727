//! Where a followed rollout is shown: redrawn in place on a terminal, line by line elsewhere.

use super::tree::Detail;
use super::{Seen, View, tree};
use crate::cli::output::{Format, Output, Paint};

/// What was shown already.
#[derive(Debug)]
pub(super) struct Screen {
    view: View,
    output: Output,
    /// Rows that the tree takes on the terminal now.
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
            let text = tree::render(seen, Detail::Values, self.output.paint());
            let back = if self.drawn > 0 {
                format!("\u{1b}[{}A\u{1b}[J", self.drawn)
            } else {
                String::new()
            };
            self.drawn =
                rows(&tree::render(seen, Detail::Values, Paint::Plain), self.output.columns());
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
                format!("{}\n", tree::render(seen, Detail::Values, self.output.paint()))
            };
            format!("{tree}{}", explained.summary)
        })
    }
}

/// Rows that plain text takes on a terminal of so many columns: long lines go over several.
fn rows(text: &str, columns: Option<usize>) -> usize {
    let of_line = |line: &str| {
        let length = line.chars().count().max(1);
        columns.map_or(1, |columns| length.div_ceil(columns.max(1)))
    };
    text.lines().map(of_line).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_longer_than_the_terminal_takes_more_rows() {
        let text = "a\n\nfour";
        assert_eq!(rows(text, None), 3);
        assert_eq!(rows(text, Some(80)), 3);
        assert_eq!(rows(text, Some(4)), 3);
        assert_eq!(rows(text, Some(3)), 4);
    }
}
