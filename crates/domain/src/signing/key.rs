//! Keys as PEM files hold them, and the ids by which people and bundles name them.

use p256::SecretKey;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{DerSignature, Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePublicKey as _, EncodePublicKey as _, LineEnding};
use serde::{Deserialize, Serialize};
use std::fmt;

const ID_CHARS_MAX: usize = 128;

/// Why a file is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the key is encrypted; decrypt it first: openssl pkey -in KEY.pem -out PLAIN.pem \
         (umask 077)"
    )]
    Encrypted,
    #[error("this is a private key; give its public half: openssl pkey -in KEY.pem -pubout")]
    Private,
    #[error("this is a public key; a private one signs")]
    Public,
    #[error("no PEM block of a {0} key is in it")]
    NoPem(&'static str),
    #[error("it is not an EC P-256 key (prime256v1, secp256r1), the only kind there is here")]
    Kind,
}

/// A key's name of its own: the sha256 of its public half as a PEM file. `model-signing` writes it
/// into a bundle as the key's hint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl KeyId {
    /// An id as somebody wrote it: a short word.
    pub fn new(text: &str) -> Option<Self> {
        let is_word = !text.is_empty()
            && text.len() <= ID_CHARS_MAX
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_word.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for KeyId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text).ok_or_else(|| format!("{text:?} is no key's id"))
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

/// What verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    id: KeyId,
}

impl PublicKey {
    /// From a `PUBLIC KEY` PEM.
    ///
    /// # Errors
    /// Anything else, by what it is.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        if text.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        let block = block(text, "PUBLIC KEY").ok_or(KeyError::NoPem("public"))?;
        let key = VerifyingKey::from_public_key_pem(block).map_err(|_other| KeyError::Kind)?;
        Self::of(key)
    }

    /// Its id.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    fn of(key: VerifyingKey) -> Result<Self, KeyError> {
        let pem = key.to_public_key_pem(LineEnding::LF).map_err(|_other| KeyError::Kind)?;
        let id = KeyId(crate::Digest::of(pem.as_bytes()).hex().to_owned());
        Ok(Self { key, id })
    }

    pub(super) fn holds(&self, message: &[u8], signature: &Signature) -> bool {
        self.key.verify(message, signature).is_ok()
    }
}

/// What signs. Wiped from memory when dropped; never shown.
pub struct PrivateKey {
    key: SigningKey,
    public: PublicKey,
}

impl PrivateKey {
    /// From a `PRIVATE KEY` (PKCS#8) or an `EC PRIVATE KEY` (SEC1) PEM that is not encrypted.
    ///
    /// # Errors
    /// Anything else, by what it is.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        if text.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        // OpenSSL writes a block of parameters before a SEC1 key.
        let found = block(text, "EC PRIVATE KEY").or_else(|| block(text, "PRIVATE KEY"));
        let Some(block) = found else {
            let public = text.contains("PUBLIC KEY-----");
            return Err(if public { KeyError::Public } else { KeyError::NoPem("private") });
        };
        let secret = SecretKey::from_pem(block).map_err(|_other| KeyError::Kind)?;
        let key = SigningKey::from(secret);
        let public = PublicKey::of(*key.verifying_key())?;
        Ok(Self { key, public })
    }

    /// Its public half.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The same signature for the same message, every time (RFC 6979).
    pub(super) fn sign(&self, message: &[u8]) -> Signature {
        self.key.sign(message)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("id", &self.public.id).finish_non_exhaustive()
    }
}

/// A signature as bundles hold it.
pub(super) fn to_der(signature: &Signature) -> DerSignature {
    signature.to_der()
}

/// The PEM block with this label, from its first dash to its last.
fn block<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let (_, rest) = text.split_once(begin.as_str())?;
    let (body, _) = rest.split_once(end.as_str())?;
    let start = text.len() - rest.len() - begin.len();
    text.get(start..start + begin.len() + body.len() + end.len())
}
