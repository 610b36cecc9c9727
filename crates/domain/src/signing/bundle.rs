//! A bundle: parsed once, kept as it was written.

use super::envelope::{self, Envelope};
use super::statement::{self, Statement};
use super::{BYTES_LIMIT, Error, Invalid, KeyId, Mismatch, PrivateKey, PublicKey, coverage};
use crate::Digest;
use crate::manifest::Manifest;

/// One signature over a list of files.
#[derive(Debug, Clone)]
pub struct Bundle {
    text: String,
    envelope: Envelope,
    statement: Statement,
}

impl Bundle {
    /// Reads a bundle. Nothing is proved by it: [`Bundle::verify`] and [`Bundle::covers`] do that.
    ///
    /// # Errors
    /// Whatever is not a key-signed bundle of whole files' sha256 digests, by name.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > BYTES_LIMIT {
            return Err(Error::TooLong(bytes.len()));
        }
        let text =
            std::str::from_utf8(bytes).map_err(|_odd| Error::Shape("not text".to_owned()))?;
        let envelope = envelope::read(bytes)?;
        let statement = statement::read(&envelope.payload)?;
        Ok(Self { text: text.to_owned(), envelope, statement })
    }

    /// Signs a manifest's files; the same key gives the same bundle every time.
    ///
    /// # Errors
    /// [`Error::TooLong`].
    pub fn sign(subject: &str, manifest: &Manifest, key: &PrivateKey) -> Result<Self, Error> {
        Self::parse(statement::sign(subject, manifest, key).as_bytes())
    }

    /// The bundle as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The digest of the bundle as it was written.
    pub fn id(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// The key it says it was made by; nothing proves it.
    pub const fn made_by(&self) -> Option<&KeyId> {
        self.envelope.made_by.as_ref()
    }

    /// Whether the signed files are the sealed ones, each with its digest.
    ///
    /// # Errors
    /// Extra, missing or altered files.
    pub fn covers(&self, manifest: &Manifest) -> Result<(), Mismatch> {
        coverage::check(&self.statement, manifest)
    }

    /// Whether `key` signed it.
    ///
    /// # Errors
    /// Another key did, or none.
    pub fn verify(&self, key: &PublicKey) -> Result<(), Invalid> {
        let asked = key.id().clone();
        if let Some(made_by) = self.made_by().filter(|made_by| **made_by != asked) {
            return Err(Invalid::OtherKey { made_by: made_by.clone(), asked });
        }
        let message = envelope::to_be_signed(&self.envelope.payload);
        if key.holds(&message, &self.envelope.signature) {
            Ok(())
        } else {
            Err(Invalid::Forged { asked })
        }
    }
}
