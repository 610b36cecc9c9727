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

/// Refuses a model any of whose tensors names another file.
pub(super) fn refuse(model: &[u8]) -> Result<(), Error> {
    walk(Kind::Model, model, 0)
}

/// A graph within a graph is three messages further down: node, attribute, graph.
fn walk(kind: Kind, message: &[u8], depth: usize) -> Result<(), Error> {
    if depth > 3 * DEPTH_MAX {
        return Err(too_deep());
    }
    if let Kind::Tensor = kind {
        return refuse_external(message);
    }
    for field in Fields::new(message) {
        let field = field.map_err(malformed)?;
        if let (Some(child), Some(bytes)) = (kind.child(field.number), field.bytes(field.number)) {
            walk(child, bytes, depth + 1)?;
        }
    }
    Ok(())
}

fn refuse_external(tensor: &[u8]) -> Result<(), Error> {
    const EXTERNAL: u64 = 1;
    let mut name = String::new();
    let mut location = None;
    for field in Fields::new(tensor) {
        let field = field.map_err(malformed)?;
        if let Some(bytes) = field.bytes(8) {
            name = text(bytes);
        }
        if field.varint(14) == Some(EXTERNAL) && location.is_none() {
            location = Some(String::new());
        }
        if let Some(entry) = field.bytes(13) {
            location = entry_location(entry)?.or(location).or_else(|| Some(String::new()));
        }
    }
    location.map_or(Ok(()), |location| Err(Error::ExternalData { tensor: name, location }))
}

/// The file named by one key-value entry of a tensor's external data.
fn entry_location(entry: &[u8]) -> Result<Option<String>, Error> {
    let fields = Fields::new(entry).collect::<Result<Vec<Field<'_>>, _>>().map_err(malformed)?;
    let is_location = fields.iter().any(|field| field.bytes(1) == Some(b"location"));
    Ok(fields.iter().find_map(|field| field.bytes(2)).filter(|_| is_location).map(text))
}
