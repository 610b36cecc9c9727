//! Takes the library out of the archive: verified, and never half-written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::pin::Pin;
use super::{Error, io_error};

/// The wheel that a download left in its own directory.
pub(super) fn only_one_in(directory: &Path) -> Option<PathBuf> {
    fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
}

/// Verifies the archive, takes the library out of it, verifies that too, and gives it its name
/// only when all of it is on disk.
pub(super) fn install(archive: &Path, pin: &Pin, target: &Path, advice: &str) -> Result<(), Error> {
    let archive_name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let checked = |file: &str, expected: &str, got: String| {
        if got == expected {
            return Ok(());
        }
        let (file, expected) = (file.to_owned(), expected.to_owned());
        Err(Error::Checksum { file, expected, got, advice: advice.to_owned() })
    };
    let bytes = fs::read(archive).map_err(io_error(archive))?;
    checked(&archive_name, &pin.wheel_sha256, sha256(&bytes))?;
    let entry = format!("onnxruntime/capi/{}", pin.file);
    let library = extract(&bytes, &entry).map_err(|error| Error::Archive {
        file: archive_name,
        entry,
        detail: error.to_string(),
    })?;
    checked(pin.file, &pin.file_sha256, sha256(&library))?;
    write_whole(&library, target).map_err(io_error(target))
}

fn extract(archive: &[u8], entry: &str) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut archive = zip::ZipArchive::new(io::Cursor::new(archive))?;
    let mut library = Vec::new();
    io::copy(&mut archive.by_name(entry)?, &mut library)?;
    Ok(library)
}

/// Writes beside the target, flushes, renames, and flushes the directory: a crash leaves either
/// nothing or the whole file.
fn write_whole(bytes: &[u8], target: &Path) -> io::Result<()> {
    let directory = target.parent().unwrap_or_else(|| Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(directory)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(target)?;
    File::open(directory)?.sync_all()
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}
