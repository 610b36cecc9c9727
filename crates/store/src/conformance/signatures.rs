//! What every store promises of signatures, as tests.

use super::fixture::{Fixture, ada, at, fixture, model, new_version, version};
use crate::signatures::{Kept, New};
use crate::versions::{Error, Version};
use seatrial_domain::VersionNumber;
use seatrial_domain::signing::{Bundle, PrivateKey};

fn key(name: &str) -> PrivateKey {
    let path = format!("{}/../domain/tests/fixtures/signing/{name}", env!("CARGO_MANIFEST_DIR"));
    PrivateKey::from_pem(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn signature(version: &Version, subject: &str, most: u32) -> New {
    let bundle = Bundle::sign(subject, &version.manifest, &key("throwaway.pem")).unwrap();
    New { bundle, most }
}

impl Fixture {
    async fn sign(&self, version: &Version, new: &New) -> Result<Kept, Error> {
        let number = (&version.reference.model, version.reference.number);
        self.store.sign_version(number, new, (&ada(), at(5))).await
    }
}

#[tokio::test]
async fn a_signature_is_kept_once_and_reads_back_as_it_was_written() {
    let fixture = fixture().await;
    let version = version(&fixture.store, b"one").await;
    let new = signature(&version, "m", 1);
    assert_eq!(fixture.sign(&version, &new).await.unwrap(), Kept::New);
    assert_eq!(fixture.sign(&version, &new).await.unwrap(), Kept::Before);
    let fixture = fixture.reopened().await;
    let digest = &version.reference.digest;
    let kept = fixture.store.signatures(digest).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].bundle.as_str(), &kept[0].by), (new.bundle.as_str(), &ada()));
    let by_id = fixture.store.signature(digest, &new.bundle.id()).await.unwrap();
    assert!(by_id.is_some());
    let of = |name: &'static str| {
        let id = key(name).public().id().clone();
        let store = fixture.store.clone();
        async move { store.signatures_of(digest, &id).await.unwrap().len() }
    };
    assert_eq!((of("throwaway.pem").await, of("other.pem").await), (1, 0));
}

#[tokio::test]
async fn a_signature_is_of_the_bytes_whatever_their_number_and_name() {
    let fixture = fixture().await;
    let version = version(&fixture.store, b"one").await;
    let new = signature(&version, "m", 1);
    fixture.sign(&version, &new).await.unwrap();
    fixture.store.delete_version((&model(), VersionNumber(1)), &ada(), at(6)).await.unwrap();
    let again = new_version(&fixture.store, b"one").await;
    let again = fixture.store.register_version(&again).await.unwrap().into_version();
    assert_eq!(again.reference.number, VersionNumber(2));
    let kept = fixture.store.signatures(&again.reference.digest).await.unwrap();
    assert_eq!(kept.len(), 1);
}

#[tokio::test]
async fn a_version_and_its_signature_are_registered_together_or_not_at_all() {
    let fixture = fixture().await;
    let new = new_version(&fixture.store, b"one").await;
    let bundle = Bundle::sign("m", &new.manifest, &key("throwaway.pem")).unwrap();
    let refused = New { bundle: bundle.clone(), most: 0 };
    let refused = fixture.store.register_signed(&new, Some(&refused)).await;
    assert!(matches!(refused, Err(Error::TooManySignatures { most: 0 })));
    assert!(fixture.store.model(&model()).await.is_err(), "nothing was registered");
    let signed = New { bundle, most: 1 };
    fixture.store.register_signed(&new, Some(&signed)).await.unwrap();
    assert_eq!(fixture.store.signatures(&new.manifest.digest()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn beyond_the_limit_no_signature_is_kept() {
    let fixture = fixture().await;
    let version = version(&fixture.store, b"one").await;
    fixture.sign(&version, &signature(&version, "first", 1)).await.unwrap();
    let refused = fixture.sign(&version, &signature(&version, "second", 1)).await;
    assert!(matches!(refused, Err(Error::TooManySignatures { most: 1 })));
    fixture.sign(&version, &signature(&version, "second", 2)).await.unwrap();
}

#[tokio::test]
async fn a_version_that_is_not_there_is_not_signed() {
    let fixture = fixture().await;
    let version = version(&fixture.store, b"one").await;
    let new = signature(&version, "m", 1);
    let number = (&model(), VersionNumber(9));
    let refused = fixture.store.sign_version(number, &new, (&ada(), at(5))).await;
    assert!(matches!(refused, Err(Error::UnknownVersion(..))));
}
