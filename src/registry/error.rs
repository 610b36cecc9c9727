//! Why something is not let in.

use super::UploadId;
use crate::dataset;
use crate::signatures;
use seatrial_domain::manifest::{self, FilePath};
use seatrial_domain::{mlmodel, signing};
use seatrial_runtime::probe;
use seatrial_store::progress::TooSlow;
use seatrial_store::{blobs, datasets, versions};
use std::sync::Arc;

/// Why the registry refuses. Nothing of what was refused stays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no upload {0}: it was sealed, taken back, or has expired")]
    UnknownUpload(UploadId),
    #[error("{limit} uploads are open already")]
    TooManyUploads { limit: usize },
    #[error("{limit} pushes are being checked already; push again in a moment")]
    TooManyChecks { limit: usize },
    #[error("an upload has at most {limit} files")]
    TooManyFiles { limit: usize },
    #[error("more than {limit} bytes, the limit for {of}")]
    TooLarge { limit: u64, of: &'static str },
    #[error("{0} was uploaded before, with other bytes")]
    Different(FilePath),
    #[error("the upload broke off")]
    BrokenOff(#[source] axum::Error),
    #[error("{0}: the upload is given up")]
    Slow(#[from] TooSlow),
    #[error(
        "no ONNX file among {found}; a version is one .onnx file, a directory with one, or the \
         directory of an MLflow model"
    )]
    NoModel { found: String },
    #[error("several ONNX files ({found}), and none of them is model.onnx")]
    SeveralModels { found: String },
    #[error("MLmodel: {0}")]
    MlModels(#[source] mlmodel::Error),
    #[error("{path}: {source}")]
    MlModel {
        path: FilePath,
        #[source]
        source: mlmodel::Error,
    },
    #[error("{path}: its flavor onnx names {data}, which is not among the files")]
    NoData { path: FilePath, data: FilePath },
    /// What its author says of it cannot be so.
    #[error("{path} contradicts {model}: {source}")]
    Contradiction {
        path: FilePath,
        model: FilePath,
        #[source]
        source: Box<mlmodel::Contradiction>,
    },
    #[error("{path}: {source}")]
    Model {
        path: FilePath,
        /// Of a trial that others may have waited for too.
        #[source]
        source: Arc<probe::Error>,
    },
    #[error("a dataset is one file; this upload has {found}")]
    NotOneFile { found: usize },
    /// Its name says no format.
    #[error(transparent)]
    Format(#[from] dataset::Error),
    #[error(transparent)]
    Dataset(#[from] dataset::child::Error),
    #[error(transparent)]
    Bundle(#[from] signing::Error),
    /// The signature is of other files.
    #[error(transparent)]
    Mismatch(#[from] signing::Mismatch),
    #[error(transparent)]
    Signature(#[from] signatures::Refusal),
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
    #[error(transparent)]
    Versions(#[from] versions::Error),
    #[error(transparent)]
    Datasets(#[from] datasets::Error),
    /// The disk or the quota is full; nothing of the upload stays.
    #[error("no room is left for the upload: free some disk space and push again")]
    Full(#[source] std::io::Error),
    #[error("the upload directory can't be used")]
    Io(#[source] std::io::Error),
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
            Self::Full(error)
        } else {
            Self::Io(error)
        }
    }
}
