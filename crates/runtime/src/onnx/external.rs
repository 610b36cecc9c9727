//! Finds tensors that keep their data outside the file, wherever tensors can hide.

use super::wire::{Field, Fields};
use super::{DEPTH_MAX, malformed, text, too_deep};
use crate::load::Error;

/// The messages that lead to tensors.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Model,
    Training,
    Function,
    Graph,
    Node,
    Attribute,
    Sparse,
    Tensor,
}

impl Kind {
    /// The kind of the message in a field of this number, where it can lead to a tensor.
    const fn child(self, number: u64) -> Option<Self> {
        match (self, number) {
            (Self::Model, 20) => Some(Self::Training),
            (Self::Model, 25) => Some(Self::Function),
            (Self::Model, 7) | (Self::Training, 1 | 2) | (Self::Attribute, 6 | 11) => {
                Some(Self::Graph)
            }
            (Self::Graph, 1) | (Self::Function, 7) => Some(Self::Node),
            (Self::Node, 5) | (Self::Function, 11) => Some(Self::Attribute),
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Some(Self::Sparse),
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::Sparse, 1 | 2) => {
                Some(Self::Tensor)
            }
            (
                Self::Model
                | Self::Training
                | Self::Function
                | Self::Graph
                | Self::Node
                | Self::Attribute
                | Self::Sparse
                | Self::Tensor,
                _,
            ) => None,
        }
    }
}

/// A tensor whose data lie in another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// The tensor's name.
    pub tensor: String,
    /// The file, as the model names it: relative to the model's own.
    pub location: String,
    /// Bytes that the file has at least, as far as the model states them.
    pub end: u64,
}

impl External {
    /// Why these data cannot be had.
    pub(crate) fn refused(&self, fault: impl Into<String>) -> Error {
        let (tensor, location) = (self.tensor.clone(), self.location.clone());
        Error::ExternalData { tensor, location, fault: fault.into() }
    }

    /// The location as a path among the model's files.
    pub fn path(&self) -> &str {
        self.location.strip_prefix("./").unwrap_or(&self.location)
    }
}

/// Every tensor of the main graph that keeps its data elsewhere. Refuses them in other places: the
/// runtime would look for those on the disk by itself.
pub(super) fn find(model: &[u8]) -> Result<Vec<External>, Error> {
    let mut found = Vec::new();
    walk(Kind::Model, model, 0, &mut found)?;
    Ok(found)
}

/// Where the walk meets the initialisers of the main graph, and nothing else: model, graph, tensor.
const MAIN_INITIALISER: usize = 2;

/// A graph within a graph is three messages further down: node, attribute, graph.
fn walk(kind: Kind, message: &[u8], depth: usize, found: &mut Vec<External>) -> Result<(), Error> {
    if depth > 3 * DEPTH_MAX {
        return Err(too_deep());
    }
    if let Kind::Tensor = kind {
        let Some(external) = external(message)? else { return Ok(()) };
        if depth != MAIN_INITIALISER {
            return Err(external.refused("only the main graph's initialisers may"));
        }
        found.push(external);
        return Ok(());
    }
    for field in Fields::new(message) {
        let field = field.map_err(malformed)?;
        if let (Some(child), Some(bytes)) = (kind.child(field.number), field.bytes(field.number)) {
            walk(child, bytes, depth + 1, found)?;
        }
    }
    Ok(())
}

fn external(tensor: &[u8]) -> Result<Option<External>, Error> {
    const EXTERNAL: u64 = 1;
    let mut external = External { tensor: String::new(), location: String::new(), end: 0 };
    let (mut offset, mut length) = (0_u64, 0_u64);
    let mut is_external = false;
    for field in Fields::new(tensor) {
        let field = field.map_err(malformed)?;
        if let Some(bytes) = field.bytes(8) {
            external.tensor = text(bytes);
        }
        is_external |= field.varint(14) == Some(EXTERNAL);
        if let Some(bytes) = field.bytes(13) {
            is_external = true;
            let (key, value) = entry(bytes)?;
            match key.as_str() {
                "location" => external.location = value,
                "offset" => offset = number(&external, &value)?,
                "length" => length = number(&external, &value)?,
                _checksum_and_others => {}
            }
        }
    }
    external.end = offset.saturating_add(length);
    Ok(is_external.then_some(external))
}

fn number(external: &External, value: &str) -> Result<u64, Error> {
    value.parse().map_err(|_error| external.refused(format!("{value:?} is no number of bytes")))
}

/// One key-value entry of a tensor's external data.
fn entry(entry: &[u8]) -> Result<(String, String), Error> {
    let fields = Fields::new(entry).collect::<Result<Vec<Field<'_>>, _>>().map_err(malformed)?;
    let text_of = |number| {
        let found = fields.iter().find_map(|field: &Field<'_>| field.bytes(number));
        found.map(text).unwrap_or_default()
    };
    Ok((text_of(1), text_of(2)))
}
