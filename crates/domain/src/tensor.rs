//! Tensors, their types, and the signature a model declares for them.
//!
//! Owns the names of the Open Inference Protocol's data types and the rule by which a request's
//! tensors fit a signature. Refuses tensors whose data do not fill their shape. Knows nothing of
//! JSON bodies or of ONNX.

mod check;
mod data;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use data::TensorData;

/// An element's type, named as the Open Inference Protocol names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DataType {
    /// One byte, 0 or 1.
    Bool,
    /// Unsigned, 8 bits.
    Uint8,
    /// Unsigned, 16 bits.
    Uint16,
    /// Unsigned, 32 bits.
    Uint32,
    /// Unsigned, 64 bits.
    Uint64,
    /// Signed, 8 bits.
    Int8,
    /// Signed, 16 bits.
    Int16,
    /// Signed, 32 bits.
    Int32,
    /// Signed, 64 bits.
    Int64,
    /// IEEE 754 half precision.
    Fp16,
    /// IEEE 754 single precision.
    Fp32,
    /// IEEE 754 double precision.
    Fp64,
    /// A byte string of any length per element.
    Bytes,
}

impl DataType {
    /// Every data type, in the protocol's order.
    pub const ALL: [Self; 13] = [
        Self::Bool,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::Uint64,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Fp16,
        Self::Fp32,
        Self::Fp64,
        Self::Bytes,
    ];

    /// The protocol's name, such as `FP32`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Uint8 => "UINT8",
            Self::Uint16 => "UINT16",
            Self::Uint32 => "UINT32",
            Self::Uint64 => "UINT64",
            Self::Int8 => "INT8",
            Self::Int16 => "INT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Fp16 => "FP16",
            Self::Fp32 => "FP32",
            Self::Fp64 => "FP64",
            Self::Bytes => "BYTES",
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DataType {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|datatype| datatype.as_str() == name)
            .ok_or_else(|| Error::UnknownDatatype { name: name.to_owned() })
    }
}

/// What a model declares about one input or output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorSpec {
    /// The tensor's name.
    pub name: String,
    /// The type of its elements.
    pub datatype: DataType,
    /// Its dimensions, outermost first; −1 is a variable one. Empty is a scalar.
    pub shape: Vec<i64>,
}

/// What a model takes and answers, in the model's own order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The tensors a request must carry.
    pub inputs: Vec<TensorSpec>,
    /// The tensors an answer carries.
    pub outputs: Vec<TensorSpec>,
}

/// A named tensor: row-major data that fill their shape exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// The tensor's name.
    pub name: String,
    /// Its dimensions, outermost first. Empty is a scalar.
    pub shape: Vec<usize>,
    /// Its elements, row-major.
    pub data: TensorData,
}

impl Tensor {
    /// A tensor whose `data` fill `shape`.
    ///
    /// # Errors
    /// [`Error::Length`] where the product of `shape` is not the number of elements.
    pub fn new(name: String, shape: Vec<usize>, data: TensorData) -> Result<Self, Error> {
        let elements = data.len();
        let wanted = shape.iter().try_fold(1_usize, |product, dim| product.checked_mul(*dim));
        if wanted != Some(elements) {
            return Err(Error::Length { name, shape: Dims::from_sizes(&shape), elements });
        }
        Ok(Self { name, shape, data })
    }

    /// The type of its elements.
    #[must_use]
    pub const fn datatype(&self) -> DataType {
        self.data.datatype()
    }
}

/// A shape as errors print it: `[-1,64]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dims(Vec<i64>);

impl Dims {
    /// A declared shape, −1 for a variable dimension.
    #[must_use]
    pub fn declared(shape: &[i64]) -> Self {
        Self(shape.to_vec())
    }

    /// The shape of an actual tensor.
    #[must_use]
    pub fn from_sizes(shape: &[usize]) -> Self {
        Self(shape.iter().map(|dim| i64::try_from(*dim).unwrap_or(i64::MAX)).collect())
    }
}

impl fmt::Display for Dims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, dim) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{dim}")?;
        }
        f.write_str("]")
    }
}

/// Why a tensor is not one, or does not fit a signature. Each names the tensor, the fault and
/// what is expected, so that the message can be a client's answer as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The name is not a data type of the protocol.
    #[error("unknown datatype {name:?}; expected one of BOOL, UINT8-64, INT8-64, FP16-64, BYTES")]
    UnknownDatatype {
        /// The name given.
        name: String,
    },
    /// The data do not fill the shape.
    #[error("tensor {name:?}: shape {shape} does not hold {elements} elements")]
    Length {
        /// The tensor.
        name: String,
        /// The shape given.
        shape: Dims,
        /// The number of elements given.
        elements: usize,
    },
    /// The signature has an input that the request lacks.
    #[error("input {name:?} is missing; expected {datatype} {shape}")]
    Missing {
        /// The input.
        name: String,
        /// Its declared type.
        datatype: DataType,
        /// Its declared shape.
        shape: Dims,
    },
    /// The request has the same input twice.
    #[error("input {name:?} is given twice; expected once")]
    Duplicate {
        /// The input.
        name: String,
    },
    /// The signature has no such input.
    #[error("unknown input {name:?}; expected {expected}")]
    Unknown {
        /// The name given.
        name: String,
        /// The names the signature has, quoted.
        expected: String,
    },
    /// The elements are of another type.
    #[error("input {name:?} is {got}; expected {expected}")]
    Datatype {
        /// The input.
        name: String,
        /// The declared type.
        expected: DataType,
        /// The type given.
        got: DataType,
    },
    /// The number of dimensions, or a fixed one of them, is another.
    #[error("input {name:?} has shape {got}; expected {expected}")]
    Shape {
        /// The input.
        name: String,
        /// The declared shape.
        expected: Dims,
        /// The shape given.
        got: Dims,
    },
    /// A variable dimension is 0.
    #[error("input {name:?} has shape {got}; a variable dimension of {expected} is at least 1")]
    Empty {
        /// The input.
        name: String,
        /// The declared shape.
        expected: Dims,
        /// The shape given.
        got: Dims,
    },
}
