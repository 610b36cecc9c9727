//! Names and numbers of things. Each is parsed once, at the edge, and cannot be wrong afterwards.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a name or digest is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is empty or only blanks.
    #[error("a {what} must not be blank")]
    Blank { what: &'static str },
    /// The text is too long for a path, a header and a label.
    #[error("a {what} has at most {limit} characters, this one has {length}")]
    TooLong { what: &'static str, limit: usize, length: usize },
    /// A character that would change the meaning of a path or a reference.
    #[error("a {what} must not contain {found:?}: use letters, digits, `-`, `_`, `.`")]
    Character { what: &'static str, found: char },
    /// Not 64 lower-case hexadecimal digits after `sha256:`.
    #[error("{0:?} is not a digest: expected sha256: and 64 lower-case hexadecimal digits")]
    Digest(String),
    /// Not a positive whole number.
    #[error("{0:?} is not a version: expected a number from 1 up, or v1, v2, …")]
    Version(String),
}

const NAME_LIMIT: usize = 128;

fn name(what: &'static str, text: &str) -> Result<String, Error> {
    if text.trim().is_empty() {
        return Err(Error::Blank { what });
    }
    let length = text.chars().count();
    if length > NAME_LIMIT {
        return Err(Error::TooLong { what, limit: NAME_LIMIT, length });
    }
    let wrong = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if let Some(found) = text.chars().find(wrong) {
        return Err(Error::Character { what, found });
    }
    if text.starts_with('.') {
        return Err(Error::Character { what, found: '.' });
    }
    Ok(text.to_owned())
}

macro_rules! name_type {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Parses a name; the error says what is wrong with it.
            pub fn new(text: &str) -> Result<Self, Error> {
                name($what, text).map(Self)
            }
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $type {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }
        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                Self::new(&text)
            }
        }
        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type!(
    /// A registered model's name.
    ModelName,
    "model name"
);
name_type!(
    /// The stable name clients call.
    EndpointName,
    "endpoint name"
);
name_type!(
    /// A dataset's name.
    DatasetName,
    "dataset name"
);

macro_rules! number_type {
    ($(#[$doc:meta])* $type:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $type(pub $inner);

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_type!(
    /// A rollout's number, unique in a store.
    RolloutId(u64)
);
number_type!(
    /// The number of a routing table; larger wins. One sequence per store.
    Epoch(u64)
);
number_type!(
    /// The number of writes a stored rollout has seen; compared and swapped.
    Revision(u64)
);

impl Epoch {
    /// The epoch after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Revision {
    /// The revision after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A version's number within its model: 1, 2, …; never reused. Shown as `v3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(pub u64);

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl FromStr for VersionNumber {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
        match digits.parse() {
            Ok(number) if number > 0 => Ok(Self(number)),
            Ok(_) | Err(_) => Err(Error::Version(text.to_owned())),
        }
    }
}

macro_rules! digest_type {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// The digest of `bytes`.
            pub fn of(bytes: &[u8]) -> Self {
                Self::from_sha256(&sha256(bytes))
            }
            /// From the 32 bytes a SHA-256 hasher gave.
            pub fn from_sha256(hash: &[u8; 32]) -> Self {
                let mut text = String::with_capacity(71);
                text.push_str("sha256:");
                for byte in hash {
                    text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
                    text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
                }
                Self(text)
            }
            /// `sha256:` and 64 hexadecimal digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// The 64 hexadecimal digits alone.
            pub fn hex(&self) -> &str {
                self.0.strip_prefix("sha256:").unwrap_or(&self.0)
            }
            /// The first twelve hexadecimal digits, for people.
            pub fn short(&self) -> &str {
                self.hex().get(..12).unwrap_or_else(|| self.hex())
            }
        }
        impl FromStr for $type {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                let good = |hex: &str| {
                    hex.len() == 64
                        && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
                };
                match text.strip_prefix("sha256:") {
                    Some(hex) if good(hex) => Ok(Self(text.to_owned())),
                    Some(_) | None => Err(Error::Digest(text.to_owned())),
                }
            }
        }
        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(digest: $type) -> Self {
                digest.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

digest_type!(
    /// The sha256 of a blob or of a manifest's canonical bytes.
    Digest
);
digest_type!(
    /// The sha256 of a plan's canonical JSON.
    PlanHash
);

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

/// One version as a rollout pins it: its model, number and identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VersionRef {
    pub model: ModelName,
    pub number: VersionNumber,
    pub digest: Digest,
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.model, self.number)
    }
}

/// Who caused something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum Actor {
    /// The driver itself.
    Seatrial,
    /// The gateway, by a guardrail.
    Gateway,
    /// A person known only by the operating system's user name; not authenticated.
    Unverified(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seatrial => f.write_str("seatrial"),
            Self::Gateway => f.write_str("gateway"),
            Self::Unverified(name) => write!(f, "{name} (unverified)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_be_a_path_is_refused() {
        for text in ["", " ", "a/b", "..", ".hidden", "a:b", "a b", "ä"] {
            assert!(ModelName::new(text).is_err(), "{text:?}");
        }
        assert_eq!(ModelName::new("digits-2.v_1").unwrap().as_str(), "digits-2.v_1");
    }

    #[test]
    fn a_digest_is_the_sha256_of_the_bytes() {
        let digest = Digest::of(b"");
        assert_eq!(digest.short(), "e3b0c44298fc");
        assert_eq!(digest.as_str().parse::<Digest>().unwrap(), digest);
        assert!("sha256:E3".parse::<Digest>().is_err());
    }

    #[test]
    fn versions_parse_with_and_without_their_letter() {
        assert_eq!("v3".parse::<VersionNumber>().unwrap(), VersionNumber(3));
        assert_eq!("3".parse::<VersionNumber>().unwrap(), VersionNumber(3));
        assert!("v0".parse::<VersionNumber>().is_err());
        assert!("latest".parse::<VersionNumber>().is_err());
    }
}
