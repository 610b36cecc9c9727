//! Where the files of a version lie while it is described: a process of its own reads them, so they
//! must be on this disk.

use super::upload::{Directory, Upload};
use super::{Error, UploadId};
use seatrial_domain::manifest::{File, Manifest};
use seatrial_runtime::Files;
use seatrial_store::Blobs;
use std::path::{Path, PathBuf};

/// Where a version's files come from.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// They were just received.
    Upload(&'a Upload),
    /// They are stored: what is asked for is copied, verified, and gone when this is dropped.
    Spool { blobs: &'a Blobs, dir: Directory },
}

impl<'a> Place<'a> {
    /// A place for copies, below `spool`.
    pub(super) fn spooled(blobs: &'a Blobs, spool: &Path) -> Result<Self, Error> {
        let dir = Directory::create(spool.join(UploadId::random().as_str()))?;
        Ok(Self::Spool { blobs, dir })
    }

    /// Where this file of the version is.
    pub(super) async fn file(&self, file: &File) -> Result<PathBuf, Error> {
        match self {
            Self::Upload(upload) => {
                let received = upload.file(&file.path).ok_or(std::io::ErrorKind::NotFound);
                Ok(received.map_err(std::io::Error::from)?.at.clone())
            }
            Self::Spool { blobs, dir } => {
                let path = dir.path().join(file.digest.hex());
                if !tokio::fs::try_exists(&path).await? {
                    let mut from = blobs.open_verified(&file.digest, 0).await?;
                    let mut to = tokio::fs::File::create_new(&path).await?;
                    tokio::io::copy(&mut from, &mut to).await?;
                    tokio::io::AsyncWriteExt::flush(&mut to).await?;
                }
                Ok(path)
            }
        }
    }

    /// The file that will be loaded, with those beside it that may hold its data.
    pub(super) async fn files(
        &self,
        manifest: &Manifest,
        main: &File,
    ) -> Result<Files<PathBuf>, Error> {
        let mut files = Files::alone(self.file(main).await?);
        for (name, file) in manifest.beside(main) {
            files.beside.insert(name.to_owned(), self.file(file).await?);
        }
        Ok(files)
    }
}
