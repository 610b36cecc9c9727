//! A version's bytes, checked against its sealed manifest every time they are loaded (law 8).

use anyhow::Context as _;
use seatrial_domain::manifest::File;
use seatrial_domain::{VersionRef, manifest::Manifest};
use seatrial_runtime::{Files, onnx};
use seatrial_store::blobs::LocalFile;
use seatrial_store::{Blobs, Store};
use std::path::PathBuf;
use std::sync::Arc;

/// The largest model that is loaded into this process, with the data it keeps in other files.
const MODEL_BYTES_MAX: u64 = 8 << 30;

/// The files of a version's model.
pub(super) struct ModelFiles {
    /// Where their blobs are, as long as `held` lives: for the trial in a child process.
    pub(super) paths: Files<PathBuf>,
    pub(super) held: Vec<LocalFile>,
    /// Their verified bytes: for this process.
    pub(super) bytes: Files<Arc<[u8]>>,
}

/// Reads a version's model, with the files that its tensors name. Errors name the blob that is
/// missing or altered.
pub(super) async fn model_files(store: &Store, version: &VersionRef) -> anyhow::Result<ModelFiles> {
    let record = store.version(&version.model, version.number).await?;
    let (manifest, blobs) = (&record.manifest, store.blobs());
    let file =
        record.served().context("the version holds nothing that Seatrial serves: no ONNX file")?;
    let mut left = MODEL_BYTES_MAX;
    let (model, local) = read(blobs, file, &mut left).await?;
    let mut files = ModelFiles {
        paths: Files::alone(local.path().to_owned()),
        held: vec![local],
        bytes: Files::alone(Arc::clone(&model)),
    };
    for (name, file) in named(&model, manifest, file)? {
        let (bytes, local) = read(blobs, file, &mut left).await?;
        files.paths.beside.insert(name.clone(), local.path().to_owned());
        files.held.push(local);
        files.bytes.beside.insert(name, bytes);
    }
    Ok(files)
}

/// The files that the model's tensors keep their data in.
fn named<'a>(
    model: &[u8],
    manifest: &'a Manifest,
    file: &File,
) -> anyhow::Result<Vec<(String, &'a File)>> {
    let tensors = onnx::parse(model)?.external;
    let is_named = |name: &str| tensors.iter().any(|tensor| tensor.path() == name);
    let beside = manifest.beside(file).filter(|(name, _)| is_named(name));
    Ok(beside.map(|(name, file)| (name.to_owned(), file)).collect())
}

/// A file's verified bytes, if they fit into what is `left`, and where they are.
async fn read(
    blobs: &Blobs,
    file: &File,
    left: &mut u64,
) -> anyhow::Result<(Arc<[u8]>, LocalFile)> {
    let (bytes, local) = blobs.read_local(&file.digest, *left).await?;
    *left = left.saturating_sub(file.size);
    let bytes: Vec<u8> = bytes.into();
    Ok((Arc::from(bytes), local))
}
