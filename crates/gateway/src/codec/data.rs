//! An input's `data` by data type: which JSON scalars are its elements.

use half::f16;
use seatrial_domain::tensor::{DataType, TensorData};

use super::nest::{Scalar, collect};

/// Reads the elements of one input. The error is a sentence without the input's name.
pub(super) fn read(text: &str, datatype: DataType, shape: &[usize]) -> Result<TensorData, String> {
    let nest = Nest { text, datatype, shape };
    Ok(match datatype {
        DataType::Bool => TensorData::Bool(nest.read(boolean)?),
        DataType::Uint8 => TensorData::Uint8(nest.read(integer)?),
        DataType::Uint16 => TensorData::Uint16(nest.read(integer)?),
        DataType::Uint32 => TensorData::Uint32(nest.read(integer)?),
        DataType::Uint64 => TensorData::Uint64(nest.read(integer)?),
        DataType::Int8 => TensorData::Int8(nest.read(integer)?),
        DataType::Int16 => TensorData::Int16(nest.read(integer)?),
        DataType::Int32 => TensorData::Int32(nest.read(integer)?),
        DataType::Int64 => TensorData::Int64(nest.read(integer)?),
        DataType::Fp16 => TensorData::Fp16(nest.read(half)?),
        DataType::Fp32 => TensorData::Fp32(nest.read(single)?),
        DataType::Fp64 => TensorData::Fp64(nest.read(double)?),
        DataType::Bytes => TensorData::Bytes(nest.read(bytes)?),
    })
}

struct Nest<'a> {
    text: &'a str,
    datatype: DataType,
    shape: &'a [usize],
}

impl Nest<'_> {
    fn read<T>(&self, element: fn(Scalar<'_>) -> Option<T>) -> Result<Vec<T>, String> {
        collect(self.text, self.shape, element).map_err(|fault| format!("`data`: {fault}")).map_err(
            |fault| {
                fault.replace(super::nest::NOT_AN_ELEMENT, &format!("is not {}", self.datatype))
            },
        )
    }
}

fn boolean(scalar: Scalar<'_>) -> Option<bool> {
    match scalar {
        Scalar::Bool(flag) => Some(flag),
        Scalar::Unsigned(_) | Scalar::Signed(_) | Scalar::Float(_) | Scalar::Text(_) => None,
    }
}

/// Only whole numbers within the type's range: 1.0 and 2⁶⁴ are refused rather than rounded.
fn integer<T: TryFrom<u64> + TryFrom<i64>>(scalar: Scalar<'_>) -> Option<T> {
    match scalar {
        Scalar::Unsigned(number) => T::try_from(number).ok(),
        Scalar::Signed(number) => T::try_from(number).ok(),
        Scalar::Bool(_) | Scalar::Float(_) | Scalar::Text(_) => None,
    }
}

fn double(scalar: Scalar<'_>) -> Option<f64> {
    match scalar {
        Scalar::Float(number) => Some(number),
        Scalar::Unsigned(number) => Some(number as f64),
        Scalar::Signed(number) => Some(number as f64),
        Scalar::Bool(_) | Scalar::Text(_) => None,
    }
}

/// A number that single precision rounds to infinity is no number in it.
fn single(scalar: Scalar<'_>) -> Option<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to nearest is what is meant")]
    double(scalar).map(|number| number as f32).filter(|number| number.is_finite())
}

fn half(scalar: Scalar<'_>) -> Option<u16> {
    double(scalar).map(f16::from_f64).filter(|number| number.is_finite()).map(f16::to_bits)
}

fn bytes(scalar: Scalar<'_>) -> Option<Vec<u8>> {
    match scalar {
        Scalar::Text(text) => Some(text.as_bytes().to_vec()),
        Scalar::Bool(_) | Scalar::Unsigned(_) | Scalar::Signed(_) | Scalar::Float(_) => None,
    }
}
