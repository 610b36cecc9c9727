//! An artifact path as a client sends it: of a registered version, or of what was uploaded. A path
//! only ever names a row of the database; nothing is looked up on the disk by it.

use super::error::{Error, Result};
use crate::api::Api;
use seatrial_domain::{Digest, ModelName, VersionNumber, VersionRef};
use seatrial_store::artifacts::{ArtifactPath, VERSIONS};

/// Where a version's files are, as an artifact path.
pub(super) fn prefix(version: &VersionRef) -> String {
    format!("{VERSIONS}/{}/{}", version.model, version.number.0)
}

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Place {
    /// Above everything that was uploaded.
    Top,
    Uploaded(ArtifactPath),
    Version(Within),
}

/// A place within a version.
#[derive(Debug)]
pub(super) struct Within {
    pub(super) model: ModelName,
    pub(super) number: VersionNumber,
    /// Within the version; empty: its root.
    pub(super) rest: String,
}

impl Place {
    /// A directory may be written with a slash at its end.
    pub(super) fn parse(path: &str) -> Result<Self> {
        let path = path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path);
        if path.is_empty() {
            return Ok(Self::Top);
        }
        match path.split('/').collect::<Vec<_>>().as_slice() {
            [VERSIONS, rest @ ..] => Within::parse(path, rest).map(Self::Version),
            _ => Ok(Self::Uploaded(ArtifactPath::new(path)?)),
        }
    }
}

impl Within {
    fn parse(path: &str, parts: &[&str]) -> Result<Self> {
        let refused = |fault: &str| Error::invalid(format!("path {path:?} {fault}"));
        let odd = |c: char| c.is_control() || matches!(c, '\\' | '%');
        if path.contains(odd) || parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(refused("is not a relative path of plain parts"));
        }
        let [model, number, rest @ ..] = parts else {
            return Err(refused("is none of versions/MODEL/NUMBER/…"));
        };
        Ok(Self {
            model: ModelName::new(model)?,
            number: number
                .parse()
                .map(VersionNumber)
                .map_err(|_not_a_number| refused("names no version"))?,
            rest: rest.join("/"),
        })
    }
}

/// A file that is there.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) digest: Digest,
    /// Bytes.
    pub(super) size: u64,
}

/// The file at `path`.
pub(super) async fn find(api: &Api, path: &str) -> Result<Found> {
    let missing = || Error::missing(format!("there is no file at {path}"));
    match Place::parse(path)? {
        Place::Top => Err(missing()),
        Place::Uploaded(at) => {
            let file = api.app.store.artifact(&at).await?.ok_or_else(missing)?;
            let (digest, size) = (file.blob.digest, file.blob.size);
            Ok(Found { name: at.name().to_owned(), digest, size })
        }
        Place::Version(within) => {
            let version = api.app.store.version(&within.model, within.number).await?;
            let file = version.manifest.file(&within.rest).ok_or_else(missing)?;
            let name = within.rest.rsplit('/').next().unwrap_or_default().to_owned();
            Ok(Found { name, digest: file.digest.clone(), size: file.size })
        }
    }
}
