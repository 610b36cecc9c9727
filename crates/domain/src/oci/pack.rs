//! Building a layout's documents from a sealed manifest. The same version always gives the same
//! bytes.

use super::wire::{
    self, ARTIFACT_TYPE, CONFIG_TYPE, Config, Described, FILE_METADATA, FILEPATH, FileMetadata,
    INDEX_TYPE, Index, LAYOUT_VERSION, Layout, MANIFEST_TYPE, ModelFs, PLAIN_FILE, REF_NAME,
    SEALED_DIGEST, TITLE, Technical,
};
use super::{Descriptor, kind};
use crate::manifest::{File, Manifest};
use crate::{Digest, ModelName, Timestamp, VersionNumber};
use serde::Serialize;
use std::collections::BTreeMap;

/// Readable by everybody, written by its owner.
const FILE_MODE: u32 = 0o644;

/// What is said of the version besides its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub model: ModelName,
    pub number: VersionNumber,
    pub created_at: Timestamp,
}

/// A layout's documents; its other blobs are the version's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The file `oci-layout`.
    pub layout: Vec<u8>,
    /// The file `index.json`.
    pub index: Vec<u8>,
    /// A blob.
    pub manifest: Vec<u8>,
    /// A blob.
    pub config: Vec<u8>,
}

impl Package {
    /// The documents that are blobs, by their digests.
    pub fn blobs(&self) -> [(Digest, &[u8]); 2] {
        [&self.manifest, &self.config].map(|bytes| (Digest::of(bytes), bytes.as_slice()))
    }
}

/// The layout of one version.
pub fn pack(manifest: &Manifest, about: &About) -> Package {
    let config = json(&config(manifest, about));
    let manifest = json(&wire::Manifest {
        schema_version: 2,
        media_type: MANIFEST_TYPE.to_owned(),
        artifact_type: ARTIFACT_TYPE.to_owned(),
        config: described(CONFIG_TYPE, &descriptor(&config)),
        layers: manifest.files().iter().map(|file| layer(file, about)).collect(),
        annotations: BTreeMap::from([(SEALED_DIGEST.to_owned(), manifest.digest().to_string())]),
    });
    let named = Described {
        artifact_type: Some(ARTIFACT_TYPE.to_owned()),
        annotations: BTreeMap::from([(REF_NAME.to_owned(), about.number.to_string())]),
        ..described(MANIFEST_TYPE, &descriptor(&manifest))
    };
    let index =
        Index { schema_version: 2, media_type: INDEX_TYPE.to_owned(), manifests: vec![named] };
    let layout = Layout { image_layout_version: LAYOUT_VERSION.to_owned() };
    Package { layout: json(&layout), index: json(&index), manifest, config }
}

fn config(manifest: &Manifest, about: &About) -> Config {
    let format = manifest.onnx_file().map(|_model| "onnx".to_owned());
    Config {
        descriptor: wire::About {
            created_at: Some(about.created_at.to_string()),
            name: Some(about.model.to_string()),
            version: Some(about.number.0.to_string()),
        },
        config: Technical { format },
        modelfs: ModelFs {
            kind: "layers".to_owned(),
            diff_ids: manifest.files().iter().map(|file| file.digest.clone()).collect(),
        },
    }
}

fn layer(file: &File, about: &About) -> Described {
    let path = file.path.as_str();
    let metadata = FileMetadata {
        name: path.rsplit('/').next().unwrap_or(path).to_owned(),
        mode: FILE_MODE,
        uid: 0,
        gid: 0,
        size: file.size,
        mtime: about.created_at.to_string(),
        typeflag: PLAIN_FILE,
    };
    let metadata = String::from_utf8_lossy(&json(&metadata)).into_owned();
    let annotations = [(FILEPATH, path), (FILE_METADATA, metadata.as_str()), (TITLE, path)];
    let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let descriptor = Descriptor { digest: file.digest.clone(), size: file.size };
    Described {
        annotations: BTreeMap::from(annotations),
        ..described(kind::media_type(path), &descriptor)
    }
}

fn described(media_type: &str, descriptor: &Descriptor) -> Described {
    Described {
        media_type: media_type.to_owned(),
        digest: descriptor.digest.clone(),
        size: descriptor.size,
        artifact_type: None,
        annotations: BTreeMap::new(),
    }
}

fn descriptor(bytes: &[u8]) -> Descriptor {
    Descriptor { digest: Digest::of(bytes), size: u64::try_from(bytes.len()).unwrap_or(u64::MAX) }
}

fn json(document: &impl Serialize) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "strings and numbers always serialise")]
    serde_json::to_vec(document).expect("strings and numbers always serialise")
}
