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

/// What reading every artifact has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Scrub {
    /// When all of them were read last; none: not yet.
    pub finished_at: Option<String>,
    /// Those of which no good copy is left. They are never served.
    pub corrupt: Vec<CorruptBlob>,
}

/// An artifact whose bytes are no longer those that were stored, or no longer there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CorruptBlob {
    pub digest: String,
    /// The digest of the bytes that are there; none where there are none.
    pub found: Option<String>,
    pub since: String,
}
