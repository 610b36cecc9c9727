//! A tensor's elements: one typed vector, row-major.

use super::DataType;

/// The elements of a tensor, row-major.
#[derive(Debug, Clone, PartialEq)]
pub enum TensorData {
    /// `BOOL`
    Bool(Vec<bool>),
    /// `UINT8`
    Uint8(Vec<u8>),
    /// `UINT16`
    Uint16(Vec<u16>),
    /// `UINT32`
    Uint32(Vec<u32>),
    /// `UINT64`
    Uint64(Vec<u64>),
    /// `INT8`
    Int8(Vec<i8>),
    /// `INT16`
    Int16(Vec<i16>),
    /// `INT32`
    Int32(Vec<i32>),
    /// `INT64`
    Int64(Vec<i64>),
    /// `FP16`, as raw bits: nothing here computes in half precision.
    Fp16(Vec<u16>),
    /// `FP32`
    Fp32(Vec<f32>),
    /// `FP64`
    Fp64(Vec<f64>),
    /// `BYTES`
    Bytes(Vec<Vec<u8>>),
}

impl TensorData {
    /// The type of the elements.
    #[must_use]
    pub const fn datatype(&self) -> DataType {
        match self {
            Self::Bool(_) => DataType::Bool,
            Self::Uint8(_) => DataType::Uint8,
            Self::Uint16(_) => DataType::Uint16,
            Self::Uint32(_) => DataType::Uint32,
            Self::Uint64(_) => DataType::Uint64,
            Self::Int8(_) => DataType::Int8,
            Self::Int16(_) => DataType::Int16,
            Self::Int32(_) => DataType::Int32,
            Self::Int64(_) => DataType::Int64,
            Self::Fp16(_) => DataType::Fp16,
            Self::Fp32(_) => DataType::Fp32,
            Self::Fp64(_) => DataType::Fp64,
            Self::Bytes(_) => DataType::Bytes,
        }
    }

    /// The number of elements.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Bool(v) => v.len(),
            Self::Uint8(v) => v.len(),
            Self::Int8(v) => v.len(),
            Self::Uint16(v) | Self::Fp16(v) => v.len(),
            Self::Uint32(v) => v.len(),
            Self::Uint64(v) => v.len(),
            Self::Int16(v) => v.len(),
            Self::Int32(v) => v.len(),
            Self::Int64(v) => v.len(),
            Self::Fp32(v) => v.len(),
            Self::Fp64(v) => v.len(),
            Self::Bytes(v) => v.len(),
        }
    }

    /// Whether there is no element.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first elements, at most `count`.
    #[must_use]
    pub fn head(&self, count: usize) -> Self {
        match self {
            Self::Bool(v) => Self::Bool(first(v, count)),
            Self::Uint8(v) => Self::Uint8(first(v, count)),
            Self::Uint16(v) => Self::Uint16(first(v, count)),
            Self::Uint32(v) => Self::Uint32(first(v, count)),
            Self::Uint64(v) => Self::Uint64(first(v, count)),
            Self::Int8(v) => Self::Int8(first(v, count)),
            Self::Int16(v) => Self::Int16(first(v, count)),
            Self::Int32(v) => Self::Int32(first(v, count)),
            Self::Int64(v) => Self::Int64(first(v, count)),
            Self::Fp16(v) => Self::Fp16(first(v, count)),
            Self::Fp32(v) => Self::Fp32(first(v, count)),
            Self::Fp64(v) => Self::Fp64(first(v, count)),
            Self::Bytes(v) => Self::Bytes(first(v, count)),
        }
    }

    /// The elements as numbers, `BOOL` as 0 and 1; `None` for `BYTES`. Integers beyond 2⁵³ are
    /// rounded to the nearest double.
    #[must_use]
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        Some(match self {
            Self::Bool(v) => widen(v),
            Self::Uint8(v) => widen(v),
            Self::Uint16(v) => widen(v),
            Self::Uint32(v) => widen(v),
            Self::Uint64(v) => v.iter().map(|x| *x as f64).collect(),
            Self::Int8(v) => widen(v),
            Self::Int16(v) => widen(v),
            Self::Int32(v) => widen(v),
            Self::Int64(v) => v.iter().map(|x| *x as f64).collect(),
            Self::Fp16(v) => v.iter().map(|bits| half_to_f64(*bits)).collect(),
            Self::Fp32(v) => widen(v),
            Self::Fp64(v) => v.clone(),
            Self::Bytes(_) => return None,
        })
    }
}

fn first<T: Clone>(values: &[T], count: usize) -> Vec<T> {
    values.iter().take(count).cloned().collect()
}

fn widen<T: Copy + Into<f64>>(values: &[T]) -> Vec<f64> {
    values.iter().map(|value| (*value).into()).collect()
}

/// The value of a half-precision number given by its bits (IEEE 754-2019, §3.4).
fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((bits >> 10) & 0x1f);
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-14),
        31 if fraction > 0.0 => return f64::NAN,
        31 => f64::INFINITY,
        _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    };
    sign * magnitude
}
