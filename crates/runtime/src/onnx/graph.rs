//! A graph's declarations, and the signature they amount to.

use std::collections::HashSet;

use seatrial_domain::tensor::{DataType, Signature, TensorSpec};

use super::dim::{Dim, dimensions};
use super::symbols::Symbols;
use super::wire::Fields;
use super::zipmap::ZipMap;
use super::{malformed, text};
use crate::load::Error;

/// What a declaration says of a value's type.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Type {
    Tensor { element: u64, shape: Option<Vec<Dim>> },
    Other(&'static str),
}

#[derive(Debug, Clone)]
struct Declaration {
    name: String,
    r#type: Type,
}

/// The declarations of a model's outermost graph.
#[derive(Debug, Default)]
pub(super) struct Graph {
    inputs: Vec<Declaration>,
    outputs: Vec<Declaration>,
    initializers: HashSet<String>,
}

impl Graph {
    pub(super) fn read(graph: &[u8]) -> Result<Self, Error> {
        let mut read = Self::default();
        for field in Fields::new(graph) {
            let field = field.map_err(malformed)?;
            let Some(bytes) = field.bytes(field.number) else { continue };
            match field.number {
                5 => read.initializers.extend(first_text(bytes, 8)?),
                11 => read.inputs.push(declaration(bytes)?),
                12 => read.outputs.push(declaration(bytes)?),
                15 => read.initializers.extend(sparse_name(bytes)?),
                _not_a_declaration => {}
            }
        }
        Ok(read)
    }

    /// What a ZipMap answers is, without it, the tensor it was given.
    pub(super) fn replace_maps(&mut self, zipmaps: &[ZipMap]) {
        for output in &mut self.outputs {
            if let Some(zipmap) = zipmaps.iter().find(|zipmap| zipmap.output == output.name) {
                let shape = Some(vec![Dim::Any, Dim::Fixed(zipmap.classes)]);
                output.r#type = Type::Tensor { element: FLOAT, shape };
            }
        }
    }

    /// The inputs a request carries: an initialiser is a default, which the runtime keeps.
    fn asked(&self) -> impl Iterator<Item = &Declaration> {
        self.inputs.iter().filter(|input| !self.initializers.contains(&input.name))
    }

    /// The symbols that more than one dimension of the inputs has.
    pub(super) fn symbols(&self) -> Symbols {
        let mut symbols = Symbols::default();
        for input in self.asked() {
            let Type::Tensor { shape: Some(dims), .. } = &input.r#type else { continue };
            for (axis, dim) in dims.iter().enumerate() {
                if let Dim::Symbol(symbol) = dim {
                    symbols.add(symbol, &input.name, axis);
                }
            }
        }
        symbols.shared()
    }

    /// The signature, and the indices of the outputs that state no shape.
    pub(super) fn signature(&self) -> Result<(Signature, Vec<usize>), Error> {
        let mut signature = Signature::default();
        let mut unshaped = Vec::new();
        for input in self.asked() {
            let (spec, shape) = input.spec("input")?;
            let shape = shape.ok_or_else(|| Error::InvalidGraph {
                detail: format!("input {:?} states no shape", input.name),
            })?;
            signature.inputs.push(TensorSpec { shape, ..spec });
        }
        for (index, output) in self.outputs.iter().enumerate() {
            let (spec, shape) = output.spec("output")?;
            if shape.is_none() {
                unshaped.push(index);
            }
            signature.outputs.push(TensorSpec { shape: shape.unwrap_or_default(), ..spec });
        }
        refuse_repeated(&signature.inputs)?;
        refuse_repeated(&signature.outputs)?;
        if signature.outputs.is_empty() {
            return Err(Error::InvalidGraph { detail: "the graph has no output".to_owned() });
        }
        Ok((signature, unshaped))
    }
}

impl Declaration {
    fn spec(&self, role: &str) -> Result<(TensorSpec, Option<Vec<i64>>), Error> {
        let unsupported = |what: String| Error::Unsupported {
            detail: format!("{role} {:?} is {what}; only tensors can be served", self.name),
        };
        match &self.r#type {
            Type::Other(what) => Err(unsupported((*what).to_owned())),
            Type::Tensor { element, shape } => {
                let datatype = datatype(*element)
                    .ok_or_else(|| unsupported(format!("of ONNX element type {element}")))?;
                let spec = TensorSpec { name: self.name.clone(), datatype, shape: Vec::new() };
                let sizes = |dims: &Vec<Dim>| dims.iter().map(Dim::size).collect();
                Ok((spec, shape.as_ref().map(sizes)))
            }
        }
    }
}

fn refuse_repeated(specs: &[TensorSpec]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    specs.iter().find(|spec| spec.name.is_empty() || !seen.insert(&spec.name)).map_or(
        Ok(()),
        |spec| {
            Err(Error::InvalidGraph {
                detail: format!("the name {:?} is empty or declared twice", spec.name),
            })
        },
    )
}

const FLOAT: u64 = 1;

/// `TensorProto.DataType`, as far as the protocol can carry it.
const fn datatype(element: u64) -> Option<DataType> {
    Some(match element {
        FLOAT => DataType::Fp32,
        2 => DataType::Uint8,
        3 => DataType::Int8,
        4 => DataType::Uint16,
        5 => DataType::Int16,
        6 => DataType::Int32,
        7 => DataType::Int64,
        8 => DataType::Bytes,
        9 => DataType::Bool,
        10 => DataType::Fp16,
        11 => DataType::Fp64,
        12 => DataType::Uint32,
        13 => DataType::Uint64,
        _complex_quantised_and_unknown => return None,
    })
}

fn declaration(value_info: &[u8]) -> Result<Declaration, Error> {
    let name = first_text(value_info, 1)?.unwrap_or_default();
    let mut r#type = Type::Other("of no stated type");
    for field in Fields::new(value_info) {
        if let Some(bytes) = field.map_err(malformed)?.bytes(2) {
            r#type = value_type(bytes)?;
        }
    }
    Ok(Declaration { name, r#type })
}

fn value_type(bytes: &[u8]) -> Result<Type, Error> {
    let mut found = Type::Other("of no stated type");
    for field in Fields::new(bytes) {
        let field = field.map_err(malformed)?;
        found = match (field.number, field.bytes(field.number)) {
            (1, Some(tensor)) => tensor_type(tensor)?,
            (4, Some(_)) => Type::Other("a sequence"),
            (5, Some(_)) => Type::Other("a map"),
            (7..=9, Some(_)) => Type::Other("sparse, optional or opaque"),
            _ => found,
        };
    }
    Ok(found)
}

fn tensor_type(bytes: &[u8]) -> Result<Type, Error> {
    let mut element = 0;
    let mut shape = None;
    for field in Fields::new(bytes) {
        let field = field.map_err(malformed)?;
        element = field.varint(1).unwrap_or(element);
        if let Some(dims) = field.bytes(2) {
            shape = Some(dimensions(dims)?);
        }
    }
    Ok(Type::Tensor { element, shape })
}

fn first_text(message: &[u8], number: u64) -> Result<Option<String>, Error> {
    for field in Fields::new(message) {
        if let Some(bytes) = field.map_err(malformed)?.bytes(number) {
            return Ok(Some(text(bytes)));
        }
    }
    Ok(None)
}

/// A sparse initialiser has the name of its values.
fn sparse_name(sparse: &[u8]) -> Result<Option<String>, Error> {
    for field in Fields::new(sparse) {
        if let Some(values) = field.map_err(malformed)?.bytes(1) {
            return first_text(values, 8);
        }
    }
    Ok(None)
}
