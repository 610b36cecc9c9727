//! An inference answer's outputs, decoded strictly: every element is one of its datatype's, and
//! they fill their shape.

use seatrial_domain::tensor::{DataType, Dims};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) datatype: DataType,
    pub(super) shape: Vec<usize>,
    pub(super) elements: Elements,
}

/// Row-major.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Elements {
    /// Integers of every width, and BOOL as 0 and 1.
    Whole(Vec<i128>),
    /// Always finite: JSON has no other numbers.
    Real(Vec<f64>),
    Text(Vec<String>),
}

impl Elements {
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Whole(v) => v.len(),
            Self::Real(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }
}

impl Output {
    /// Its type and shape as errors print them: `FP32 [4,9]`.
    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.datatype, Dims::from_sizes(&self.shape))
    }

    /// Appends the rows of another batch's answer.
    pub(super) fn append(&mut self, next: Self) -> Result<(), String> {
        let same = self.name == next.name
            && self.datatype == next.datatype
            && self.shape.get(1..) == next.shape.get(1..);
        let mismatch = format!(
            "output {:?} is {} in one batch and {} in another",
            self.name,
            self.describe(),
            next.describe()
        );
        let (true, [rows, ..], [more, ..]) =
            (same, self.shape.as_mut_slice(), next.shape.as_slice())
        else {
            return Err(mismatch);
        };
        *rows += more;
        match (&mut self.elements, next.elements) {
            (Elements::Whole(v), Elements::Whole(more)) => v.extend(more),
            (Elements::Real(v), Elements::Real(more)) => v.extend(more),
            (Elements::Text(v), Elements::Text(more)) => v.extend(more),
            (Elements::Whole(_) | Elements::Real(_) | Elements::Text(_), _) => {
                return Err(mismatch);
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct WireAnswer {
    outputs: Vec<WireOutput>,
}

#[derive(Deserialize)]
struct WireOutput {
    name: String,
    datatype: DataType,
    shape: Vec<usize>,
    data: Value,
}

pub(super) fn decode(body: &[u8]) -> Result<Vec<Output>, String> {
    let answer: WireAnswer = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    answer.outputs.into_iter().map(output).collect()
}

fn output(wire: WireOutput) -> Result<Output, String> {
    let mut scalars = Vec::new();
    flatten(wire.data, &mut scalars);
    let WireOutput { name, datatype, shape, .. } = wire;
    let elements = elements(datatype, &scalars)
        .ok_or_else(|| format!("output {name:?} holds elements that are not {datatype}"))?;
    let wanted = shape.iter().try_fold(1_usize, |product, dim| product.checked_mul(*dim));
    if wanted != Some(elements.len()) {
        let found = elements.len();
        let shape = Dims::from_sizes(&shape);
        return Err(format!("output {name:?} of shape {shape} has {found} elements"));
    }
    Ok(Output { name, datatype, shape, elements })
}

fn flatten(value: Value, scalars: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| flatten(item, scalars)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            scalars.push(value)
        }
    }
}

fn elements(datatype: DataType, scalars: &[Value]) -> Option<Elements> {
    match datatype {
        DataType::Bool => scalars
            .iter()
            .map(|scalar| scalar.as_bool().map(i128::from))
            .collect::<Option<_>>()
            .map(Elements::Whole),
        DataType::Uint8
        | DataType::Uint16
        | DataType::Uint32
        | DataType::Uint64
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64 => scalars
            .iter()
            .map(|scalar| scalar.as_i64().map(i128::from).or(scalar.as_u64().map(i128::from)))
            .collect::<Option<_>>()
            .map(Elements::Whole),
        DataType::Fp16 | DataType::Fp32 | DataType::Fp64 => {
            scalars.iter().map(Value::as_f64).collect::<Option<_>>().map(Elements::Real)
        }
        DataType::Bytes => scalars
            .iter()
            .map(|scalar| scalar.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Elements::Text),
    }
}
