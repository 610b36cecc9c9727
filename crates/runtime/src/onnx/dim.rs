//! Dimensions as a model's file declares them.

use super::wire::Fields;
use super::{malformed, text};
use crate::load::Error;

/// One dimension as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dim {
    Fixed(i64),
    /// Variable; equal wherever it has the same name.
    Symbol(String),
    /// Variable.
    Any,
}

impl Dim {
    pub(super) const fn size(&self) -> i64 {
        match self {
            Self::Fixed(size) => *size,
            Self::Symbol(_) | Self::Any => -1,
        }
    }
}

/// The dimensions of a `TensorShapeProto`.
pub(super) fn dimensions(shape: &[u8]) -> Result<Vec<Dim>, Error> {
    let mut dims = Vec::new();
    for field in Fields::new(shape) {
        let Some(dim) = field.map_err(malformed)?.bytes(1) else { continue };
        dims.push(dimension(dim)?);
    }
    Ok(dims)
}

fn dimension(dim: &[u8]) -> Result<Dim, Error> {
    let mut declared = Dim::Any;
    for part in Fields::new(dim) {
        let part = part.map_err(malformed)?;
        if let Some(stated) = part.varint(1) {
            // Negative sizes, which some exporters write for "any", arrive as huge ones.
            declared = i64::try_from(stated).map_or(Dim::Any, Dim::Fixed);
        } else if let Some(symbol) = part.bytes(2).filter(|symbol| !symbol.is_empty()) {
            declared = Dim::Symbol(text(symbol));
        }
    }
    Ok(declared)
}
