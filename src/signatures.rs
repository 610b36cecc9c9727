//! Whether a version is signed as it must be: asked at the door, when a rollout starts, and again
//! before each load of a version that does not serve yet.
//!
//! Owns the keys of the configuration, by name. Trusts nothing that a bundle says of itself: it
//! holds if a key verifies it and its files are the sealed ones.

mod keys;
#[cfg(test)]
mod tests;

pub use keys::Keys;
#[cfg(test)]
pub(crate) use keys::fixture;

use seatrial_domain::manifest::Manifest;
use seatrial_domain::plan::RequiredSignature;
use seatrial_domain::signing::{Bundle, Invalid, KeyId, PublicKey};
use seatrial_store::signatures::{self, Signature};
use seatrial_store::{Store, storage};

/// The signatures of one store, and the keys to judge them by.
#[derive(Debug, Clone)]
pub struct Signatures {
    store: Store,
    keys: Keys,
}

/// Why a version does not pass.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("key {key} is asked for, and not in this server's configuration ([keys.{key}])")]
    UnknownKey { key: String },
    #[error(
        "key {key} is another one now ({found}) than when the rollout started ({pinned}); start a \
         new one"
    )]
    Exchanged { key: String, pinned: KeyId, found: KeyId },
    #[error("not signed by key {key} ({id})")]
    Unsigned { key: String, id: KeyId },
    /// It says that it is of this key, and is not.
    #[error("signed in the name of key {key}, but {invalid}")]
    Forged { key: String, invalid: Invalid },
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// What is to be done with a signature that was sent.
#[derive(Debug)]
pub enum Admitted {
    /// Keep it.
    New(signatures::New),
    /// The key has signed these files before, and that is enough.
    Before(Signature),
}

/// What is kept of one key's signatures of some files.
enum Kept {
    Holds(Signature),
    /// Only what claims to be of the key, and is not.
    Forged(Invalid),
    None,
}

impl Signatures {
    /// Those of `store`, judged by `keys`.
    pub const fn new(store: Store, keys: Keys) -> Self {
        Self { store, keys }
    }

    /// What is asked for, with the key that has the name now.
    pub fn pin(&self, asked: &RequiredSignature) -> Result<RequiredSignature, Refusal> {
        let id = self.key(asked)?.id().clone();
        Ok(RequiredSignature { key: asked.key.clone(), id: Some(id) })
    }

    /// Whether these files are signed as `asked`: by a signature that is kept, or by one just sent.
    pub async fn check(
        &self,
        manifest: &Manifest,
        asked: &RequiredSignature,
        sent: Option<&Bundle>,
    ) -> Result<(), Refusal> {
        let (name, key) = (&asked.key, self.key(asked)?);
        if sent.is_some_and(|sent| sent.verify(key).is_ok() && sent.covers(manifest).is_ok()) {
            return Ok(());
        }
        match self.kept(manifest, key).await? {
            Kept::Holds(_) => Ok(()),
            Kept::Forged(invalid) => Err(Refusal::Forged { key: name.clone(), invalid }),
            Kept::None => Err(Refusal::Unsigned { key: name.clone(), id: key.id().clone() }),
        }
    }

    /// What is to be done with a signature that was sent. One of a key of the configuration is kept
    /// once, whoever else has sent what; of other keys up to `most` are. Errors: it claims a key of
    /// the configuration and is not of it.
    pub async fn admit(
        &self,
        manifest: &Manifest,
        bundle: Bundle,
        most: u32,
    ) -> Result<Admitted, Refusal> {
        let Some(key) = self.voucher(&bundle)? else {
            return Ok(Admitted::New(signatures::New { bundle, most }));
        };
        match self.kept(manifest, key).await? {
            Kept::Holds(signature) => Ok(Admitted::Before(signature)),
            Kept::Forged(_) | Kept::None => {
                Ok(Admitted::New(signatures::New { bundle, most: u32::MAX }))
            }
        }
    }

    /// The key of the configuration that made `bundle`.
    fn voucher(&self, bundle: &Bundle) -> Result<Option<&PublicKey>, Refusal> {
        let Some((name, key)) = bundle.made_by().and_then(|id| self.keys.by_id(id)) else {
            return Ok(self.keys.iter().map(|(_, key)| key).find(|key| bundle.verify(key).is_ok()));
        };
        let forged = |invalid| Refusal::Forged { key: name.to_owned(), invalid };
        bundle.verify(key).map(|()| Some(key)).map_err(forged)
    }

    async fn kept(&self, manifest: &Manifest, key: &PublicKey) -> Result<Kept, storage::Error> {
        let mut found = Kept::None;
        for signature in self.store.signatures_of(&manifest.digest(), key.id()).await? {
            match (signature.bundle.verify(key), signature.bundle.covers(manifest)) {
                (Ok(()), Ok(())) => return Ok(Kept::Holds(signature)),
                // One without a name may be anybody's.
                (Err(invalid), _) if signature.bundle.made_by().is_some() => {
                    found = Kept::Forged(invalid);
                }
                (Ok(()) | Err(_), _) => {}
            }
        }
        Ok(found)
    }

    /// The names of the keys that `bundle` holds for.
    pub fn holds_for(&self, bundle: &Bundle) -> Vec<String> {
        let named = self.keys.iter().filter(|(_, key)| bundle.verify(key).is_ok());
        named.map(|(name, _)| name.to_owned()).collect()
    }

    fn key(&self, asked: &RequiredSignature) -> Result<&PublicKey, Refusal> {
        let name = &asked.key;
        let key = self.keys.get(name).ok_or_else(|| Refusal::UnknownKey { key: name.clone() })?;
        match &asked.id {
            Some(pinned) if pinned != key.id() => Err(Refusal::Exchanged {
                key: name.clone(),
                pinned: pinned.clone(),
                found: key.id().clone(),
            }),
            Some(_) | None => Ok(key),
        }
    }
}
