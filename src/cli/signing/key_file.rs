//! Key files. A private one that others can read is refused, as ssh refuses it; its text is wiped
//! from memory once it is read.

use crate::cli::exit::{unreadable, usage};
use seatrial_domain::signing::{PrivateKey, PublicKey, Zeroizing};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

const FILE_BYTES_MAX: usize = 64 * 1024;
/// Access for the group and for others.
const OTHERS: u32 = 0o077;

pub(super) fn private(path: &Path) -> anyhow::Result<PrivateKey> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let found = file.metadata().map_err(|error| unreadable(path, &error))?;
    if found.is_file() && found.mode() & OTHERS != 0 {
        let (path, mode) = (path.display(), found.mode() & 0o777);
        return Err(usage(format!(
            "{path}: others may use this private key (mode {mode:04o}): chmod 600 {path}"
        )));
    }
    let text = text(file).map_err(|error| unreadable(path, &error))?;
    PrivateKey::from_pem(&text).map_err(|error| usage(format!("{}: {error}", path.display())))
}

pub(super) fn public(path: &Path) -> anyhow::Result<PublicKey> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let text = text(file).map_err(|error| unreadable(path, &error))?;
    PublicKey::from_pem(&text).map_err(|error| usage(format!("{}: {error}", path.display())))
}

/// At most so many bytes are read, into memory that is set aside at once: nothing is copied as it
/// grows.
fn text(file: File) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX + 1));
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    file.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Exit;
    use std::os::unix::fs::PermissionsExt as _;

    const FIXTURES: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/crates/domain/tests/fixtures/signing");

    /// A copy of a fixture with this mode.
    fn copy(name: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::copy(Path::new(FIXTURES).join(name), &path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    #[test]
    fn a_private_key_that_others_may_use_is_refused_with_the_command_that_mends_it() {
        for mode in [0o644, 0o640, 0o604, 0o660] {
            let (_dir, path) = copy("throwaway.pem", mode);
            let refused = private(&path).unwrap_err();
            assert_eq!(Exit::of(&refused), Exit::Usage);
            assert!(refused.to_string().contains("chmod 600"), "{refused}");
        }
        let (_dir, path) = copy("throwaway.pem", 0o600);
        assert!(private(&path).is_ok());
    }

    #[test]
    fn a_key_that_is_encrypted_or_of_the_wrong_half_is_refused_and_not_shown() {
        let (_dir, path) = copy("encrypted.pem", 0o600);
        let refused = private(&path).unwrap_err();
        assert_eq!(Exit::of(&refused), Exit::Usage);
        assert!(refused.to_string().contains("encrypted"), "{refused}");
        let (_dir, path) = copy("throwaway.pem", 0o600);
        let refused = public(&path).unwrap_err();
        assert!(refused.to_string().contains("private key"), "{refused}");
        assert!(!refused.to_string().contains("MI"), "{refused}");
    }
}
