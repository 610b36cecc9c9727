//! Where a server's data is: on the machine's disk, or on a small one of its own, which a test can
//! fill to the last byte.

use super::mounted::mounted;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A page of the memory that a small disk is made of.
const PAGE: &[u8] = &[0; 4096];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Disk {
    Machine,
    /// So large, and gone with the server's process.
    Own {
        mib: u32,
    },
}

impl Disk {
    /// Runs `program` with its `data` there.
    pub(super) fn command(self, program: &Path, data: &Path) -> Command {
        match self {
            Self::Machine => Command::new(program),
            Self::Own { mib } => mounted(mib, program, data),
        }
    }

    /// Where a test finds the data of the process `pid`.
    pub(super) fn seen(self, pid: u32, data: PathBuf) -> PathBuf {
        match self {
            Self::Machine => data,
            Self::Own { .. } => {
                let inside = data.strip_prefix("/").expect("it is absolute").to_owned();
                PathBuf::from(format!("/proc/{pid}/root")).join(inside)
            }
        }
    }
}

/// All the room there was. Room again once it is dropped.
#[derive(Debug)]
pub(crate) struct Filler(PathBuf);

impl Filler {
    /// Takes all room but `leaving` bytes.
    pub(super) fn fill(data: &Path, leaving: u64) -> Self {
        let path = data.join("filler");
        let mut file = File::create(&path).expect("the disk has room");
        let mut taken: u64 = 0;
        let full = loop {
            match file.write_all(PAGE) {
                Ok(()) => taken += PAGE.len() as u64,
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::StorageFull, "{full}");
        file.set_len(taken.saturating_sub(leaving)).expect("it is our file");
        Self(path)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        // Where the server is gone, so is its disk.
        let _gone = std::fs::remove_file(&self.0);
    }
}
