//! Models, versions and uploads.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A registered model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Model {
    pub name: String,
    /// The largest version number; none: no version is left.
    pub latest: Option<u64>,
    /// Version numbers by alias.
    pub aliases: BTreeMap<String, u64>,
    pub created_at: String,
}

/// A registered version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    pub model: String,
    pub version: u64,
    /// The sealed manifest's digest: the version's identity.
    pub digest: String,
    pub files: Vec<SealedFile>,
    /// Bytes of all files together.
    pub size: u64,
    /// Inputs and outputs, read from the model itself; both empty where it cannot be served.
    #[schema(value_type = Object)]
    pub signature: serde_json::Value,
    /// The ONNX file that a rollout would serve; none: Seatrial can serve none of its flavors.
    pub served_file: Option<String>,
    /// What its `MLmodel` says; none: it has none.
    pub mlmodel: Option<MlModel>,
    pub tags: BTreeMap<String, String>,
    pub aliases: Vec<String>,
    /// Where it came from, as its pusher said.
    pub source: Option<String>,
    /// `registered` or `retired`.
    pub lifecycle: String,
    pub created_at: String,
}

/// What an MLflow model's author says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MlModel {
    /// Versions, loaders and files by flavor.
    pub flavors: BTreeMap<String, BTreeMap<String, String>>,
    /// Inputs, outputs and parameters, as arrays or as columns of a table.
    #[schema(value_type = Option<Object>)]
    pub signature: Option<serde_json::Value>,
    pub mlflow_version: Option<String>,
    pub model_uuid: Option<String>,
    pub model_id: Option<String>,
    pub run_id: Option<String>,
}

/// One file of a sealed manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SealedFile {
    pub path: String,
    pub size: u64,
    pub digest: String,
}

/// Uploaded files become a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    pub upload: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default)]
    pub alias: Option<String>,
    #[serde(default)]
    pub source: Option<String>,
    /// Versions that it was made from: NAME@NUMBER, or a digest. Like all that follows, sealed with
    /// the version.
    #[serde(default)]
    pub parents: Vec<String>,
    /// The dataset it was trained on: NAME@NUMBER, or a digest.
    #[serde(default)]
    pub trained_on: Option<String>,
    /// The code it was trained by: a commit, a tag, an address.
    #[serde(default)]
    pub code_ref: Option<String>,
    /// The run it came out of.
    #[serde(default)]
    pub run_id: Option<String>,
}

/// A signature of a version's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signature {
    /// The digest of its bundle.
    pub id: String,
    /// The key that the bundle says it is of; nothing proves it.
    pub made_by: Option<String>,
    /// The server's keys that it holds for, by the names of its configuration.
    pub keys: Vec<String>,
    pub at: String,
    /// Who sent it.
    pub by: String,
}

/// An upload that takes files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    pub id: String,
    /// It is forgotten then, unless it is sealed.
    pub expires_at: String,
}

/// A file that was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadedFile {
    pub path: String,
    pub size: u64,
    pub digest: String,
}

/// The version an alias names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    pub version: u64,
}

/// Tags to set, each on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tags {
    pub tags: BTreeMap<String, String>,
}

/// How one version differs from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Diff {
    pub from: u64,
    pub to: u64,
    /// Empty: the same bytes.
    pub files: Vec<FileChange>,
    /// Tensors, flavors and tags that differ, in words.
    pub signature: Vec<String>,
}

/// One file's difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileChange {
    pub path: String,
    pub change: Change,
    pub from_size: Option<u64>,
    pub to_size: Option<u64>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Added,
    Removed,
    Changed,
}

/// Whether the stored bytes are the sealed ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verification {
    pub digest: String,
    pub files: Vec<FileCheck>,
}

/// One file's check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileCheck {
    pub path: String,
    pub state: FileState,
}

/// What is stored of a sealed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    Intact,
    Missing,
    Corrupt,
}

impl Verification {
    /// Whether every file is intact.
    pub fn is_intact(&self) -> bool {
        self.files.iter().all(|file| file.state == FileState::Intact)
    }
}
