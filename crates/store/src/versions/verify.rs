//! Whether a version's bytes are still those that were sealed.

use super::Error;
use crate::{Store, blobs};
use seatrial_domain::manifest::FilePath;
use seatrial_domain::{ModelName, VersionNumber, VersionRef};

/// One file that does not hold.
#[derive(Debug)]
pub struct Fault {
    pub path: FilePath,
    pub error: blobs::Error,
}

/// What reading every byte has shown.
#[derive(Debug)]
pub struct Verified {
    pub version: VersionRef,
    pub files: usize,
    /// Bytes read and found right.
    pub bytes: u64,
    /// Empty: the version is sound.
    pub faults: Vec<Fault>,
}

impl Store {
    /// Reads every file of a version and compares digests. Errors: unknown version, and an object
    /// store that does not answer, which says nothing about the files.
    pub async fn verify_version(
        &self,
        model: &ModelName,
        number: VersionNumber,
    ) -> Result<Verified, Error> {
        let version = self.version(model, number).await?;
        let files = version.manifest.files();
        let mut verified = Verified {
            version: version.reference,
            files: files.len(),
            bytes: 0,
            faults: Vec::new(),
        };
        for file in files {
            match self.blobs().verify(&file.digest).await {
                Ok(bytes) => verified.bytes = verified.bytes.saturating_add(bytes),
                Err(error @ (blobs::Error::Unreachable(_) | blobs::Error::Denied(_))) => {
                    return Err(error.into());
                }
                Err(error) => verified.faults.push(Fault { path: file.path.clone(), error }),
            }
        }
        Ok(verified)
    }
}
