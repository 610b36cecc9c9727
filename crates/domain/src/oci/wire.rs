//! The documents' JSON. What others add is passed over; what is used is asked for.

use crate::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) const LAYOUT_VERSION: &str = "1.0.0";
pub(super) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const ARTIFACT_TYPE: &str = "application/vnd.cncf.model.manifest.v1+json";
pub(super) const CONFIG_TYPE: &str = "application/vnd.cncf.model.config.v1+json";
/// A layer's path, and more about its file as JSON in a text.
pub(super) const FILEPATH: &str = "org.cncf.model.filepath";
pub(super) const FILE_METADATA: &str = "org.cncf.model.file.metadata+json";
/// By which tools that know nothing of models name a layer's file.
pub(super) const TITLE: &str = "org.opencontainers.image.title";
/// By which tools name a manifest within a layout.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The identity that the version is sealed under.
pub(super) const SEALED_DIGEST: &str = "io.seatrial.version.digest";
/// A plain file, as archives write it.
pub(super) const PLAIN_FILE: u8 = b'0';

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Layout {
    pub(super) image_layout_version: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    pub(super) schema_version: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) media_type: String,
    pub(super) manifests: Vec<Described>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: u32,
    #[serde(default)]
    pub(super) media_type: String,
    #[serde(default)]
    pub(super) artifact_type: String,
    pub(super) config: Described,
    pub(super) layers: Vec<Described>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Config {
    pub(super) descriptor: About,
    #[serde(default)]
    pub(super) config: Technical,
    pub(super) modelfs: ModelFs,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct About {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Technical {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModelFs {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) diff_ids: Vec<Digest>,
}

/// What archives say of a file; of a version's file only path and size are sealed, so that the rest
/// is the same for all.
#[derive(Debug, Serialize)]
pub(super) struct FileMetadata {
    pub(super) name: String,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) size: u64,
    pub(super) mtime: String,
    pub(super) typeflag: u8,
}

/// The one thing that is asked of others' file metadata.
#[derive(Debug, Deserialize)]
pub(super) struct FileKind {
    #[serde(default)]
    pub(super) typeflag: u8,
}
