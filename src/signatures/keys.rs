//! The configuration's keys, read once.

use crate::config;
use seatrial_domain::signing::{KeyId, PublicKey};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Public keys by name. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    by_name: Arc<BTreeMap<String, PublicKey>>,
}

impl Keys {
    /// Reads every key's file. Errors: the first that is none, with its field and path.
    pub fn read(configured: &BTreeMap<String, config::Key>) -> Result<Self, config::Error> {
        let read = |(name, key): (&String, &config::Key)| Ok((name.clone(), key.read(name)?));
        let by_name = configured.iter().map(read).collect::<Result<_, config::Error>>()?;
        Ok(Self { by_name: Arc::new(by_name) })
    }

    pub(super) fn get(&self, name: &str) -> Option<&PublicKey> {
        self.by_name.get(name)
    }

    pub(super) fn by_id(&self, id: &KeyId) -> Option<(&str, &PublicKey)> {
        self.iter().find(|(_, key)| key.id() == id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &PublicKey)> {
        self.by_name.iter().map(|(name, key)| (name.as_str(), key))
    }
}

#[cfg(test)]
impl Keys {
    /// Keys of fixtures, by the names given.
    pub(crate) fn of(named: &[(&str, &PublicKey)]) -> Self {
        let by_name = named.iter().map(|(name, key)| ((*name).to_owned(), (*key).clone()));
        Self { by_name: Arc::new(by_name.collect()) }
    }
}

/// The private key of a fixture.
#[cfg(test)]
pub(crate) fn fixture(name: &str) -> seatrial_domain::signing::PrivateKey {
    let root = env!("CARGO_MANIFEST_DIR");
    let path = format!("{root}/crates/domain/tests/fixtures/signing/{name}.pem");
    let text = std::fs::read_to_string(path).unwrap();
    seatrial_domain::signing::PrivateKey::from_pem(&text).unwrap()
}
