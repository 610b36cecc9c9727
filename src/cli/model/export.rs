//! A version as an OCI image layout: written beside its place, then moved there whole. Every byte
//! is compared with the sealed manifest on its way.

use super::super::client::{ANSWER_TIMEOUT, Client, segment};
use super::super::exit::{missing, usage};
use super::super::push::human_bytes;
use super::super::{Context, Exit};
use super::version_path;
use crate::api::wire::{Model, SealedFile, Version};
use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use seatrial_domain::manifest::{ArtifactType, File as Sealed, FilePath, Manifest};
use seatrial_domain::oci::{About, BLOBS_DIR, INDEX_FILE, LAYOUT_FILE, Package, pack};
use seatrial_domain::{Digest, ModelName, Timestamp, VersionNumber};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use tokio::time::timeout;

#[derive(Debug, Args)]
pub struct Export {
    /// NAME, NAME@VERSION or NAME@ALIAS; the newest version where none is said.
    reference: String,
    /// Where the OCI image layout goes: a directory that is not there yet, or is empty.
    #[arg(long, value_name = "DIR")]
    oci: PathBuf,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Exported {
    model: String,
    version: u64,
    /// The version's.
    digest: String,
    /// The layout's manifest, as tools that copy layouts name it.
    manifest: String,
    dir: PathBuf,
}

pub(super) async fn run(arguments: &Export, context: &Context) -> anyhow::Result<Exit> {
    refuse_occupied(&arguments.oci)?;
    let client = context.client()?;
    let path = find(&arguments.reference, context).await?;
    let version: Version = client.get(&path).await?;
    let manifest = sealed(&version)?;
    let package = pack(&manifest, &about(&version)?);
    let parent = parent(&arguments.oci);
    let named = || format!("{}", arguments.oci.display());
    let temporary = tempfile::Builder::new().prefix(".seatrial-export-").tempdir_in(parent);
    let temporary = temporary.with_context(named)?;
    // Its mode is the user's own choice, unlike a temporary directory's.
    let layout = temporary.path().join("layout");
    fs::create_dir_all(layout.join(BLOBS_DIR)).with_context(named)?;
    let distinct: BTreeMap<_, _> =
        manifest.files().iter().map(|file| (file.digest.clone(), file)).collect();
    for (done, file) in distinct.values().enumerate() {
        let size = human_bytes(file.size);
        context.output.note(&format!("[{}/{}] {}  {size}", done + 1, distinct.len(), file.path));
        fetch(&client, &path, file, &layout).await?;
    }
    write(&package, &layout).with_context(named)?;
    // An empty directory in its place gives way; anything that came meanwhile does not.
    fs::rename(&layout, &arguments.oci).with_context(named)?;
    sync(parent).with_context(named)?;
    let exported = Exported {
        model: version.model,
        version: version.version,
        digest: version.digest,
        manifest: Digest::of(&package.manifest).to_string(),
        dir: arguments.oci.clone(),
    };
    context.output.show(&exported, |exported| {
        let number = VersionNumber(exported.version);
        format!("{} {number}  {}  {}", exported.model, exported.digest, exported.dir.display())
    })?;
    Ok(Exit::Success)
}

fn parent(dir: &Path) -> &Path {
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// Nothing is ever overwritten.
fn refuse_occupied(dir: &Path) -> anyhow::Result<()> {
    let entries = match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| dir.display().to_string()),
        Ok(found) if found.is_dir() => fs::read_dir(dir),
        Ok(_) => return Err(usage(format!("{} is not a directory", dir.display()))),
    };
    let mut entries = entries.with_context(|| dir.display().to_string())?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(usage(format!(
            "{} is not empty; name a directory that is not there yet",
            dir.display()
        ))),
    }
}

