//! Writing an answer's body: outputs flat, row-major, floats in their shortest text.

use bytes::Bytes;
use half::f16;
use seatrial_domain::tensor::{Tensor, TensorData};
use serde::Serialize;

use super::Error;

/// What surrounds the outputs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// `{m}`: the endpoint.
    pub(crate) model: &'a str,
    pub(crate) version: u64,
    /// The request's `id`, echoed.
    pub(crate) id: Option<&'a str>,
}

/// Writes these outputs in this order. Errors: an output holds NaN, an infinity, or bytes that
/// are not text.
pub(crate) fn encode(frame: Frame<'_>, outputs: &[&Tensor]) -> Result<Bytes, Error> {
    let mut body = Vec::with_capacity(256);
    body.extend_from_slice(b"{\"model_name\":");
    json(&mut body, frame.model);
    body.extend_from_slice(b",\"model_version\":");
    json(&mut body, &frame.version.to_string());
    if let Some(id) = frame.id {
        body.extend_from_slice(b",\"id\":");
        json(&mut body, id);
    }
    body.extend_from_slice(b",\"outputs\":[");
    for (index, tensor) in outputs.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        output(&mut body, tensor)?;
    }
    body.extend_from_slice(b"]}");
    Ok(Bytes::from(body))
}

fn output(body: &mut Vec<u8>, tensor: &Tensor) -> Result<(), Error> {
    body.extend_from_slice(b"{\"name\":");
    json(body, &tensor.name);
    body.extend_from_slice(b",\"datatype\":");
    json(body, tensor.datatype().as_str());
    body.extend_from_slice(b",\"shape\":");
    json(body, &tensor.shape);
    body.extend_from_slice(b",\"data\":");
    data(body, &tensor.data).map_err(|fault| Error::Output { name: tensor.name.clone(), fault })?;
    body.push(b'}');
    Ok(())
}

const NOT_FINITE: &str = "holds NaN or an infinity";
const NOT_TEXT: &str = "holds bytes that are not UTF-8";

fn data(body: &mut Vec<u8>, data: &TensorData) -> Result<(), &'static str> {
    match data {
        TensorData::Bool(v) => json(body, v),
        TensorData::Uint8(v) => json(body, v),
        TensorData::Uint16(v) => json(body, v),
        TensorData::Uint32(v) => json(body, v),
        TensorData::Uint64(v) => json(body, v),
        TensorData::Int8(v) => json(body, v),
        TensorData::Int16(v) => json(body, v),
        TensorData::Int32(v) => json(body, v),
        TensorData::Int64(v) => json(body, v),
        TensorData::Fp16(v) => {
            let numbers: Vec<f32> = v.iter().map(|bits| f16::from_bits(*bits).to_f32()).collect();
            singles(body, &numbers)?;
        }
        TensorData::Fp32(v) => singles(body, v)?,
        TensorData::Fp64(v) => {
            if !v.iter().all(|number| number.is_finite()) {
                return Err(NOT_FINITE);
            }
            json(body, v);
        }
        TensorData::Bytes(v) => {
            let texts: Result<Vec<&str>, _> = v.iter().map(|b| std::str::from_utf8(b)).collect();
            json(body, &texts.map_err(|_not_utf8| NOT_TEXT)?);
        }
    }
    Ok(())
}

fn singles(body: &mut Vec<u8>, numbers: &[f32]) -> Result<(), &'static str> {
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err(NOT_FINITE);
    }
    json(body, numbers);
    Ok(())
}

/// Appends `value` as JSON. These values have string keys only and a vector takes every write, so
/// it cannot fail.
fn json<T: Serialize + ?Sized>(body: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(body, value).expect("plain values serialise into memory");
}
