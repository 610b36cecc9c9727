//! From an upload to a registered dataset.

use super::{Error, Registry, UploadId};
use crate::clock;
use crate::dataset::Format;
use crate::dataset::child::Task;
use seatrial_domain::Actor;
use seatrial_domain::ids::DatasetName;
use seatrial_store::blobs::Blob;
use seatrial_store::datasets::{self, New, Registered};
use std::path::Path;

/// What a dataset is registered with.
#[derive(Debug, Clone)]
pub struct NewDataset {
    pub name: DatasetName,
    pub label: Option<String>,
    pub actor: Actor,
}

impl Registry {
    /// Reads the uploaded file whole, so that what is stored can be used, and registers it. The
    /// upload is used up, whatever comes of it.
    pub async fn register_dataset(
        &self,
        upload: &UploadId,
        new: NewDataset,
    ) -> Result<Registered, Error> {
        let _turn = self.turn()?;
        let upload = self.take(upload)?;
        let files = upload.files().collect::<Vec<_>>();
        let [file] = files.as_slice() else {
            return Err(Error::NotOneFile { found: files.len() });
        };
        let format = Format::of_path(Path::new(file.path.as_str()))?;
        let (path, name) = (file.at.clone(), file.path.to_string());
        let task = Task { path, name, format, label: new.label };
        let summary = self.children.dataset.inspect(&task).await?;
        let _until_registered = self.store.blobs().hold();
        self.store_file(file).await?;
        let new = New {
            name: new.name,
            blob: Blob { digest: file.digest.clone(), size: file.size },
            format: stored(format),
            columns: summary.columns.into_iter().map(|column| column.name).collect(),
            rows: u64::try_from(summary.rows).unwrap_or(u64::MAX),
            label: summary.label,
            actor: new.actor,
            now: clock::now(),
        };
        Ok(self.store.register_dataset(&new).await?)
    }
}

/// The format as the store names it.
const fn stored(format: Format) -> datasets::Format {
    match format {
        Format::Csv => datasets::Format::Csv,
        Format::Jsonl => datasets::Format::Jsonl,
        Format::Npz => datasets::Format::Npz,
        Format::Parquet => datasets::Format::Parquet,
    }
}
