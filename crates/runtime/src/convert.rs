//! Between the protocol's tensors and ONNX Runtime's values.

use half::f16;
use half::vec::{HalfBitsVecExt, HalfFloatVecExt};
use ort::session::SessionInputValue;
use ort::value::{
    DynValue, IntoTensorElementType, PrimitiveTensorElementType, Tensor as OrtTensor,
    TensorElementType, ValueType,
};
use seatrial_domain::tensor::{DataType, Tensor, TensorData, TensorSpec};

use crate::infer::Error;

/// A tensor as the session takes it, with its name.
pub(crate) fn input(tensor: Tensor) -> Result<(String, SessionInputValue<'static>), Error> {
    let Tensor { name, shape, data } = tensor;
    let value = match data {
        TensorData::Bool(data) => value(shape, data),
        TensorData::Uint8(data) => value(shape, data),
        TensorData::Uint16(data) => value(shape, data),
        TensorData::Uint32(data) => value(shape, data),
        TensorData::Uint64(data) => value(shape, data),
        TensorData::Int8(data) => value(shape, data),
        TensorData::Int16(data) => value(shape, data),
        TensorData::Int32(data) => value(shape, data),
        TensorData::Int64(data) => value(shape, data),
        TensorData::Fp16(bits) => value(shape, bits.reinterpret_into::<f16>()),
        TensorData::Fp32(data) => value(shape, data),
        TensorData::Fp64(data) => value(shape, data),
        TensorData::Bytes(data) => {
            let text = utf8(&name, data)?;
            OrtTensor::from_string_array((shape, text.as_slice())).map(SessionInputValue::from)
        }
    };
    let detail = |error: ort::Error| crate::one_line(error.message());
    match value {
        Ok(value) => Ok((name, value)),
        Err(error) => Err(Error::Input { name, detail: detail(error) }),
    }
}

fn value<T>(shape: Vec<usize>, data: Vec<T>) -> Result<SessionInputValue<'static>, ort::Error>
where
    T: PrimitiveTensorElementType + IntoTensorElementType + Clone + std::fmt::Debug + 'static,
{
    OrtTensor::from_array((shape, data)).map(SessionInputValue::from)
}

/// The runtime's strings are UTF-8 without NUL.
fn utf8(name: &str, data: Vec<Vec<u8>>) -> Result<Vec<String>, Error> {
    let fault = |index: usize, what: &str| Error::Input {
        name: name.to_owned(),
        detail: format!("element {index} {what}; the model takes text"),
    };
    let read = |(index, bytes): (usize, Vec<u8>)| {
        if bytes.contains(&0) {
            return Err(fault(index, "contains a NUL byte"));
        }
        String::from_utf8(bytes).map_err(|_invalid| fault(index, "is not UTF-8"))
    };
    data.into_iter().enumerate().map(read).collect()
}

