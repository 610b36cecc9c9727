//! `model verify`: the server reads every byte; the signature is judged here, by a key of the
//! caller's own, so that nothing the server says of itself is believed.

use super::key_file;
use crate::api::wire::{FileCheck, FileState, SealedFile, Signature, Verification, Version};
use crate::cli::client::{Client, segment};
use crate::cli::model::{reference, version_path};
use crate::cli::{Context, Exit, table};
use clap::Args;
use reqwest::Method;
use seatrial_domain::VersionNumber;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_domain::signing::{Bundle, Invalid, PublicKey};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Verify {
    /// NAME, or NAME@VERSION.
    name: String,
    version: Option<VersionNumber>,
    /// Also require a signature by this public key (PEM): the exit status is 4 where none holds.
    #[arg(long, value_name = "PUB.pem")]
    key: Option<PathBuf>,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Verified {
    #[serde(flatten)]
    bytes: Verification,
    /// Null where no key was given.
    signature: Option<Finding>,
}

#[derive(Debug, Serialize)]
struct Finding {
    key_id: String,
    /// The bundle that holds; null: none does.
    bundle: Option<String>,
    /// Why none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
}

pub(crate) async fn verify(arguments: &Verify, context: &Context) -> anyhow::Result<Exit> {
    let key = arguments.key.as_deref().map(key_file::public).transpose()?;
    let client = context.client()?;
    let (name, version) = reference(&arguments.name, arguments.version)?;
    let path = version_path(name, version, context).await?;
    let bytes: Verification =
        client.post(&format!("{path}/verify"), &serde_json::json!({})).await?;
    let signature = match &key {
        Some(key) => Some(find(&client, &path, key).await?),
        None => None,
    };
    let verified = Verified { bytes, signature };
    context.output.show(&verified, in_words)?;
    Ok(exit(&verified))
}

fn exit(verified: &Verified) -> Exit {
    let denied = verified.signature.as_ref().is_some_and(|found| found.bundle.is_none());
    match (verified.bytes.is_intact(), denied) {
        (_, true) => Exit::Denied,
        (false, false) => Exit::Internal,
        (true, false) => Exit::Success,
    }
}

/// The first signature that holds for the key and covers the version's files.
async fn find(client: &Client, path: &str, key: &PublicKey) -> anyhow::Result<Finding> {
    let version: Version = client.get(path).await?;
    let manifest = manifest(&version.files, &version.digest)?;
    let signatures: Vec<Signature> = client.get(&format!("{path}/signatures")).await?;
    let mut finding = Finding { key_id: key.id().to_string(), bundle: None, faults: Vec::new() };
    // What says that it is another key's is not fetched.
    let may_be_its = |signature: &&Signature| {
        signature.made_by.as_deref().is_none_or(|made_by| made_by == key.id().as_str())
    };
    for signature in signatures.iter().filter(may_be_its) {
        let export = format!("{path}/signatures/{}", segment(&signature.id));
        let sent = client.answer(client.request(Method::GET, &export)).await?;
        match judge(&sent.bytes().await?, &manifest, key) {
            Judged::Holds => {
                finding.bundle = Some(signature.id.clone());
                finding.faults.clear();
                return Ok(finding);
            }
            Judged::Other => {}
            Judged::Fault(fault) => finding.faults.push(format!("{}: {fault}", signature.id)),
        }
    }
    if finding.faults.is_empty() {
        finding.faults.push(format!("none of its {} signatures is by this key", signatures.len()));
    }
    Ok(finding)
}

enum Judged {
    Holds,
    /// By another key, and it says so.
    Other,
    Fault(String),
}

fn judge(bytes: &[u8], manifest: &Manifest, key: &PublicKey) -> Judged {
    let bundle = match Bundle::parse(bytes) {
        Ok(bundle) => bundle,
        Err(error) => return Judged::Fault(error.to_string()),
    };
    match (bundle.verify(key), bundle.covers(manifest)) {
        (Ok(()), Ok(())) => Judged::Holds,
        (Ok(()), Err(mismatch)) => Judged::Fault(mismatch.to_string()),
        (Err(Invalid::OtherKey { .. }), _) => Judged::Other,
        (Err(forged @ Invalid::Forged { .. }), _) => Judged::Fault(forged.to_string()),
    }
}

/// The manifest as this client makes it of the files that the server lists.
fn manifest(files: &[SealedFile], digest: &str) -> anyhow::Result<Manifest> {
    let file = |file: &SealedFile| -> anyhow::Result<File> {
        Ok(File { path: file.path.parse()?, digest: file.digest.parse()?, size: file.size })
    };
    let files = files.iter().map(file).collect::<anyhow::Result<_>>()?;
    let manifest = Manifest::new(ArtifactType::Model, files)?;
    anyhow::ensure!(
        manifest.digest().as_str() == digest,
        "the files that the server lists are not those of {digest}"
    );
    Ok(manifest)
}

fn in_words(verified: &Verified) -> String {
    let row = |file: &FileCheck| {
        let state = match file.state {
            FileState::Intact => "intact",
            FileState::Missing => "missing",
            FileState::Corrupt => "corrupt",
        };
        [file.path.clone(), state.to_owned()]
    };
    let rows = verified.bytes.files.iter().map(row).collect::<Vec<_>>();
    let files = format!("{}\n{}", verified.bytes.digest, table::render(["file", "state"], &rows));
    let Some(found) = &verified.signature else { return files };
    match &found.bundle {
        Some(bundle) => format!("{files}\nsigned by {}  (bundle {bundle})", found.key_id),
        None => format!("{files}\nNOT signed by {}: {}", found.key_id, found.faults.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(state: FileState, signature: Option<Option<&str>>) -> Verified {
        let files = vec![FileCheck { path: "m".to_owned(), state }];
        let bytes = Verification { digest: "d".to_owned(), files };
        let signature = signature.map(|bundle| Finding {
            key_id: "k".to_owned(),
            bundle: bundle.map(str::to_owned),
            faults: Vec::new(),
        });
        Verified { bytes, signature }
    }

    #[test]
    fn a_signature_that_does_not_hold_is_denied_and_bytes_that_do_not_are_a_fault() {
        let cases = [
            (FileState::Intact, None, Exit::Success),
            (FileState::Intact, Some(Some("b")), Exit::Success),
            (FileState::Intact, Some(None), Exit::Denied),
            (FileState::Corrupt, Some(Some("b")), Exit::Internal),
            (FileState::Corrupt, None, Exit::Internal),
        ];
        for (state, signature, expected) in cases {
            assert_eq!(exit(&verified(state, signature)), expected, "{state:?} {signature:?}");
        }
    }

    #[test]
    fn the_files_that_are_judged_are_those_of_the_digest() {
        let digest = seatrial_domain::Digest::of(b"a");
        let path = "model.onnx";
        let listed = [SealedFile { path: path.to_owned(), size: 1, digest: digest.to_string() }];
        let refused = manifest(&listed, digest.as_str()).unwrap_err();
        assert!(refused.to_string().contains("are not those of"), "{refused}");
        let file = File { path: path.parse().unwrap(), digest, size: 1 };
        let sealed = Manifest::new(ArtifactType::Model, vec![file]).unwrap();
        assert_eq!(manifest(&listed, sealed.digest().as_str()).unwrap(), sealed);
    }
}
