//! The signature in an `MLmodel`: JSON in the strings of a YAML mapping.

use super::read::printable;
use super::yaml::Node;
use super::{Column, Error, Param, Schema, Signature, Tensor};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const NAME_CHARS: usize = 512;

/// One entry of a side: an array or a column.
#[derive(Debug, Deserialize)]
struct Spec {
    name: Option<Value>,
    r#type: String,
    #[serde(rename = "tensor-spec")]
    tensor: Option<TensorSpec>,
    required: Option<bool>,
    /// How releases before 2.10 said that it is not required.
    optional: Option<bool>,
    /// Of an array, an object or a map: what it is made of.
    #[serde(flatten)]
    parts: serde_json::Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct TensorSpec {
    dtype: String,
    shape: Vec<i64>,
}

#[derive(Debug, Deserialize)]
struct ParamSpec {
    name: String,
    r#type: String,
    #[serde(default)]
    default: Value,
}

pub(super) fn read(fields: &BTreeMap<String, Node>) -> Result<Signature, Error> {
    Ok(Signature {
        inputs: side(fields, "inputs")?,
        outputs: side(fields, "outputs")?,
        params: json::<ParamSpec>(fields, "params")?.iter().map(param).collect(),
    })
}

/// The list in the JSON of one field; none where the field says nothing.
fn json<T: serde::de::DeserializeOwned>(
    fields: &BTreeMap<String, Node>,
    field: &str,
) -> Result<Vec<T>, Error> {
    match fields.get(field) {
        None | Some(Node::Null) => Ok(Vec::new()),
        Some(Node::Scalar(text)) => {
            let list: Option<Vec<T>> =
                serde_json::from_str(text).map_err(|error| refused(field, error.to_string()))?;
            Ok(list.unwrap_or_default())
        }
        Some(Node::List | Node::Map(_) | Node::Alias) => {
            Err(refused(field, "it is no JSON text".to_owned()))
        }
    }
}

fn side(fields: &BTreeMap<String, Node>, field: &str) -> Result<Option<Schema>, Error> {
    let specs: Vec<Spec> = json(fields, field)?;
    let arrays = specs.iter().filter(|spec| spec.r#type == "tensor").count();
    match (specs.len(), arrays) {
        (0, _) => Ok(None),
        (all, arrays) if arrays == all => {
            let tensors = specs.into_iter().map(|spec| tensor(spec, field));
            Ok(Some(Schema::Tensors(tensors.collect::<Result<_, _>>()?)))
        }
        (_, 0) => {
            let columns = specs.into_iter().map(|spec| column(spec, field));
            Ok(Some(Schema::Columns(columns.collect::<Result<_, _>>()?)))
        }
        _mixed => Err(refused(field, "it mixes arrays and columns".to_owned())),
    }
}

fn tensor(spec: Spec, field: &str) -> Result<Tensor, Error> {
    let name = name(spec.name, field)?;
    let Some(TensorSpec { dtype, shape }) = spec.tensor else {
        return Err(refused(field, "a tensor has no tensor-spec".to_owned()));
    };
    if let Some(odd) = shape.iter().find(|size| **size < -1) {
        return Err(refused(field, format!("{odd} is no dimension")));
    }
    Ok(Tensor { name, dtype: printable(&dtype), shape })
}

fn column(spec: Spec, field: &str) -> Result<Column, Error> {
    let required = spec.required.unwrap_or(spec.optional != Some(true));
    let r#type = printable(&kind(&spec.r#type, &spec.parts));
    Ok(Column { name: name(spec.name, field)?, r#type, required })
}

/// A name exactly as it is: it is compared with others. Tables may have numbers for names.
fn name(name: Option<Value>, field: &str) -> Result<Option<String>, Error> {
    let name = match name {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(name)) => name,
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            return Err(refused(field, "a name is no text".to_owned()));
        }
    };
    if name.chars().any(char::is_control) || name.chars().count() > NAME_CHARS {
        return Err(refused(field, format!("{:?} is no name", printable(&name))));
    }
    Ok(Some(name))
}

/// A type as MLflow prints it: `double`, `Array(long)`, `{k: long}`.
fn kind(name: &str, parts: &serde_json::Map<String, Value>) -> String {
    let part = |field: &str| parts.get(field).map_or_else(|| "?".to_owned(), kind_of);
    match name {
        "array" => format!("Array({})", part("items")),
        "map" => format!("Map({})", part("values")),
        "object" => {
            let properties = parts.get("properties").and_then(Value::as_object);
            let property = |(name, part): (&String, &Value)| format!("{name}: {}", kind_of(part));
            let properties = properties.into_iter().flatten().map(property).collect::<Vec<_>>();
            format!("{{{}}}", properties.join(", "))
        }
        plain => plain.to_owned(),
    }
}

/// JSON nests to a bound of its parser's own.
fn kind_of(part: &Value) -> String {
    match part {
        Value::String(name) => name.clone(),
        Value::Object(parts) => parts
            .get("type")
            .and_then(Value::as_str)
            .map_or("?".to_owned(), |name| kind(name, parts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => "?".to_owned(),
    }
}

fn param(spec: &ParamSpec) -> Param {
    Param {
        name: printable(&spec.name),
        r#type: printable(&spec.r#type),
        default: printable(&spec.default.to_string()),
    }
}

fn refused(field: &str, fault: String) -> Error {
    Error::Field { field: format!("signature.{field}"), fault }
}
