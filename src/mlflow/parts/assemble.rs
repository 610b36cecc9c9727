//! From the parts to the file: read in order, each against its digest, while the whole is hashed.

use super::super::error::{Error, Result};
use super::{Parts, refused};
use crate::clock;
use seatrial_domain::Digest;
use seatrial_store::artifacts::{Artifact, ArtifactPath};
use seatrial_store::blobs::{Blob, Writer};
use seatrial_store::multipart::{Part, State, Upload};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

const CHUNK_BYTES: usize = 256 * 1024;

impl Parts {
    /// Puts the file together from the parts that the client names, and where it belongs. Done
    /// again, it changes nothing, and gives none: a client may not have heard the answer.
    pub(crate) async fn complete(
        &self,
        id: &str,
        path: &ArtifactPath,
        named: &BTreeMap<u64, String>,
    ) -> Result<Option<Blob>> {
        let _only = self.turns.of(id).await;
        let upload = self.upload(id).await?;
        if upload.path != *path {
            return Err(Error::invalid(format!(
                "the upload is one of {}, not {path}",
                upload.path
            )));
        }
        match upload.state {
            State::Completed => return Ok(None),
            State::Open => refuse_others(&upload, named)?,
        }
        let mut writer = self.store.blobs().writer(self.max_file).await?;
        for part in &upload.arrived {
            self.append(part, &mut writer).await?;
        }
        let _until_named = self.store.blobs().hold();
        let whole = Artifact { path: upload.path, blob: writer.finish().await? };
        self.store.complete_multipart(id, &whole, self.max_files, clock::now()).await?;
        self.remove(&upload.arrived).await;
        Ok(Some(whole.blob))
    }

    /// Adds a part's bytes. A part that is lost or altered is forgotten, and may be sent again.
    async fn append(&self, part: &Part, writer: &mut Writer) -> Result<()> {
        let digest = match File::open(self.dir.join(&part.file)).await {
            Ok(file) => copy(file, writer).await?,
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(refused(error)),
        };
        if digest.as_ref() == Some(&part.bytes.digest) {
            return Ok(());
        }
        self.store.forget_parts(std::slice::from_ref(&part.file)).await?;
        self.remove(std::slice::from_ref(part)).await;
        let number = part.number;
        Err(Error::invalid(format!("part {number} is not as it was received: send it again")))
    }
}

/// Copies a part; gives the digest of what was read.
async fn copy(mut file: File, writer: &mut Writer) -> Result<Option<Digest>> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read(&mut buffer).await.map_err(refused)?;
        match buffer.get(..read) {
            Some([]) | None => break,
            Some(bytes) => {
                hasher.update(bytes);
                writer.write(bytes).await?;
            }
        }
    }
    Ok(Some(Digest::from_sha256(&hasher.finalize().into())))
}

/// Every part that was announced must be here, and be the one that the client has sent.
fn refuse_others(upload: &Upload, named: &BTreeMap<u64, String>) -> Result<()> {
    let arrived: BTreeMap<u64, String> =
        upload.arrived.iter().map(|part| (part.number, part.bytes.digest.to_string())).collect();
    for number in 1..=upload.parts {
        let (here, said) = (arrived.get(&number), named.get(&number));
        match (here, said) {
            (None, _) => return Err(Error::invalid(format!("part {number} has not arrived"))),
            (Some(_), None) => {
                return Err(Error::invalid(format!("part {number} is not named")));
            }
            (Some(here), Some(said)) if here != said => {
                let message = format!("part {number} here is {here}, not {said}");
                return Err(Error::invalid(message));
            }
            (Some(_), Some(_)) => {}
        }
    }
    match named.keys().find(|number| **number == 0 || **number > upload.parts) {
        Some(beyond) => Err(Error::invalid(format!("there is no part {beyond}"))),
        None => Ok(()),
    }
}
