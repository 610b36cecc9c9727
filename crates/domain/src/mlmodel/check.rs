//! Whether what an `MLmodel` says of its model's tensors can be true of the ONNX file that it names.
//!
//! Refuses contradictions only: MLflow's signatures are looser than ONNX's, and its own loader turns
//! tables and wider numbers into what the file takes (`docs/reference/flavors.md`).

use super::{Column, Schema, Signature, Tensor};
use crate::tensor::{self, DataType, Dims, TensorSpec};
use std::fmt;

/// Whether a tensor is taken or answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A request carries it.
    Input,
    /// An answer carries it.
    Output,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Output => "output",
        })
    }
}

/// A tensor that cannot be what both say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{side} {tensor:?} is {said} in the MLmodel, and {found} in the ONNX file")]
pub struct Contradiction {
    /// Where it belongs.
    pub side: Side,
    /// Its name.
    pub tensor: String,
    /// What the `MLmodel` says.
    pub said: String,
    /// What the ONNX file says.
    pub found: String,
}

impl Signature {
    /// Compares it with the tensors of the file that is served. Errors: the first contradiction.
    pub fn check(&self, served: &tensor::Signature) -> Result<(), Contradiction> {
        match &self.inputs {
            None => {}
            Some(Schema::Tensors(said)) => input_tensors(said, &served.inputs)?,
            Some(Schema::Columns(said)) => input_columns(said, &served.inputs)?,
        }
        match &self.outputs {
            None => Ok(()),
            Some(Schema::Tensors(said)) => output_tensors(said, &served.outputs),
            Some(Schema::Columns(said)) => columns_named(Side::Output, said, &served.outputs),
        }
    }
}

/// Every input must be named, or there is one on each side.
fn input_tensors(said: &[Tensor], found: &[TensorSpec]) -> Result<(), Contradiction> {
    if let ([Tensor { name: None, .. }], [_, _, ..]) = (said, found) {
        let (tensor, said) = (names(found), "one array without a name".to_owned());
        let found = format!("{} inputs", found.len());
        return Err(Contradiction { side: Side::Input, tensor, said, found });
    }
    tensors(Side::Input, said, found)?;
    let left_out = |spec: &&TensorSpec| {
        said.iter().all(|tensor| tensor.name.as_ref().is_some_and(|name| *name != spec.name))
    };
    found.iter().find(left_out).map_or(Ok(()), |spec| {
        let (tensor, said) = (spec.name.clone(), "not there".to_owned());
        Err(Contradiction { side: Side::Input, tensor, said, found: declared(spec) })
    })
}

/// Outputs may be left out; which of several an array without a name is, nobody says.
fn output_tensors(said: &[Tensor], found: &[TensorSpec]) -> Result<(), Contradiction> {
    match (said, found) {
        ([Tensor { name: None, .. }], [_, _, ..]) => Ok(()),
        _ => tensors(Side::Output, said, found),
    }
}

fn tensors(side: Side, said: &[Tensor], found: &[TensorSpec]) -> Result<(), Contradiction> {
    for tensor in said {
        let spec = match (&tensor.name, found) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(name), _) => found.iter().find(|spec| spec.name == *name),
        };
        let shown = format!("{} {}", tensor.dtype, Dims::declared(&tensor.shape));
        let name = tensor.name.clone().unwrap_or_default();
        let Some(spec) = spec else {
            let found = format!("not there (it has {})", names(found));
            return Err(Contradiction { side, tensor: name, said: shown, found });
        };
        if !(numpy(&tensor.dtype).contains(&spec.datatype) && shapes(side, tensor, spec)) {
            let (tensor, found) = (spec.name.clone(), declared(spec));
            return Err(Contradiction { side, tensor, said: shown, found });
        }
    }
    Ok(())
}

