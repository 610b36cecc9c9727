//! A version as an OCI image layout in CNCF ModelPack form, built and read; pure.
//!
//! Owns the layout's documents: `oci-layout`, `index.json`, the ModelPack manifest and its config.
//! A file is one raw layer, so that a layer's digest is the file's, and the version's own manifest
//! ([`crate::manifest`]) follows from the layers alone. Refuses other kinds of layers, paths that
//! leave the directory, documents beyond their limits, and a layout of several models.
//! Formats: OCI image layout 1.0.0, <https://github.com/modelpack/model-spec>.

mod kind;
mod pack;
mod read;
#[cfg(test)]
mod tests;
mod wire;

pub use pack::{About, Package, pack};
pub use read::{Packed, check_config, check_layout, read_index, read_manifest};

use crate::{Digest, manifest};

/// The file that says which layout it is.
pub const LAYOUT_FILE: &str = "oci-layout";
/// The file that names the manifest.
pub const INDEX_FILE: &str = "index.json";
/// The directory of the blobs, each named by its hexadecimal digits.
pub const BLOBS_DIR: &str = "blobs/sha256";
/// Most bytes of `oci-layout` and of `index.json`.
pub const INDEX_BYTES_LIMIT: u64 = 1024 * 1024;
/// Most bytes of a ModelPack manifest or config: it names a file thrice, the sealed one once.
pub const MANIFEST_BYTES_LIMIT: u64 = 16 * 1024 * 1024;

/// Why a layout is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON of the document's shape.
    #[error("{document} is not what its format asks for")]
    Shape {
        document: &'static str,
        #[source]
        source: serde_json::Error,
    },
    /// A constant of the format differs.
    #[error("{document}: {field} is {found:?}; it must be {expected:?}")]
    Format { document: &'static str, field: &'static str, expected: &'static str, found: String },
    /// Bytes that are not the announced ones.
    #[error("{what} has digest {found} and not {expected}, which it is named by")]
    Digest { what: &'static str, expected: Digest, found: Digest },
    /// More or fewer bytes than announced.
    #[error("{what} has {found} bytes; {expected} were announced")]
    Size { what: &'static str, expected: u64, found: u64 },
    /// A document beyond its limit.
    #[error("{what} has {size} bytes; the limit is {limit}")]
    TooLong { what: &'static str, size: u64, limit: u64 },
    /// `index.json` names none, or more than one.
    #[error("index.json names {0} manifests; a layout to be read holds one model")]
    NotOneModel(usize),
    /// A layer that is no file.
    #[error("layer {path:?} is {found}; only raw layers are read, each one file as it is")]
    Layer { path: String, found: String },
    /// A layer without the path that it is to be put at.
    #[error("a layer has no annotation org.cncf.model.filepath")]
    Nameless,
    /// Its file metadata says something else than a plain file.
    #[error("layer {path:?} is no plain file")]
    NotPlain { path: String },
    /// The config's diffIds are not the layers'.
    #[error("the config's diffIds are not the digests of the layers")]
    DiffIds,
    /// Files that no version can be made of.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
}

/// Something named by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

impl Descriptor {
    /// Refuses bytes that are not those described.
    fn check(&self, what: &'static str, bytes: &[u8]) -> Result<(), Error> {
        let found = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if found != self.size {
            return Err(Error::Size { what, expected: self.size, found });
        }
        let found = Digest::of(bytes);
        if found != self.digest {
            return Err(Error::Digest { what, expected: self.digest.clone(), found });
        }
        Ok(())
    }
}

const fn limited(what: &'static str, size: u64, limit: u64) -> Result<(), Error> {
    if size > limit { Err(Error::TooLong { what, size, limit }) } else { Ok(()) }
}
