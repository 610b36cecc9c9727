//! Where the files of a version lie while it is described: a process of its own reads them, so they
//! must be on this disk.

use super::Error;
use super::upload::Upload;
use bytes::Bytes;
use seatrial_domain::manifest::{File, Manifest};
use seatrial_runtime::Files;
use seatrial_store::Blobs;
use seatrial_store::blobs::LocalFile;
use std::io::{Error as IoError, ErrorKind};
use std::path::PathBuf;

/// Where a version's files come from.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// They were just received.
    Upload(&'a Upload),
    /// They are stored: what is asked for was verified.
    Stored(&'a Blobs),
}

/// A file to be read, which stays while this lives.
#[derive(Debug)]
struct Readable {
    path: PathBuf,
    stays: Option<LocalFile>,
}

/// The files of a trial, which stay while this lives.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) files: Files<PathBuf>,
    main: File,
    stay: Vec<LocalFile>,
}

impl Place<'_> {
    /// The whole of a small file.
    pub(super) async fn read(&self, file: &File, limit: u64) -> Result<Bytes, Error> {
        match self {
            Self::Upload(upload) => Ok(tokio::fs::read(received(upload, file)?).await?.into()),
            Self::Stored(blobs) => Ok(blobs.read_verified(&file.digest, limit).await?),
        }
    }

    async fn file(&self, file: &File) -> Result<Readable, Error> {
        match self {
            Self::Upload(upload) => Ok(Readable { path: received(upload, file)?, stays: None }),
            Self::Stored(blobs) => {
                let local = blobs.located(&file.digest).await?;
                Ok(Readable { path: local.path().to_owned(), stays: Some(local) })
            }
        }
    }

    /// The file that will be loaded.
    pub(super) async fn alone(&self, main: &File) -> Result<Trial, Error> {
        let Readable { path, stays } = self.file(main).await?;
        Ok(Trial { files: Files::alone(path), main: main.clone(), stay: Vec::from_iter(stays) })
    }

    /// With the files beside it that may hold its data.
    pub(super) async fn trial(&self, manifest: &Manifest, alone: Trial) -> Result<Trial, Error> {
        let mut all = alone;
        for (name, file) in manifest.beside(&all.main) {
            let Readable { path, stays } = self.file(file).await?;
            all.files.beside.insert(name.to_owned(), path);
            all.stay.extend(stays);
        }
        Ok(all)
    }
}

fn received(upload: &Upload, file: &File) -> Result<PathBuf, IoError> {
    upload.file(&file.path).map(|file| file.at.clone()).ok_or(ErrorKind::NotFound.into())
}
