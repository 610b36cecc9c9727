//! One server a data directory. The operating system frees the lock when the process ends,
//! however it ends.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// Held for as long as the store is open.
#[derive(Debug)]
pub(crate) struct DirLock {
    _file: File,
}

/// Why the directory could not be locked.
#[derive(Debug)]
pub(crate) enum Error {
    Held,
    Io(io::Error),
}

impl DirLock {
    pub(crate) fn take(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(Error::Io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Held),
            Err(TryLockError::Error(error)) => Err(Error::Io(error)),
        }
    }
}
