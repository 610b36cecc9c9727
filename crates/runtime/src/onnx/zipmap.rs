//! Takes ZipMap out of a model.
//!
//! scikit-learn exports end in this operator by default: it turns the probabilities `[N, C]` into
//! N maps from class to probability, which the protocol has no type for. An Identity in its place
//! answers the tensor itself. Everything else in the file keeps its bytes.

use super::wire::{Field, Fields, put_bytes, put_integer};
use super::{malformed, text};
use crate::load::Error;

/// A ZipMap in the outermost graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ZipMap {
    input: String,
    /// The name of what it answers.
    pub(super) output: String,
    /// The number of classes, −1 where the node does not list them.
    pub(super) classes: i64,
}

pub(super) fn find(graph: &[u8]) -> Result<Vec<ZipMap>, Error> {
    let mut found = Vec::new();
    for field in Fields::new(graph) {
        if let Some(node) = field.map_err(malformed)?.bytes(1) {
            found.extend(read(node)?);
        }
    }
    Ok(found)
}

/// The node, where it is a ZipMap.
fn read(node: &[u8]) -> Result<Option<ZipMap>, Error> {
    let fields = Fields::new(node).collect::<Result<Vec<Field<'_>>, _>>().map_err(malformed)?;
    let last = |number| fields.iter().rev().find_map(|field| field.bytes(number));
    if last(4) != Some(b"ZipMap") || last(7) != Some(b"ai.onnx.ml") {
        return Ok(None);
    }
    let mut classes = -1;
    for attribute in fields.iter().filter_map(|field| field.bytes(5)) {
        classes = class_count(attribute)?.unwrap_or(classes);
    }
    let (Some(input), Some(output)) = (last(1), last(2)) else { return Ok(None) };
    Ok(Some(ZipMap { input: text(input), output: text(output), classes }))
}

/// The number of labels in a `classlabels_…` attribute.
fn class_count(attribute: &[u8]) -> Result<Option<i64>, Error> {
    let fields =
        Fields::new(attribute).collect::<Result<Vec<Field<'_>>, _>>().map_err(malformed)?;
    let named = |name: &[u8]| fields.iter().any(|field| field.bytes(1) == Some(name));
    let count = if named(b"classlabels_strings") {
        fields.iter().filter(|field| field.bytes(9).is_some()).count()
    } else if named(b"classlabels_int64s") {
        fields.iter().map(integers_in).sum()
    } else {
        return Ok(None);
    };
    Ok(i64::try_from(count).ok().filter(|count| *count > 0))
}

/// Integers are repeated one a field, or packed: as many as bytes without the continuation bit.
fn integers_in(field: &Field<'_>) -> usize {
    let packed = field.bytes(8).map(|all| all.iter().filter(|byte| **byte < 0x80).count());
    packed.unwrap_or_else(|| usize::from(field.varint(8).is_some()))
}

/// The model with each ZipMap replaced by an Identity.
pub(super) fn strip(model: &[u8], zipmaps: &[ZipMap]) -> Result<Vec<u8>, Error> {
    let mut rewritten = Vec::with_capacity(model.len());
    let mut has_standard_operators = false;
    for field in Fields::new(model) {
        let field = field.map_err(malformed)?;
        match (field.bytes(7), field.bytes(8)) {
            (Some(graph), _) => put_bytes(&mut rewritten, 7, &strip_graph(graph, zipmaps)?),
            (None, opset) => {
                has_standard_operators |= opset.map(is_standard).transpose()?.unwrap_or(false);
                rewritten.extend_from_slice(field.raw);
            }
        }
    }
    if !has_standard_operators {
        // A model of ai.onnx.ml operators alone need not import the set that has Identity.
        let mut opset = Vec::new();
        put_integer(&mut opset, 2, 13);
        put_bytes(&mut rewritten, 8, &opset);
    }
    Ok(rewritten)
}

fn is_standard(opset: &[u8]) -> Result<bool, Error> {
    for field in Fields::new(opset) {
        if let Some(domain) = field.map_err(malformed)?.bytes(1) {
            return Ok(domain.is_empty() || domain == b"ai.onnx");
        }
    }
    Ok(true)
}

fn strip_graph(graph: &[u8], zipmaps: &[ZipMap]) -> Result<Vec<u8>, Error> {
    let mut rewritten = Vec::with_capacity(graph.len());
    for field in Fields::new(graph) {
        let field = field.map_err(malformed)?;
        if let Some(zipmap) = field.bytes(1).map(read).transpose()?.flatten() {
            put_bytes(&mut rewritten, 1, &identity(&zipmap));
        } else if let Some(zipmap) = declared(&field, zipmaps)? {
            put_bytes(&mut rewritten, field.number, &declaration(zipmap));
        } else {
            rewritten.extend_from_slice(field.raw);
        }
    }
    Ok(rewritten)
}

/// The ZipMap whose answer this field of a graph declares, as an output or in passing.
fn declared<'z>(field: &Field<'_>, zipmaps: &'z [ZipMap]) -> Result<Option<&'z ZipMap>, Error> {
    let Some(value_info) = field.bytes(12).or_else(|| field.bytes(13)) else { return Ok(None) };
    for part in Fields::new(value_info) {
        if let Some(name) = part.map_err(malformed)?.bytes(1) {
            return Ok(zipmaps.iter().find(|zipmap| zipmap.output.as_bytes() == name));
        }
    }
    Ok(None)
}

/// `NodeProto { input, output, op_type: "Identity" }`
fn identity(zipmap: &ZipMap) -> Vec<u8> {
    let mut node = Vec::new();
    put_bytes(&mut node, 1, zipmap.input.as_bytes());
    put_bytes(&mut node, 2, zipmap.output.as_bytes());
    put_bytes(&mut node, 4, b"Identity");
    node
}

/// `ValueInfoProto` of a float tensor `[N, C]`.
fn declaration(zipmap: &ZipMap) -> Vec<u8> {
    let mut classes = Vec::new();
    if let Ok(count) = u64::try_from(zipmap.classes) {
        put_integer(&mut classes, 1, count);
    }
    let mut shape = Vec::new();
    put_bytes(&mut shape, 1, &[]);
    put_bytes(&mut shape, 1, &classes);
    let mut tensor = Vec::new();
    put_integer(&mut tensor, 1, 1);
    put_bytes(&mut tensor, 2, &shape);
    let mut r#type = Vec::new();
    put_bytes(&mut r#type, 1, &tensor);
    let mut value_info = Vec::new();
    put_bytes(&mut value_info, 1, zipmap.output.as_bytes());
    put_bytes(&mut value_info, 2, &r#type);
    value_info
}
