//! Another process that holds the database's write lock: for the server, a store that takes
//! nothing, as a full disk would be.

use super::Server;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

const HOLD: &str = "
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
database.execute('BEGIN IMMEDIATE')
print('held', flush=True)
sys.stdin.read()
";

/// The lock; given back when released or dropped.
#[derive(Debug)]
pub(crate) struct StoreLock(Child);

impl StoreLock {
    /// Returns once the lock is held.
    pub(crate) fn on(server: &Server) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", HOLD])
            .arg(server.data().join("seatrial.db"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there: the tests install it");
        let mut said = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut said).expect("it answers");
        assert_eq!(said.trim(), "held");
        Self(child)
    }

    /// Gives it back.
    pub(crate) fn release(self) {
        drop(self);
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}
