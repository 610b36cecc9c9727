//! Draws nodes as lines: marks, branches and aligned columns.

use crate::cli::output::Paint;

/// What became of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Done,
    Running,
    Warning,
    Failed,
    /// A finding below a stage.
    None,
}

impl Mark {
    const fn sign(self) -> &'static str {
        match self {
            Self::Done => "✔ ",
            Self::Running => "◐ ",
            Self::Warning => "⚠ ",
            Self::Failed => "✘ ",
            Self::None => "",
        }
    }

    fn painted(self, paint: Paint) -> String {
        let colour = match (paint, self) {
            (Paint::Plain, _) | (Paint::Colour, Self::None) => return self.sign().to_owned(),
            (Paint::Colour, Self::Done) => 32,
            (Paint::Colour, Self::Running) => 36,
            (Paint::Colour, Self::Warning) => 33,
            (Paint::Colour, Self::Failed) => 31,
        };
        format!("\u{1b}[{colour}m{}\u{1b}[0m", self.sign())
    }
}

/// A line and what is below it. Cells after the title are aligned with its siblings'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) mark: Mark,
    pub(super) title: String,
    pub(super) cells: Vec<String>,
    pub(super) children: Vec<Node>,
}

impl Node {
    pub(super) fn leaf(mark: Mark, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { mark, title: title.into(), cells: vec![text.into()], children: Vec::new() }
    }
}

/// The nodes below each other, joined by branches.
pub(super) fn draw(nodes: &[Node], paint: Paint) -> String {
    let mut lines = Vec::new();
    draw_into(nodes, "", paint, &mut lines);
    lines.join("\n")
}

fn draw_into(nodes: &[Node], indent: &str, paint: Paint, lines: &mut Vec<String>) {
    let widths = widths(nodes);
    for (index, node) in nodes.iter().enumerate() {
        let is_last = index + 1 == nodes.len();
        let (branch, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let columns = std::iter::once(&node.title).chain(&node.cells);
        let columns = columns.zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let text = columns.collect::<Vec<_>>().join("   ");
        let mark = node.mark.painted(paint);
        lines.push(format!("{indent}{branch}{mark}{}", text.trim_end()));
        draw_into(&node.children, &format!("{indent}{below}"), paint, lines);
    }
}

/// Each column's width over all siblings.
fn widths(nodes: &[Node]) -> Vec<usize> {
    let mut widths = Vec::new();
    for node in nodes {
        for (column, cell) in std::iter::once(&node.title).chain(&node.cells).enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(column) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    widths
}
