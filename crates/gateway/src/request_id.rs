//! The id of a request: the client's where it fits a header, else the server's.

use std::fmt::Write;

use http::{HeaderMap, HeaderValue};

pub(crate) const HEADER: &str = "x-request-id";
/// Longer ones are replaced by the server's.
const MAX_LENGTH: usize = 128;

/// A request's number, made here; never chosen by a client, so it may decide an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Serial {
    pub(crate) boot: u64,
    pub(crate) number: u64,
}

impl Serial {
    /// What is hashed where a request has no routing key.
    pub(crate) fn bytes(self) -> [u8; 16] {
        ((u128::from(self.boot) << 64) | u128::from(self.number)).to_le_bytes()
    }

    fn text(self) -> String {
        let mut text = String::with_capacity(33);
        // Writing to a string cannot fail.
        let _written = write!(text, "{:016x}-{:x}", self.boot, self.number);
        text
    }
}

/// The id that is answered and kept: the client's if it is short, visible ASCII.
pub(crate) fn accept_or_make(headers: &HeaderMap, serial: Serial) -> String {
    headers
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|text| !text.is_empty() && text.len() <= MAX_LENGTH)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
        .map_or_else(|| serial.text(), str::to_owned)
}

/// As a header's value.
pub(crate) fn header(id: &str) -> HeaderValue {
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("invalid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIAL: Serial = Serial { boot: 1, number: 255 };

    fn given(text: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(text).unwrap());
        accept_or_make(&headers, SERIAL)
    }

    #[test]
    fn a_fitting_id_is_kept_and_any_other_replaced() {
        assert_eq!(given("abc-1"), "abc-1");
        assert_eq!(given("with blank"), "0000000000000001-ff");
        assert_eq!(given(&"x".repeat(129)), "0000000000000001-ff");
        assert_eq!(accept_or_make(&HeaderMap::new(), SERIAL), "0000000000000001-ff");
    }
}
