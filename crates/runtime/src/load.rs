//! How a model is loaded, and why it cannot be.

use serde::{Deserialize, Serialize};

/// How thoroughly the graph is prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// At the registry's door: the graph and its operators are checked; nothing is folded or run.
    Door,
    /// In staging and production: the graph is optimised, as it is where it serves, and warmed up.
    Production,
}

impl Level {
    /// Its name on a command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Door => "door",
            Self::Production => "production",
        }
    }
}

/// Why a model cannot be loaded. It crosses the border of the probing process as JSON, so every
/// cause is text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum Error {
    /// The bytes are not an ONNX model.
    #[error("not an ONNX model: {detail}")]
    NotOnnx {
        /// What gave it away.
        detail: String,
    },
    /// A tensor's data lie in another file, and cannot be had.
    #[error("tensor {tensor:?} keeps its data in another file, {location:?}: {fault}")]
    ExternalData {
        /// The tensor.
        tensor: String,
        /// Where the model says its data are.
        location: String,
        /// Why they cannot be had.
        fault: String,
    },
    /// An operator, a type or a version of the format that the runtime does not serve.
    #[error("unsupported: {detail}")]
    Unsupported {
        /// Which.
        detail: String,
    },
    /// The graph contradicts itself.
    #[error("invalid graph: {detail}")]
    InvalidGraph {
        /// Where.
        detail: String,
    },
    /// The runtime gave up while preparing the graph: no memory, say.
    #[error("the model cannot be prepared: {detail}")]
    Preparation {
        /// The runtime's message, on one line.
        detail: String,
    },
    /// The first inference, on zeros, did not end in time.
    #[error("the warm-up inference took longer than {limit_ms} ms")]
    WarmUp {
        /// The limit.
        limit_ms: u64,
    },
    /// ONNX Runtime's library is not loaded.
    #[error("ONNX Runtime is missing: {detail}")]
    Library {
        /// What to do about it.
        detail: String,
    },
    /// The file cannot be read, or a thread cannot be started.
    #[error("{detail}")]
    Io {
        /// The path and the fault.
        detail: String,
    },
}

impl From<ort::Error> for Error {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "foreign and non-exhaustive; what is not known to be the model's fault is not"
    )]
    fn from(error: ort::Error) -> Self {
        let detail = crate::one_line(error.message());
        if names_unsupported(&detail) {
            return Self::Unsupported { detail };
        }
        match error.code() {
            ort::ErrorCode::NotImplemented => Self::Unsupported { detail },
            ort::ErrorCode::InvalidProtobuf => Self::NotOnnx { detail },
            ort::ErrorCode::InvalidGraph | ort::ErrorCode::InvalidArgument => {
                Self::InvalidGraph { detail }
            }
            _ if names_invalid(&detail) => Self::InvalidGraph { detail },
            _ => Self::Preparation { detail },
        }
    }
}

/// The runtime's code alone does not tell an unknown operator from a broken graph.
fn names_unsupported(detail: &str) -> bool {
    [
        "No Op registered for",
        "not a registered function/op",
        "Could not find an implementation",
        "Unsupported model IR version",
        "support for models stamped with official released onnx opset",
    ]
    .iter()
    .any(|phrase| detail.contains(phrase))
}

fn names_invalid(detail: &str) -> bool {
    ["Type Error", "ShapeInferenceError", "Node input", "not a graph input, initializer"]
        .iter()
        .any(|phrase| detail.contains(phrase))
}
