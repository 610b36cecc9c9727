//! Reading a request's body.

use std::collections::BTreeMap;

use seatrial_domain::tensor::{DataType, Tensor};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Error, data};

/// A decoded request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InferRequest {
    pub(crate) id: Option<String>,
    pub(crate) parameters: Parameters,
    pub(crate) inputs: Vec<Tensor>,
    /// The outputs asked for, in that order; empty: all.
    pub(crate) outputs: Vec<String>,
}

/// A request's own parameters: scalars by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Parameters(BTreeMap<String, Value>);

impl Parameters {
    /// A parameter as text, numbers and booleans as they are written.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn is_true(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }
}

#[derive(Deserialize)]
struct WireRequest<'a> {
    id: Option<String>,
    parameters: Option<BTreeMap<String, Value>>,
    #[serde(borrow)]
    inputs: Vec<WireInput<'a>>,
    outputs: Option<Vec<WireOutput>>,
}

#[derive(Deserialize)]
struct WireInput<'a> {
    name: String,
    #[serde(borrow)]
    shape: Option<&'a RawValue>,
    #[serde(borrow)]
    datatype: Option<&'a RawValue>,
    parameters: Option<BTreeMap<String, Value>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireOutput {
    name: String,
    parameters: Option<BTreeMap<String, Value>>,
}

/// Parses a body. Never panics, whatever the bytes.
pub(crate) fn decode(body: &[u8]) -> Result<InferRequest, Error> {
    let wire: WireRequest<'_> =
        serde_json::from_slice(body).map_err(|error| Error::Json(error.to_string()))?;
    let parameters = Parameters(wire.parameters.unwrap_or_default());
    if parameters.is_true("binary_data_output") {
        return Err(BINARY);
    }
    let inputs = wire.inputs.into_iter().map(input).collect::<Result<_, _>>()?;
    let outputs =
        wire.outputs.unwrap_or_default().into_iter().map(output).collect::<Result<_, _>>()?;
    Ok(InferRequest { id: wire.id, parameters, inputs, outputs })
}

const BINARY: Error = Error::Unsupported("binary tensor data");

fn input(wire: WireInput<'_>) -> Result<Tensor, Error> {
    let named = |fault: String| Error::Input { name: wire.name.clone(), fault };
    if Parameters(wire.parameters.unwrap_or_default()).0.contains_key("binary_data_size") {
        return Err(BINARY);
    }
    let datatype = datatype(wire.datatype).map_err(&named)?;
    let shape = shape(wire.shape).map_err(&named)?;
    let raw = wire.data.ok_or_else(|| named("`data` is missing".to_owned()))?;
    let data = data::read(raw.get(), datatype, &shape).map_err(&named)?;
    Tensor::new(wire.name.clone(), shape, data).map_err(|error| named(error.to_string()))
}

fn datatype(wire: Option<&RawValue>) -> Result<DataType, String> {
    let raw = wire.ok_or("`datatype` is missing")?;
    let name: String =
        serde_json::from_str(raw.get()).map_err(|_other| "`datatype` is not text".to_owned())?;
    if name == "BF16" {
        return Err("BF16 has no JSON form".to_owned());
    }
    name.parse().map_err(|_unknown| unknown_datatype(&name))
}

fn unknown_datatype(name: &str) -> String {
    let known: Vec<_> = DataType::ALL.iter().map(|datatype| datatype.as_str()).collect();
    format!("unknown datatype {name:?}; expected one of {}", known.join(", "))
}

fn shape(wire: Option<&RawValue>) -> Result<Vec<usize>, String> {
    let raw = wire.ok_or("`shape` is missing")?;
    let wire: Vec<i64> = serde_json::from_str(raw.get())
        .map_err(|_other| "`shape` is not a list of whole numbers".to_owned())?;
    wire.iter()
        .map(|size| {
            usize::try_from(*size).map_err(|_negative| format!("shape {wire:?} is not a size"))
        })
        .collect()
}

fn output(wire: WireOutput) -> Result<String, Error> {
    if Parameters(wire.parameters.unwrap_or_default()).is_true("binary_data") {
        return Err(BINARY);
    }
    Ok(wire.name)
}