/// The version's path in the API.
async fn find(reference: &str, context: &Context) -> anyhow::Result<String> {
    let Some((name, wanted)) = reference.rsplit_once('@') else {
        return version_path(reference, None, context).await;
    };
    let model: Model = context.client()?.get(&format!("/models/{}", segment(name))).await?;
    match meant(&model.aliases, wanted) {
        Some(number) => version_path(name, Some(number), context).await,
        None => Err(missing(format!("{name} has no alias {wanted}"))),
    }
}

/// The version that a word behind `@` is. An alias of a registry client's may look like a number.
fn meant(aliases: &BTreeMap<String, u64>, wanted: &str) -> Option<VersionNumber> {
    aliases.get(wanted).copied().map(VersionNumber).or_else(|| wanted.parse().ok())
}

/// The sealed manifest, as the server's list of files gives it.
fn sealed(version: &Version) -> anyhow::Result<Manifest> {
    let file = |file: &SealedFile| {
        let (path, digest) = (FilePath::new(&file.path)?, file.digest.parse()?);
        anyhow::Ok(Sealed { path, digest, size: file.size })
    };
    let files = version.files.iter().map(file).collect::<anyhow::Result<_>>()?;
    let manifest = Manifest::new(ArtifactType::Model, files)?;
    let found = manifest.digest();
    anyhow::ensure!(
        found.as_str() == version.digest,
        "the server's list of files is not the sealed one"
    );
    Ok(manifest)
}

fn about(version: &Version) -> anyhow::Result<About> {
    let created_at: jiff::Timestamp = version.created_at.parse()?;
    Ok(About {
        model: ModelName::new(&version.model)?,
        number: VersionNumber(version.version),
        created_at: Timestamp::from_micros(created_at.as_microsecond()),
    })
}

/// One file's bytes, as they stream; any others than the sealed ones are refused.
async fn fetch(client: &Client, path: &str, file: &Sealed, layout: &Path) -> anyhow::Result<()> {
    let place = layout.join(BLOBS_DIR).join(file.digest.hex());
    let written = || place.display().to_string();
    let path = format!("{path}/blobs/{}", segment(file.digest.as_str()));
    let response = timeout(ANSWER_TIMEOUT, client.answer(client.unbounded(Method::GET, &path)));
    let mut response = response.await.context("the server did not answer in time")??;
    let mut to = fs::File::create_new(&place).with_context(written)?;
    let (mut hash, mut size) = (Sha256::new(), 0_u64);
    loop {
        let chunk = timeout(ANSWER_TIMEOUT, response.chunk()).await;
        let Some(chunk) = chunk.context("the server fell silent")?? else { break };
        size = size.saturating_add(u64::try_from(chunk.len())?);
        anyhow::ensure!(size <= file.size, "{}: more bytes came than are sealed", file.path);
        hash.update(&chunk);
        to.write_all(&chunk).with_context(written)?;
    }
    let found = Digest::from_sha256(&hash.finalize().into());
    anyhow::ensure!(
        found == file.digest,
        "{}: the bytes that came are not the sealed ones",
        file.path
    );
    to.sync_all().with_context(written)
}

/// The documents, after every blob they name.
fn write(package: &Package, layout: &Path) -> std::io::Result<()> {
    let blobs = layout.join(BLOBS_DIR);
    for (digest, bytes) in package.blobs() {
        durable(&blobs.join(digest.hex()), bytes)?;
    }
    durable(&layout.join(LAYOUT_FILE), &package.layout)?;
    durable(&layout.join(INDEX_FILE), &package.index)?;
    [blobs.as_path(), &layout.join("blobs"), layout].into_iter().try_for_each(sync)
}

fn durable(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync(dir: &Path) -> std::io::Result<()> {
    fs::File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_that_looks_like_a_number_is_the_alias() {
        let aliases = [("7".to_owned(), 2), ("best".to_owned(), 1)].into();
        let meant = |wanted| meant(&aliases, wanted).map(|number| number.0);
        assert_eq!([meant("7"), meant("best"), meant("3")], [Some(2), Some(1), Some(3)]);
        assert_eq!(meant("none"), None);
    }
}
