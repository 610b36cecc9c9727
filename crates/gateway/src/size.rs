//! What tensors take in memory.

use seatrial_domain::tensor::{Tensor, TensorData};

/// Bytes of these tensors' elements.
pub(crate) fn of<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> u64 {
    tensors.into_iter().map(of_one).sum()
}

fn of_one(tensor: &Tensor) -> u64 {
    let bytes = match &tensor.data {
        TensorData::Bool(v) => size_of_val(v.as_slice()),
        TensorData::Uint8(v) => size_of_val(v.as_slice()),
        TensorData::Int8(v) => size_of_val(v.as_slice()),
        TensorData::Uint16(v) | TensorData::Fp16(v) => size_of_val(v.as_slice()),
        TensorData::Int16(v) => size_of_val(v.as_slice()),
        TensorData::Uint32(v) => size_of_val(v.as_slice()),
        TensorData::Int32(v) => size_of_val(v.as_slice()),
        TensorData::Fp32(v) => size_of_val(v.as_slice()),
        TensorData::Uint64(v) => size_of_val(v.as_slice()),
        TensorData::Int64(v) => size_of_val(v.as_slice()),
        TensorData::Fp64(v) => size_of_val(v.as_slice()),
        TensorData::Bytes(v) => size_of_val(v.as_slice()) + v.iter().map(Vec::len).sum::<usize>(),
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
