//! An OCI image layout on this disk, read as a version's files. Nothing in it is followed: a link in
//! place of a directory or a file is refused, and bytes count only as the digests that name them.

use super::super::push::tree::Local;
use super::source::Taken;
use seatrial_domain::manifest::File as Sealed;
use seatrial_domain::oci::{
    self, BLOBS_DIR, Descriptor, INDEX_BYTES_LIMIT, INDEX_FILE, LAYOUT_FILE, MANIFEST_BYTES_LIMIT,
};
use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Why a directory is no layout.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Error {
    #[error("{}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is not a plain {expected}", path.display())]
    NotPlain { path: PathBuf, expected: &'static str },
    #[error("{} has {found} bytes; {expected} were announced", path.display())]
    Size { path: PathBuf, expected: u64, found: u64 },
    #[error("{}", path.display())]
    Layout {
        path: PathBuf,
        #[source]
        source: oci::Error,
    },
}

/// The files of the one model in the layout at `dir`. Their bytes are not read yet: whoever sends
/// them learns the digest of what was received.
pub(super) fn read(dir: &Path) -> anyhow::Result<Taken> {
    let named = |source| Error::Layout { path: dir.to_owned(), source };
    for folder in [PathBuf::new(), PathBuf::from("blobs"), PathBuf::from(BLOBS_DIR)] {
        directory(&dir.join(folder))?;
    }
    let layout = document(&dir.join(LAYOUT_FILE), INDEX_BYTES_LIMIT)?;
    oci::check_layout(&layout).map_err(named)?;
    let index = document(&dir.join(INDEX_FILE), INDEX_BYTES_LIMIT)?;
    let manifest = oci::read_index(&index).map_err(named)?;
    let bytes = document(&blob(dir, &manifest), MANIFEST_BYTES_LIMIT)?;
    let packed = oci::read_manifest(&bytes, &manifest).map_err(named)?;
    let config = document(&blob(dir, &packed.config), MANIFEST_BYTES_LIMIT)?;
    let name = oci::check_config(&config, &packed).map_err(named)?;
    let files = packed.manifest.files().iter().map(|file| local(dir, file));
    Ok(Taken {
        files: files.collect::<Result<_, Error>>()?,
        name,
        source: Some(format!("oci:{}", manifest.digest)),
        ..Taken::default()
    })
}

fn blob(dir: &Path, descriptor: &Descriptor) -> PathBuf {
    dir.join(BLOBS_DIR).join(descriptor.digest.hex())
}

fn local(dir: &Path, file: &Sealed) -> Result<Local, Error> {
    let descriptor = Descriptor { digest: file.digest.clone(), size: file.size };
    let path = blob(dir, &descriptor);
    let found = plain(&path)?.metadata().map_err(|source| read_fault(&path, source))?;
    if found.len() != file.size {
        return Err(Error::Size { path, expected: file.size, found: found.len() });
    }
    Ok(Local::sealed(path, file, &found))
}

fn directory(path: &Path) -> Result<(), Error> {
    let found = fs::symlink_metadata(path).map_err(|source| read_fault(path, source))?;
    if found.is_dir() {
        return Ok(());
    }
    Err(Error::NotPlain { path: path.to_owned(), expected: "directory" })
}

/// A whole small file.
fn document(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    // One byte beyond the limit lets the reader say that it is too long.
    let read = plain(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|source| read_fault(path, source))?;
    Ok(bytes)
}

/// Opens a plain file, never what a link leads to, nor what would make the reader wait.
fn plain(path: &Path) -> Result<File, Error> {
    let not_plain = || Error::NotPlain { path: path.to_owned(), expected: "file" };
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = file.map_err(|source| match rustix::io::Errno::from_io_error(&source) {
        Some(rustix::io::Errno::LOOP) => not_plain(),
        Some(_) | None => read_fault(path, source),
    })?;
    let found = file.metadata().map_err(|source| read_fault(path, source))?;
    if found.is_file() { Ok(file) } else { Err(not_plain()) }
}

fn read_fault(path: &Path, source: std::io::Error) -> Error {
    Error::Read { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::manifest::{ArtifactType, FilePath, Manifest};
    use seatrial_domain::oci::{About, pack};
    use seatrial_domain::{Digest, ModelName, Timestamp, VersionNumber};
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    const BYTES: &[u8] = b"weights";

    /// A layout of one file.
    fn layout() -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let digest = Digest::of(BYTES);
        let path = FilePath::new("model.onnx").unwrap();
        let file = Sealed { path, digest: digest.clone(), size: 7 };
        let manifest = Manifest::new(ArtifactType::Model, vec![file]).unwrap();
        let about = About {
            model: ModelName::new("digits").unwrap(),
            number: VersionNumber(1),
            created_at: Timestamp::from_micros(0),
        };
        let package = pack(&manifest, &about);
        let blobs = dir.path().join(BLOBS_DIR);
        fs::create_dir_all(&blobs).unwrap();
        for (digest, bytes) in package.blobs() {
            fs::write(blobs.join(digest.hex()), bytes).unwrap();
        }
        fs::write(blobs.join(digest.hex()), BYTES).unwrap();
        fs::write(dir.path().join(LAYOUT_FILE), &package.layout).unwrap();
        fs::write(dir.path().join(INDEX_FILE), &package.index).unwrap();
        dir
    }

    fn blob_of_model(dir: &TempDir) -> PathBuf {
        dir.path().join(BLOBS_DIR).join(Digest::of(BYTES).hex())
    }

    fn refused(dir: &TempDir) -> String {
        format!("{:#}", read(dir.path()).unwrap_err())
    }

    #[test]
    fn a_layout_is_a_versions_files_and_their_digests() {
        let dir = layout();
        let taken = read(dir.path()).unwrap();
        let [file] = taken.files.as_slice() else { panic!("{taken:?}") };
        assert_eq!((file.name.as_str(), file.size), ("model.onnx", 7));
        assert_eq!(file.expected, Some(Digest::of(BYTES)));
        assert_eq!(taken.name.as_deref(), Some("digits"));
        assert!(taken.source.unwrap().starts_with("oci:sha256:"));
    }

    #[test]
    fn links_in_place_of_files_and_directories_are_refused() {
        for part in [INDEX_FILE, LAYOUT_FILE, "blobs", BLOBS_DIR] {
            let dir = layout();
            let (place, away) = (dir.path().join(part), dir.path().join("away"));
            fs::rename(&place, &away).unwrap();
            symlink(&away, &place).unwrap();
            assert!(refused(&dir).contains("is not a plain"), "{part}: {}", refused(&dir));
        }
        let dir = layout();
        let secret = dir.path().join("secret");
        fs::rename(blob_of_model(&dir), &secret).unwrap();
        symlink(&secret, blob_of_model(&dir)).unwrap();
        assert!(refused(&dir).contains("is not a plain file"), "{}", refused(&dir));
    }

    #[test]
    fn what_is_missing_short_or_special_is_refused() {
        let dir = layout();
        fs::write(blob_of_model(&dir), b"short").unwrap();
        assert!(refused(&dir).contains("7 were announced"), "{}", refused(&dir));
        fs::remove_file(blob_of_model(&dir)).unwrap();
        assert!(refused(&dir).contains("No such file"), "{}", refused(&dir));
        fs::create_dir(blob_of_model(&dir)).unwrap();
        assert!(refused(&dir).contains("is not a plain file"), "{}", refused(&dir));
        let empty = tempfile::tempdir().unwrap();
        assert!(refused(&empty).contains("No such file"), "{}", refused(&empty));
    }

    #[test]
    fn an_index_that_is_too_long_is_refused_unread() {
        let dir = layout();
        let file = File::create(dir.path().join(INDEX_FILE)).unwrap();
        file.set_len(INDEX_BYTES_LIMIT * 1000).unwrap();
        assert!(refused(&dir).contains("the limit is"), "{}", refused(&dir));
    }
}