/// The types that a NumPy type may become. MLflow hands `float64` to a file as `float32` where it
/// takes that, and those who convert a model let its doubles become single.
fn numpy(dtype: &str) -> &'static [DataType] {
    match dtype {
        "bool" | "bool_" => &[DataType::Bool],
        "uint8" => &[DataType::Uint8],
        "uint16" => &[DataType::Uint16],
        "uint32" => &[DataType::Uint32],
        "uint64" => &[DataType::Uint64],
        "int8" => &[DataType::Int8],
        "int16" => &[DataType::Int16],
        "int32" => &[DataType::Int32],
        "int64" | "int" => &[DataType::Int64],
        "float16" | "half" => &[DataType::Fp16],
        "float32" | "single" => &[DataType::Fp32],
        "float64" | "float" | "double" => &[DataType::Fp64, DataType::Fp32],
        "str" | "bytes" | "object" | "string" => &[DataType::Bytes],
        _dates_complex_and_others => &[],
    }
}

/// Only two fixed sizes contradict each other. A column of answers may be written without its
/// last dimension of 1, as scikit-learn's regressors answer.
fn shapes(side: Side, said: &Tensor, found: &TensorSpec) -> bool {
    let mut shape = found.shape.as_slice();
    if let (Side::Output, [rest @ .., 1]) = (side, shape)
        && rest.len() == said.shape.len()
    {
        shape = rest;
    }
    let fits = |(said, found): (&i64, &i64)| *said < 0 || *found < 0 || said == found;
    said.shape.len() == shape.len() && said.shape.iter().zip(shape).all(fits)
}

/// A column for every input, or all columns side by side in the only one.
fn input_columns(said: &[Column], found: &[TensorSpec]) -> Result<(), Contradiction> {
    let is_column =
        |spec: &&TensorSpec| said.iter().any(|column| column.name.as_ref() == Some(&spec.name));
    match (found, found.iter().find(|spec| !is_column(spec))) {
        (_, None) => columns_named(Side::Input, said, found),
        ([only], Some(_)) => side_by_side(said, only),
        (_, Some(spec)) => {
            let (tensor, said) = (spec.name.clone(), "no column".to_owned());
            Err(Contradiction { side: Side::Input, tensor, said, found: declared(spec) })
        }
    }
}

fn side_by_side(said: &[Column], found: &TensorSpec) -> Result<(), Contradiction> {
    let fits_width = match found.shape.as_slice() {
        [_, width] => *width < 0 || usize::try_from(*width) == Ok(said.len()),
        _not_a_table => false,
    };
    let is_text = found.datatype == DataType::Bytes;
    let fits = |column: &Column| {
        column_types(&column.r#type).is_none_or(|types| types.contains(&DataType::Bytes) == is_text)
    };
    let odd = said.iter().find(|column| !fits(column));
    if fits_width && odd.is_none() {
        return Ok(());
    }
    let (tensor, mut shown) = (found.name.clone(), format!("a table of {} columns", said.len()));
    if let Some(odd) = odd {
        let name = odd.name.as_deref().unwrap_or_default();
        shown = format!("{shown}, among them {name:?} of type {}", odd.r#type);
    }
    Err(Contradiction { side: Side::Input, tensor, said: shown, found: declared(found) })
}

/// Each column that has a tensor's name is of its type.
fn columns_named(side: Side, said: &[Column], found: &[TensorSpec]) -> Result<(), Contradiction> {
    for column in said {
        let Some(spec) = found.iter().find(|spec| column.name.as_ref() == Some(&spec.name)) else {
            continue;
        };
        if column_types(&column.r#type).is_some_and(|types| !types.contains(&spec.datatype)) {
            let (tensor, said) = (spec.name.clone(), format!("a column of {}", column.r#type));
            return Err(Contradiction { side, tensor, said, found: declared(spec) });
        }
    }
    Ok(())
}

/// The types that a column may become; none where it is no plain value.
fn column_types(name: &str) -> Option<&'static [DataType]> {
    Some(match name {
        "boolean" => &[DataType::Bool],
        "integer" => &[DataType::Int32],
        "long" => &[DataType::Int64],
        "float" => &[DataType::Fp32],
        "double" => &[DataType::Fp64, DataType::Fp32],
        "string" | "binary" => &[DataType::Bytes],
        _dates_and_nested => return None,
    })
}

fn declared(spec: &TensorSpec) -> String {
    format!("{} {}", spec.datatype, Dims::declared(&spec.shape))
}

fn names(specs: &[TensorSpec]) -> String {
    specs.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>().join(", ")
}
