//! What an `MLmodel` file says of the model beside it: its flavors, and the signature that its
//! author gave it.
//!
//! Nothing here is trusted: what serves is an ONNX file, and its own tensors are its signature.

mod check;
mod read;
mod signature;
#[cfg(test)]
mod tests;
mod yaml;

pub use check::{Contradiction, Side};
pub use read::{SIZE_MAX, find, read};

use crate::manifest::{File, FilePath, Manifest};
use crate::tensor::Dims;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Why an `MLmodel` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More than [`SIZE_MAX`] bytes.
    #[error("it has more than {SIZE_MAX} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("it is no text")]
    NotText,
    /// Several, and none of them holds the others.
    #[error("several ({found}) side by side: register one model's directory at a time")]
    Several {
        /// Their paths, between commas.
        found: String,
    },
    /// Not YAML, or more of it than a model needs.
    #[error("line {line}: {fault}")]
    Yaml {
        /// From 1.
        line: usize,
        /// What is wrong.
        fault: String,
    },
    /// A field that is not what MLflow writes there.
    #[error("{field}: {fault}")]
    Field {
        /// With dots between its parts.
        field: String,
        /// What is wrong.
        fault: String,
    },
}

/// What is shown of one flavor: versions, loaders and files, in the author's words.
pub type Facts = BTreeMap<String, String>;

/// What a version's `MLmodel` says; empty where it has none. Stored with the version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flavors {
    /// Each flavor by its name, such as `onnx`, `sklearn` or `python_function`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub named: BTreeMap<String, Facts>,
    /// The ONNX file that the flavor `onnx` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onnx: Option<FilePath>,
    /// Inputs, outputs and parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// The release of MLflow that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mlflow_version: Option<String>,
    /// The id of this writing of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_uuid: Option<String>,
    /// The logged model (`m-…`) that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// The run that logged it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
}

impl Flavors {
    /// The file of `manifest` that is served: that of the flavor `onnx`; where no flavor is named,
    /// the ONNX file of the directory. None: it cannot be served.
    pub fn served<'a>(&self, manifest: &'a Manifest) -> Option<&'a File> {
        match &self.onnx {
            Some(path) => manifest.file(path.as_str()),
            None if self.named.is_empty() => manifest.onnx_file(),
            None => None,
        }
    }

    /// The flavors' names, between commas.
    pub fn names(&self) -> String {
        self.named.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// A signature as its author wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// What the model takes.
    pub inputs: Option<Schema>,
    /// What it answers.
    pub outputs: Option<Schema>,
    /// Parameters of its loader; Seatrial passes none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
}

/// One side of a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schema {
    /// Arrays.
    Tensors(Vec<Tensor>),
    /// Columns of a table.
    Columns(Vec<Column>),
}

/// On one line: `x float32[-1,4]`, or `age long  name string (optional)`.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name =
            |name: &Option<String>| name.as_ref().map_or_else(String::new, |n| format!("{n} "));
        let words: Vec<String> = match self {
            Self::Tensors(tensors) => {
                let word = |t: &Tensor| {
                    format!("{}{}{}", name(&t.name), t.dtype, Dims::declared(&t.shape))
                };
                tensors.iter().map(word).collect()
            }
            Self::Columns(columns) => {
                let word = |c: &Column| {
                    let optional = if c.required { "" } else { " (optional)" };
                    format!("{}{}{optional}", name(&c.name), c.r#type)
                };
                columns.iter().map(word).collect()
            }
        };
        f.write_str(&words.join("  "))
    }
}

/// An array, as MLflow declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tensor {
    /// None where it is the only one.
    pub name: Option<String>,
    /// NumPy's name of its elements' type, such as `float32`.
    pub dtype: String,
    /// Its dimensions, outermost first; −1 is a variable one.
    pub shape: Vec<i64>,
}

/// A column of a table, as MLflow declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// None where columns have no names.
    pub name: Option<String>,
    /// MLflow's name of its type, such as `double` or `Array(long)`.
    pub r#type: String,
    /// Whether a row must have it.
    pub required: bool,
}

/// A parameter, as MLflow declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// MLflow's name of its type.
    pub r#type: String,
    /// Its default, as JSON.
    pub default: String,
}

/// As `top long = 3`.
impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} = {}", self.name, self.r#type, self.default)
    }
}
