//! Signatures on the client's side: the private key stays here, and so does the judgement. What is
//! signed is what this machine has read, never what a server says that it holds.

mod key_file;
mod verify;

pub(super) use verify::{Verify, verify};

use super::client::{Client, Error, segment};
use super::exit::{unreadable, usage};
use super::model::{reference, version_path};
use super::output::Output;
use super::push::open;
use super::push::tree::{self, Local};
use super::{Context, Exit};
use crate::api::wire::{Register, Signature, Version};
use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use reqwest::Method;
use seatrial_domain::manifest::{ArtifactType, File, Manifest};
use seatrial_domain::signing::{self, Bundle};
use seatrial_domain::{Digest, ModelName, VersionNumber};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

const CHUNK_BYTES: usize = 256 * 1024;
/// How model-signing calls a signature, unless it is told otherwise.
const USUAL_NAME: &str = "model.sig";

/// How a version gets its signature.
#[derive(Debug, Args)]
pub(super) struct Signing {
    /// Sign the files with this EC P-256 key (PEM, not encrypted, readable by you alone); it never
    /// leaves this machine.
    #[arg(long, value_name = "KEY.pem", conflicts_with = "signature")]
    sign_key: Option<PathBuf>,
    /// Send this signature of the files, as model-signing writes it; it is no part of the version.
    #[arg(long, value_name = "BUNDLE")]
    signature: Option<PathBuf>,
}

impl Signing {
    /// What of these files is signed and pushed: all but the signature's own.
    pub(super) fn of(&self, mut files: Vec<Local>, output: &Output) -> anyhow::Result<Vec<Local>> {
        let Some(bundle) = &self.signature else {
            if let Some(file) = files.iter().find(|file| file.name.as_str() == USUAL_NAME) {
                let path = file.path.display();
                let hint = format!("--signature {path} would send it as the signature");
                output.note(&format!("{path} is pushed as a file; {hint}"));
            }
            return Ok(files);
        };
        let found = std::fs::metadata(bundle).map_err(|error| unreadable(bundle, &error))?;
        let itself = (found.dev(), found.ino());
        files.retain(|file| file.identity != itself);
        Ok(files)
    }

    /// The signature that goes with these files.
    pub(super) async fn bundle(
        &self,
        name: &ModelName,
        files: &[Local],
    ) -> anyhow::Result<Option<Bundle>> {
        if let Some(path) = &self.signature {
            return read(path).map(Some);
        }
        let Some(path) = &self.sign_key else { return Ok(None) };
        let key = key_file::private(path)?;
        let files = files.to_vec();
        let manifest = tokio::task::spawn_blocking(move || manifest(&files)).await??;
        Ok(Some(Bundle::sign(name.as_str(), &manifest, &key)?))
    }
}

#[derive(Debug, Args)]
pub struct Sign {
    /// NAME, or NAME@VERSION.
    name: String,
    version: Option<VersionNumber>,
    /// The version's files on this machine, which --sign-key signs.
    #[arg(long, value_name = "PATH", required_unless_present = "signature")]
    files: Option<PathBuf>,
    #[command(flatten)]
    signing: Signing,
}

/// Adds a signature to a version.
pub(super) async fn sign(arguments: &Sign, context: &Context) -> anyhow::Result<Exit> {
    let (name, version) = reference(&arguments.name, arguments.version)?;
    let name = ModelName::new(name)?;
    let files = |path: &PathBuf| arguments.signing.of(tree::scan(path)?, &context.output);
    let files = arguments.files.as_ref().map(files).transpose()?;
    let bundle = arguments.signing.bundle(&name, &files.unwrap_or_default()).await?;
    let bundle = bundle.ok_or_else(|| usage("give --sign-key KEY.pem or --signature BUNDLE"))?;
    let client = context.client()?;
    let path = version_path(name.as_str(), version, context).await?;
    let request = client.request(Method::POST, &format!("{path}/signatures"));
    let signature: Signature = client.json(request.with(bundle)).await?;
    context.output.show(&signature, |signature| format!("signed by {}", by(signature)))?;
    Ok(Exit::Success)
}

/// Registers an upload, with the signature of its files.
pub(super) async fn register(
    client: &Client,
    path: &str,
    register: &Register,
    bundle: Option<Bundle>,
) -> Result<Version, Error> {
    if let Some(bundle) = bundle {
        let place = format!("/uploads/{}/signature", segment(&register.upload));
        client.answer(client.request(Method::PUT, &place).with(bundle)).await?;
    }
    client.post(path, register).await
}

/// Who signed, for people.
pub(super) fn by(signature: &Signature) -> String {
    let key = signature.made_by.as_deref().unwrap_or("a key that it does not name");
    match signature.keys.as_slice() {
        [] => format!("{key}  (not among this server's keys)"),
        names => format!("{key}  ({})", names.join(", ")),
    }
}

trait With {
    fn with(self, bundle: Bundle) -> Self;
}

impl With for reqwest::RequestBuilder {
    fn with(self, bundle: Bundle) -> Self {
        let text = Bytes::from(bundle.as_str().to_owned());
        self.header("content-type", "application/json").body(text)
    }
}

fn read(path: &Path) -> anyhow::Result<Bundle> {
    let limit = u64::try_from(signing::BYTES_LIMIT).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &error))?;
    Bundle::parse(&bytes).map_err(|error| usage(format!("{}: {error}", path.display())))
}

/// What would be sealed of these files.
fn manifest(files: &[Local]) -> anyhow::Result<Manifest> {
    let sealed = |local: &Local| -> anyhow::Result<File> {
        let (digest, size) = hash(local).with_context(|| local.path.display().to_string())?;
        Ok(File { path: local.name.clone(), digest, size })
    };
    let files = files.iter().map(sealed).collect::<anyhow::Result<_>>()?;
    Ok(Manifest::new(ArtifactType::Model, files)?)
}

fn hash(local: &Local) -> anyhow::Result<(Digest, u64)> {
    let mut file = open(local)?;
    let (mut hasher, mut size) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read(&mut buffer)?;
        match buffer.get(..read) {
            Some([]) | None => break,
            Some(bytes) => hasher.update(bytes),
        }
        size = size.saturating_add(u64::try_from(read)?);
    }
    Ok((Digest::from_sha256(&hasher.finalize().into()), size))
}
