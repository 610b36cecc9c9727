//! Requests byte for byte: no client that decodes, encodes or shortens a path comes between.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// The body of what takes files; every other one is JSON, or empty.
pub(super) const BYTES: &str = "bytes";

/// What stands between the method and the version of HTTP.
#[derive(Clone)]
pub(super) struct Target(pub(super) Vec<u8>);

pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) target: Target,
    pub(super) body: String,
}

impl Request {
    /// The status of the answer; none, where the connection is closed without one, is a refusal.
    pub(super) fn send(&self, address: &str) -> u16 {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let kind = if self.body == BYTES { "octet-stream" } else { "json" };
        let mut bytes = format!("{} ", self.method).into_bytes();
        bytes.extend(&self.target.0);
        bytes.extend(
            format!(
                " HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
                 content-type: application/{kind}\r\ncontent-length: {}\r\n\r\n{}",
                self.body.len(),
                self.body
            )
            .as_bytes(),
        );
        // A server may refuse before it has read everything.
        let _refused_early = connection.write_all(&bytes);
        let mut answer = Vec::new();
        let _cut_off = connection.read_to_end(&mut answer);
        let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        status.map_or(400, |digits| digits.parse().unwrap())
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |bytes: &[u8]| bytes.iter().take(160).copied().collect::<Vec<_>>();
        let target = short(&self.target.0).escape_ascii().to_string();
        write!(f, "{} {target} {}", self.method, short(self.body.as_bytes()).escape_ascii())
    }
}
