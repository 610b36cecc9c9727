//! Reading a layout's documents, each checked against the descriptor that names it.

use super::wire::{
    self, ARTIFACT_TYPE, CONFIG_TYPE, Config, Described, FILE_METADATA, FILEPATH, FileKind,
    INDEX_TYPE, Index, LAYOUT_VERSION, Layout, MANIFEST_TYPE, PLAIN_FILE, SEALED_DIGEST,
};
use super::{Descriptor, Error, INDEX_BYTES_LIMIT, MANIFEST_BYTES_LIMIT, kind, limited};
use crate::Digest;
use crate::manifest::{ArtifactType, File, FilePath, Manifest};
use serde::de::DeserializeOwned;

/// A model as its ModelPack manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The document that describes the model.
    pub config: Descriptor,
    /// The version that its layers are.
    pub manifest: Manifest,
    /// The layers' digests, in the manifest's order.
    layers: Vec<Digest>,
}

/// Refuses another layout than the one known here.
pub fn check_layout(bytes: &[u8]) -> Result<(), Error> {
    const DOCUMENT: &str = "oci-layout";
    let layout: Layout = parse(DOCUMENT, bytes, INDEX_BYTES_LIMIT)?;
    same(DOCUMENT, "imageLayoutVersion", LAYOUT_VERSION, &layout.image_layout_version)
}

/// The one manifest that `index.json` names.
pub fn read_index(bytes: &[u8]) -> Result<Descriptor, Error> {
    const DOCUMENT: &str = "index.json";
    let index: Index = parse(DOCUMENT, bytes, INDEX_BYTES_LIMIT)?;
    version_two(DOCUMENT, index.schema_version)?;
    if !index.media_type.is_empty() {
        same(DOCUMENT, "mediaType", INDEX_TYPE, &index.media_type)?;
    }
    let [manifest] = index.manifests.as_slice() else {
        return Err(Error::NotOneModel(index.manifests.len()));
    };
    same(DOCUMENT, "mediaType of its manifest", MANIFEST_TYPE, &manifest.media_type)?;
    limited("the manifest", manifest.size, MANIFEST_BYTES_LIMIT)?;
    Ok(Descriptor { digest: manifest.digest.clone(), size: manifest.size })
}

/// The model that the manifest `named` describes. Refuses other bytes than those.
pub fn read_manifest(bytes: &[u8], named: &Descriptor) -> Result<Packed, Error> {
    const DOCUMENT: &str = "the manifest";
    named.check(DOCUMENT, bytes)?;
    let read: wire::Manifest = parse(DOCUMENT, bytes, MANIFEST_BYTES_LIMIT)?;
    version_two(DOCUMENT, read.schema_version)?;
    same(DOCUMENT, "artifactType", ARTIFACT_TYPE, &read.artifact_type)?;
    same(DOCUMENT, "mediaType of its config", CONFIG_TYPE, &read.config.media_type)?;
    limited("the config", read.config.size, MANIFEST_BYTES_LIMIT)?;
    let layers = read.layers.iter().map(|layer| layer.digest.clone()).collect();
    let files = read.layers.iter().map(file).collect::<Result<_, Error>>()?;
    let manifest = Manifest::new(ArtifactType::Model, files)?;
    if let Some(sealed) = read.annotations.get(SEALED_DIGEST) {
        let found = manifest.digest();
        if sealed != found.as_str() {
            let field = "the sealed digest its files have";
            return Err(mismatch(DOCUMENT, field, "the one that it was exported with", sealed));
        }
    }
    let config = Descriptor { digest: read.config.digest, size: read.config.size };
    Ok(Packed { config, manifest, layers })
}

/// Checks the config against its model; the name that it gives the model, if any.
pub fn check_config(bytes: &[u8], packed: &Packed) -> Result<Option<String>, Error> {
    const DOCUMENT: &str = "the config";
    packed.config.check(DOCUMENT, bytes)?;
    let config: Config = parse(DOCUMENT, bytes, MANIFEST_BYTES_LIMIT)?;
    same(DOCUMENT, "modelfs.type", "layers", &config.modelfs.kind)?;
    if config.modelfs.diff_ids != packed.layers {
        return Err(Error::DiffIds);
    }
    Ok(config.descriptor.name)
}

fn file(layer: &Described) -> Result<File, Error> {
    let path = layer.annotations.get(FILEPATH).ok_or(Error::Nameless)?;
    if !kind::is_raw(&layer.media_type) {
        return Err(Error::Layer { path: path.clone(), found: layer.media_type.clone() });
    }
    if let Some(metadata) = layer.annotations.get(FILE_METADATA) {
        let metadata: FileKind =
            parse("a layer's file metadata", metadata.as_bytes(), MANIFEST_BYTES_LIMIT)?;
        // Some tools write the number 0 for a plain file, as old archives do.
        if !matches!(metadata.typeflag, PLAIN_FILE | 0) {
            return Err(Error::NotPlain { path: path.clone() });
        }
    }
    Ok(File { path: FilePath::new(path)?, digest: layer.digest.clone(), size: layer.size })
}

fn parse<T: DeserializeOwned>(
    document: &'static str,
    bytes: &[u8],
    limit: u64,
) -> Result<T, Error> {
    limited(document, u64::try_from(bytes.len()).unwrap_or(u64::MAX), limit)?;
    serde_json::from_slice(bytes).map_err(|source| Error::Shape { document, source })
}

fn version_two(document: &'static str, found: u32) -> Result<(), Error> {
    same(document, "schemaVersion", "2", &found.to_string())
}

fn same(
    document: &'static str,
    field: &'static str,
    expected: &'static str,
    found: &str,
) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(mismatch(document, field, expected, found)) }
}

fn mismatch(
    document: &'static str,
    field: &'static str,
    expected: &'static str,
    found: &str,
) -> Error {
    Error::Format { document, field, expected, found: found.to_owned() }
}
