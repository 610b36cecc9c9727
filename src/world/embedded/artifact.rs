//! A version's bytes, checked against its sealed manifest every time they are loaded (law 8).

use anyhow::Context as _;
use seatrial_domain::VersionRef;
use seatrial_store::Store;
use std::path::PathBuf;

/// The largest model file that is loaded into this process.
const MODEL_BYTES_MAX: u64 = 8 << 30;

/// The model file of a version.
pub(super) struct ModelFile {
    /// Where its blob is: for the trial in a child process.
    pub(super) path: PathBuf,
    /// Its verified bytes: for this process.
    pub(super) bytes: Vec<u8>,
}

/// Reads a version's model file. Errors name the blob that is missing or altered.
pub(super) async fn model_file(store: &Store, version: &VersionRef) -> anyhow::Result<ModelFile> {
    let record = store.version(&version.model, version.number).await?;
    let file = record.manifest.onnx_file().context("the manifest names no single ONNX file")?;
    let digest = &file.digest;
    let bytes = store.blobs().read_verified(digest, MODEL_BYTES_MAX).await?;
    Ok(ModelFile { path: store.blobs().path(digest), bytes: bytes.into() })
}
