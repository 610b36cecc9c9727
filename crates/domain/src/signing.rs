//! Signatures of sealed files, as PyPI's `model-signing` writes and reads them: a sigstore bundle
//! v0.3 around a DSSE envelope around an in-toto statement, signed by an EC P-256 key.
//!
//! Owns keys and their ids, bundles, and the comparison of what was signed with what was sealed.
//! Refuses what would let a file through unsigned: a manifest's every file is among the signed
//! ones, whatever the statement says was left out. Refuses other keys and keyless bundles by name.
//! Why so: docs/adr/0009-signatures.md.

mod bundle;
mod coverage;
mod envelope;
mod key;
mod statement;
#[cfg(test)]
mod tests;

pub use bundle::Bundle;
pub use coverage::Mismatch;
pub use key::{KeyError, KeyId, PrivateKey, PublicKey};
pub use p256::elliptic_curve::zeroize::Zeroizing;

/// Most bytes of a bundle, whatever a server's configuration says.
pub const BYTES_LIMIT: usize = 16 * 1024 * 1024;
/// The bundle's media type.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Why bytes are no signature of files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More than [`BYTES_LIMIT`].
    #[error("a signature bundle has at most {BYTES_LIMIT} bytes, this one has {0}")]
    TooLong(usize),
    /// Not JSON of a bundle's shape.
    #[error("this is no signature bundle: {0}")]
    Shape(String),
    /// Signed by a certificate or an identity, not by a key.
    #[error("the bundle is signed by {0}, not by a key; only key-signed bundles are verified")]
    Keyless(&'static str),
    /// A constant of the format differs.
    #[error("the bundle's {field} is {found:?}, not {expected:?}")]
    Format { field: &'static str, expected: &'static str, found: String },
    /// The signature is not one of an EC P-256 key.
    #[error("the bundle's signature is not of an EC P-256 key")]
    Signature,
    /// What was signed is not a list of files and digests that fits itself.
    #[error("the signed statement {0}")]
    Statement(String),
}

/// Why a bundle does not hold for a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It names another key.
    #[error("it was made by key {made_by}, not by {asked}")]
    OtherKey { made_by: KeyId, asked: KeyId },
    /// The bytes were not signed by this key, or not these bytes.
    #[error("the signature does not hold for key {asked}")]
    Forged { asked: KeyId },
}
