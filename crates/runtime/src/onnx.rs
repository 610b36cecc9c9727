//! Reads ONNX files: what a model takes and answers, and which other files hold its data.
//!
//! Owns the little of the format that is needed before the runtime may see a file. Tells which
//! other files a model needs. Refuses files that are no models, and types that no request can
//! carry. Checks no operator: the runtime does, at loading. Never panics, whatever the bytes, and
//! recurses to a bound.

mod dim;
mod external;
mod graph;
mod symbols;
#[cfg(test)]
mod tests;
mod wire;
mod zipmap;

use std::borrow::Cow;

use seatrial_domain::tensor::Signature;

use crate::load::Error;
pub use external::External;
pub use symbols::Symbols;
use wire::Fields;

/// Subgraphs within subgraphs, and types within types, deeper than this are refused.
const DEPTH_MAX: usize = 16;

/// A model as its file states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model<'a> {
    /// What the model takes and answers. An output whose shape the file does not state has the
    /// empty shape here until the runtime has inferred it; its index is in `unshaped_outputs`.
    pub signature: Signature,
    /// The outputs whose shape the file does not state.
    pub unshaped_outputs: Vec<usize>,
    /// What the inputs' variable dimensions have in common.
    pub symbols: Symbols,
    /// The tensors whose data lie in other files.
    pub external: Vec<External>,
    /// The bytes for the runtime: the file's, with ZipMap operators taken out.
    pub bytes: Cow<'a, [u8]>,
}

/// Reads a model.
///
/// # Errors
/// [`Error::NotOnnx`], [`Error::ExternalData`] where no load could ever supply the data,
/// [`Error::Unsupported`] for types that no request
/// can carry, [`Error::InvalidGraph`] where the declarations contradict themselves.
pub fn parse(bytes: &[u8]) -> Result<Model<'_>, Error> {
    let graph_bytes = graph_of(bytes)?;
    let external = external::find(bytes)?;
    let mut graph = graph::Graph::read(graph_bytes)?;
    let zipmaps = zipmap::find(graph_bytes)?;
    graph.replace_maps(&zipmaps);
    let (signature, unshaped_outputs) = graph.signature()?;
    let bytes = if zipmaps.is_empty() {
        Cow::Borrowed(bytes)
    } else {
        Cow::Owned(zipmap::strip(bytes, &zipmaps)?)
    };
    let symbols = graph.symbols();
    Ok(Model { signature, unshaped_outputs, symbols, external, bytes })
}

/// The graph of a model file, once the file looks like one.
fn graph_of(bytes: &[u8]) -> Result<&[u8], Error> {
    let mut version = None;
    let mut graph = None;
    for field in Fields::new(bytes) {
        let field = field.map_err(|_malformed| not_onnx("it is not a Protocol Buffers message"))?;
        version = version.or_else(|| field.varint(1));
        graph = graph.or_else(|| field.bytes(7));
    }
    if version.is_none() {
        return Err(not_onnx("it states no version of the format"));
    }
    graph.ok_or_else(|| not_onnx("it holds no graph"))
}

fn not_onnx(detail: &str) -> Error {
    Error::NotOnnx { detail: detail.to_owned() }
}

fn malformed(_: wire::Malformed) -> Error {
    not_onnx("a message within it is cut short")
}

fn too_deep() -> Error {
    Error::Unsupported { detail: format!("nesting deeper than {DEPTH_MAX}") }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