/// What the model answered for one of its outputs.
pub(crate) fn output(name: &str, value: &DynValue) -> Result<Tensor, Error> {
    let fault = |detail: String| Error::Model { detail: format!("output {name:?}: {detail}") };
    let ValueType::Tensor { ty, shape, .. } = value.dtype() else {
        return Err(fault("it is no tensor".to_owned()));
    };
    let shape = shape.iter().map(|dim| usize::try_from(*dim).unwrap_or(0)).collect();
    let data = extract(value, *ty).map_err(|error| fault(crate::one_line(error.message())))?;
    let data = data.ok_or_else(|| fault(format!("elements of type {ty} cannot be served")))?;
    Tensor::new(name.to_owned(), shape, data).map_err(|error| fault(error.to_string()))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "foreign and non-exhaustive; the protocol has no name for whatever else there is"
)]
fn extract(value: &DynValue, ty: TensorElementType) -> Result<Option<TensorData>, ort::Error> {
    Ok(Some(match ty {
        TensorElementType::Bool => TensorData::Bool(copied(value)?),
        TensorElementType::Uint8 => TensorData::Uint8(copied(value)?),
        TensorElementType::Uint16 => TensorData::Uint16(copied(value)?),
        TensorElementType::Uint32 => TensorData::Uint32(copied(value)?),
        TensorElementType::Uint64 => TensorData::Uint64(copied(value)?),
        TensorElementType::Int8 => TensorData::Int8(copied(value)?),
        TensorElementType::Int16 => TensorData::Int16(copied(value)?),
        TensorElementType::Int32 => TensorData::Int32(copied(value)?),
        TensorElementType::Int64 => TensorData::Int64(copied(value)?),
        TensorElementType::Float16 => TensorData::Fp16(copied::<f16>(value)?.reinterpret_into()),
        TensorElementType::Float32 => TensorData::Fp32(copied(value)?),
        TensorElementType::Float64 => TensorData::Fp64(copied(value)?),
        TensorElementType::String => {
            let (_shape, text) = value.try_extract_strings()?;
            TensorData::Bytes(text.into_iter().map(String::into_bytes).collect())
        }
        _ => return Ok(None),
    }))
}

fn copied<T>(value: &DynValue) -> Result<Vec<T>, ort::Error>
where
    T: PrimitiveTensorElementType + Clone,
{
    value.try_extract_tensor::<T>().map(|(_shape, data)| data.to_vec())
}

/// A tensor of zeros (of empty texts) with every variable dimension 1; none where it would be
/// too large to be a sensible request.
#[must_use]
pub fn zeros(spec: &TensorSpec) -> Option<Tensor> {
    const ELEMENTS_MAX: usize = 1 << 24;
    let shape = spec
        .shape
        .iter()
        .map(|dim| if *dim < 0 { Some(1) } else { usize::try_from(*dim).ok() })
        .collect::<Option<Vec<usize>>>()?;
    let product = shape.iter().try_fold(1_usize, |product, dim| product.checked_mul(*dim))?;
    let n = Some(product).filter(|product| *product <= ELEMENTS_MAX)?;
    let data = match spec.datatype {
        DataType::Bool => TensorData::Bool(vec![false; n]),
        DataType::Uint8 => TensorData::Uint8(vec![0; n]),
        DataType::Uint16 => TensorData::Uint16(vec![0; n]),
        DataType::Uint32 => TensorData::Uint32(vec![0; n]),
        DataType::Uint64 => TensorData::Uint64(vec![0; n]),
        DataType::Int8 => TensorData::Int8(vec![0; n]),
        DataType::Int16 => TensorData::Int16(vec![0; n]),
        DataType::Int32 => TensorData::Int32(vec![0; n]),
        DataType::Int64 => TensorData::Int64(vec![0; n]),
        DataType::Fp16 => TensorData::Fp16(vec![0; n]),
        DataType::Fp32 => TensorData::Fp32(vec![0.0; n]),
        DataType::Fp64 => TensorData::Fp64(vec![0.0; n]),
        DataType::Bytes => TensorData::Bytes(vec![Vec::new(); n]),
    };
    Tensor::new(spec.name.clone(), shape, data).ok()
}

/// How much a request carries, in elements; a text counts its bytes.
pub(crate) fn weight(inputs: &[Tensor]) -> usize {
    inputs
        .iter()
        .map(|input| match &input.data {
            TensorData::Bytes(texts) => texts.iter().map(|text| text.len().max(1)).sum(),
            TensorData::Bool(_)
            | TensorData::Uint8(_)
            | TensorData::Uint16(_)
            | TensorData::Uint32(_)
            | TensorData::Uint64(_)
            | TensorData::Int8(_)
            | TensorData::Int16(_)
            | TensorData::Int32(_)
            | TensorData::Int64(_)
            | TensorData::Fp16(_)
            | TensorData::Fp32(_)
            | TensorData::Fp64(_) => input.data.len(),
        })
        .sum()
}
