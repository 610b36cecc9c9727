//! YAML text as a tree of scalars. Owns the limits on depth and number. Reads over what nobody here
//! needs: tags, and aliases, which are never followed, so that none multiplies anything.

use super::Error;
use granit_parser::{Event, Parser, ScalarStyle};
use std::collections::BTreeMap;

const DEPTH_MAX: usize = 32;
const NODES_MAX: usize = 20_000;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Null,
    Scalar(String),
    List,
    Map(BTreeMap<String, Node>),
    /// What another place of the text says.
    Alias,
}

/// Reads one document. The first fault ends it.
pub(super) fn read(text: &str) -> Result<Node, Error> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Error::Yaml {
            line: error.marker().line(),
            fault: format!("not valid YAML: {}", error.info()),
        })?;
        let line = span.start.line();
        tree.take(event).map_err(|fault| Error::Yaml { line, fault })?;
    }
    tree.root.ok_or_else(|| Error::Yaml { line: 1, fault: "the file is empty".to_owned() })
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
    List,
    Map { entries: BTreeMap<String, Node>, key: Option<String> },
}

impl Tree {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's events are non-exhaustive")]
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Anchor(..) => {
                Ok(())
            }
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 { Err("a second document".to_owned()) } else { Ok(()) }
            }
            Event::Alias(_) => self.place(Node::Alias),
            Event::Scalar(text, style, ..) => self.place(scalar(&text, style)),
            Event::SequenceStart(..) => self.open(Open::List),
            Event::MappingStart(..) => self.open(Open::Map { entries: BTreeMap::new(), key: None }),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List) => self.place(Node::List),
                Some(Open::Map { entries, .. }) => self.place(Node::Map(entries)),
                None => Ok(()),
            },
            // The parser may learn more events; no writer of these files needs them.
            _ => Err("not supported here".to_owned()),
        }
    }

    fn open(&mut self, collection: Open) -> Result<(), String> {
        if self.open.len() >= DEPTH_MAX {
            return Err(format!("nested deeper than {DEPTH_MAX} levels"));
        }
        self.open.push(collection);
        Ok(())
    }

    fn place(&mut self, node: Node) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(format!("more than {NODES_MAX} values"));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            // Nothing that is read stands in a list.
            Some(Open::List) => {}
            Some(Open::Map { entries, key }) => match (key.take(), node) {
                (None, Node::Scalar(word)) if entries.contains_key(&word) => {
                    return Err(format!("{word:?} is given twice"));
                }
                (None, Node::Scalar(word)) => *key = Some(word),
                (None, Node::Null | Node::List | Node::Map(_) | Node::Alias) => {
                    return Err("a name must be a word".to_owned());
                }
                (Some(key), node) => drop(entries.insert(key, node)),
            },
        }
        Ok(())
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Node {
    match text {
        "" | "~" | "null" | "Null" | "NULL" if matches!(style, ScalarStyle::Plain) => Node::Null,
        _ => Node::Scalar(text.to_owned()),
    }
}
