//! The runtime: what can answer an inference request.
//!
//! Owns the port [`Backend`] and its embedded form, [`OnnxModel`]: ONNX files loaded into ONNX
//! Runtime, whose shared library is found or provisioned by [`library`]. [`onnx`] reads a model's
//! signature and refuses what must not be served; [`probe`] tries a model in a process of its own,
//! which [`confined`] limits.
//! Refuses to know of endpoints, routes, rollouts and wire formats.

mod backend;
pub mod confined;
mod convert;
pub mod infer;
pub mod library;
pub mod load;
mod model;
pub mod onnx;
pub mod probe;
mod session;

pub use backend::Backend;
pub use convert::zeros;
pub use model::{Files, LoadOptions, OnnxModel, Source};
pub use session::WarmUp;

/// A foreign message as one line of bounded length, fit for a log, a journal row or an answer.
fn one_line(message: &str) -> String {
    const CHARS_MAX: usize = 400;
    let joined = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if joined.chars().count() <= CHARS_MAX {
        return joined;
    }
    joined.chars().take(CHARS_MAX).chain("…".chars()).collect()
}
