//! YAML text as a tree of positions and scalars. Owns the limits on size, depth and number, and
//! refuses what a policy never needs: aliases (and with them their bombs), tags, several
//! documents, duplicate keys and keys that are not plain words.

use super::fault::{Fault, Position};
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

/// Bytes of a policy.
pub const SIZE_MAX: usize = 256 * 1024;
const DEPTH_MAX: usize = 16;
const NODES_MAX: usize = 20_000;

/// A value and where it starts.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Null,
    /// Not in quotes: a number, a word, a duration.
    Plain(String),
    Quoted(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Position,
    pub(super) value: Node,
}

/// Reads one document. The first fault ends it: what follows a broken line means nothing.
pub(super) fn read(text: &str) -> Result<Node, Fault> {
    if text.len() > SIZE_MAX {
        let what = format!("{} bytes are too many", text.len());
        return Err(fault(Position::START, what, Some(format!("at most {SIZE_MAX} bytes"))));
    }
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| unreadable(&error))?;
        tree.take(event, position(&span))?;
    }
    tree.root.ok_or_else(|| fault(Position::START, "the file is empty", None))
}

fn unreadable(error: &ScanError) -> Fault {
    let marker = error.marker();
    let at = Position { line: marker.line(), column: marker.col() + 1 };
    fault(at, format!("not valid YAML: {}", error.info()), None)
}

fn position(span: &Span) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

fn fault(at: Position, what: impl Into<String>, allowed: Option<String>) -> Fault {
    Fault { at, field: String::new(), what: what.into(), allowed, nearest: None }
}

/// The tree while it grows: collections that are not closed yet, outermost first.
#[derive(Debug, Default)]
struct Tree {
    open: Vec<Open>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

#[derive(Debug)]
enum Open {
    List { at: Position, items: Vec<Node> },
    Map { at: Position, entries: Vec<Entry>, key: Option<(String, Position)> },
}

impl Tree {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's events are non-exhaustive")]
    fn take(&mut self, event: Event<'_>, at: Position) -> Result<(), Fault> {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Anchor(..) => {
                Ok(())
            }
            Event::DocumentStart(..) => self.document(at),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                Err(fault(at, "aliases are not supported: write the value out", None))
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, _, Some(_))
            | Event::MappingStart(_, _, Some(_)) => {
                Err(fault(at, "tags are not supported: leave it out", None))
            }
            Event::Scalar(text, style, _, None) => {
                self.place(Node { at, kind: scalar(text.into_owned(), style) })
            }
            Event::SequenceStart(_, _, None) => self.open(Open::List { at, items: Vec::new() }),
            Event::MappingStart(_, _, None) => {
                self.open(Open::Map { at, entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            // The parser may learn more events; a policy needs none of them.
            _ => Err(fault(at, "not supported here", None)),
        }
    }

    fn document(&mut self, at: Position) -> Result<(), Fault> {
        self.documents += 1;
        if self.documents > 1 {
            return Err(fault(at, "a second document: a file holds one policy", None));
        }
        Ok(())
    }

    fn open(&mut self, collection: Open) -> Result<(), Fault> {
        if self.open.len() >= DEPTH_MAX {
            let allowed = Some(format!("at most {DEPTH_MAX} levels"));
            return Err(fault(collection.at(), "nested too deeply", allowed));
        }
        self.open.push(collection);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        match self.open.pop() {
            Some(Open::List { at, items }) => self.place(Node { at, kind: Kind::List(items) }),
            Some(Open::Map { at, entries, .. }) => {
                self.place(Node { at, kind: Kind::Map(entries) })
            }
            None => Ok(()),
        }
    }

    fn place(&mut self, node: Node) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(fault(node.at, "too many values", Some(format!("at most {NODES_MAX}"))));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                None => *key = Some(word(node, entries)?),
                Some((key, at)) => entries.push(Entry { key, at, value: node }),
            },
        }
        Ok(())
    }
}

impl Open {
    const fn at(&self) -> Position {
        match self {
            Self::List { at, .. } | Self::Map { at, .. } => *at,
        }
    }
}

fn scalar(text: String, style: ScalarStyle) -> Kind {
    let plain = matches!(style, ScalarStyle::Plain);
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" if plain => Kind::Null,
        _ if plain => Kind::Plain(text),
        _ => Kind::Quoted(text),
    }
}

fn word(node: Node, entries: &[Entry]) -> Result<(String, Position), Fault> {
    match node.kind {
        Kind::Plain(key) | Kind::Quoted(key) => {
            match entries.iter().find(|entry| entry.key == key) {
                None => Ok((key, node.at)),
                Some(first) => {
                    let what = format!("`{key}` is given twice, first in line {}", first.at.line);
                    Err(fault(node.at, what, None))
                }
            }
        }
        Kind::Null | Kind::List(_) | Kind::Map(_) => {
            Err(fault(node.at, "a field's name must be a word", None))
        }
    }
}
