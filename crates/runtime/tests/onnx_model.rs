//! The embedded runtime on real models, against the answers of Python's ONNX Runtime.

#[cfg(test)]
#[path = "onnx_model/loading.rs"]
mod loading;
#[cfg(test)]
#[path = "onnx_model/oracle.rs"]
mod oracle;
#[cfg(test)]
#[path = "onnx_model/serving.rs"]
mod serving;
#[cfg(test)]
#[path = "../../../tests/fixtures/slow.rs"]
mod slow_digits;
#[cfg(test)]
#[path = "onnx_model/support.rs"]
mod support;
