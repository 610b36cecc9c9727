//! The addresses a running server listens on, left where its clients find them.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What was bound, ports chosen by the system included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    pub inference: SocketAddr,
    pub control: SocketAddr,
}

impl Addresses {
    fn path(data: &Path) -> PathBuf {
        data.join("addresses.json")
    }

    /// Writes them into the data directory, whole or not at all.
    pub fn write(&self, data: &Path) -> std::io::Result<()> {
        let next = data.join("addresses.json.next");
        std::fs::write(&next, serde_json::to_vec(self)?)?;
        std::fs::rename(next, Self::path(data))
    }

    /// Those of the server that last started on this data directory.
    pub fn read(data: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(Self::path(data))?)?)
    }

    /// A stopped server has no addresses.
    pub fn forget(data: &Path) {
        // Nothing depends on it: a client that finds them is told that nobody answers there.
        let _gone = std::fs::remove_file(Self::path(data));
    }
}
