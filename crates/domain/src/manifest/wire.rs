//! The manifest's JSON. Fields are declared in the order they are written: sorted.

use super::{ArtifactType, Error, File, FilePath, Manifest};
use crate::Digest;
use serde::{Deserialize, Serialize};

const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const FILE_TYPE: &str = "application/octet-stream";
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
/// The OCI empty descriptor: the two bytes `{}`.
const EMPTY_DIGEST: &str =
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const EMPTY_SIZE: u64 = 2;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    artifact_type: String,
    config: Config,
    layers: Vec<Layer>,
    media_type: String,
    schema_version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    digest: String,
    media_type: String,
    size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Layer {
    annotations: Annotations,
    digest: Digest,
    media_type: String,
    size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Annotations {
    #[serde(rename = "org.opencontainers.image.title")]
    title: String,
}

pub(super) fn write(manifest: &Manifest) -> Vec<u8> {
    let document = Document {
        artifact_type: manifest.artifact_type.as_str().to_owned(),
        config: Config {
            digest: EMPTY_DIGEST.to_owned(),
            media_type: EMPTY_TYPE.to_owned(),
            size: EMPTY_SIZE,
        },
        layers: manifest.files.iter().map(layer).collect(),
        media_type: MANIFEST_TYPE.to_owned(),
        schema_version: 2,
    };
    #[expect(clippy::expect_used, reason = "strings and numbers always serialise")]
    serde_json::to_vec(&document).expect("strings and numbers always serialise")
}

fn layer(file: &File) -> Layer {
    Layer {
        annotations: Annotations { title: file.path.as_str().to_owned() },
        digest: file.digest.clone(),
        media_type: FILE_TYPE.to_owned(),
        size: file.size,
    }
}

/// Reads the shape. What is not written again by [`write`] (the constants of the empty config,
/// the files' media type, the order) is refused by the caller's comparison.
pub(super) fn read(bytes: &[u8]) -> Result<Manifest, Error> {
    let document: Document = serde_json::from_slice(bytes).map_err(Error::Shape)?;
    if document.media_type != MANIFEST_TYPE {
        let found = document.media_type;
        return Err(Error::Format { field: "mediaType", expected: MANIFEST_TYPE, found });
    }
    let expected = ArtifactType::Model.as_str();
    if document.artifact_type != expected {
        let found = document.artifact_type;
        return Err(Error::Format { field: "artifactType", expected, found });
    }
    let files = document.layers.into_iter().map(|layer| {
        let path = FilePath::new(&layer.annotations.title)?;
        Ok(File { path, digest: layer.digest, size: layer.size })
    });
    Manifest::new(ArtifactType::Model, files.collect::<Result<_, Error>>()?)
}
