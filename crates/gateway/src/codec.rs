//! The Open Inference Protocol's JSON form, V2.
//!
//! Owns what a request's body means and how an answer's is written: data flat or nested, every
//! data type but BF16, integers exact, floats in their shortest text. NaN and infinities are not
//! JSON: in a request they are refused, in an answer they are the model's error. Refuses to know
//! signatures and arms.

mod data;
mod nest;
mod request;
mod response;
#[cfg(test)]
mod tests;

pub(crate) use request::{InferRequest, Parameters, decode};
pub(crate) use response::{Frame, encode};

/// Why a body is not a request, or tensors cannot be an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("the body is not an inference request: {0}")]
    Json(String),
    #[error("input {name:?}: {fault}")]
    Input { name: String, fault: String },
    #[error("{0} is not available yet")]
    Unsupported(&'static str),
    #[error("output {name:?} {fault}, which JSON cannot hold")]
    Output { name: String, fault: &'static str },
}

impl From<Error> for crate::fault::Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Json(_) | Error::Input { .. } => Self::Invalid(error.to_string()),
            Error::Unsupported(what) => Self::Unsupported(what),
            Error::Output { .. } => Self::Model(error.to_string()),
        }
    }
}
