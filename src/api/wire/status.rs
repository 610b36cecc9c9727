//! The server itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What answers here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    pub version: String,
    /// Where clients send inference requests.
    pub inference: String,
    pub control: String,
    /// ONNX Runtime's library.
    pub library: String,
}
