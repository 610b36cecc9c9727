//! What passes, and what does not.

use super::*;
use crate::clock;
use seatrial_domain::Actor;
use seatrial_domain::manifest::{ArtifactType, File};
use seatrial_domain::mlmodel::Flavors;
use seatrial_domain::signing::PrivateKey;
use seatrial_store::versions::{New, Version};
use std::collections::BTreeMap;

struct Bench {
    signatures: Signatures,
    version: Version,
    key: PrivateKey,
    _dir: tempfile::TempDir,
}

fn asked() -> RequiredSignature {
    RequiredSignature { key: "release".to_owned(), id: None }
}

/// A registered version, and the key `release` known.
async fn bench() -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), seatrial_store::Options::default()).await.unwrap();
    let blob = store.blobs().store(&b"bytes"[..], 1 << 20).await.unwrap();
    let path = "model.onnx".parse().unwrap();
    let file = File { path, digest: blob.digest, size: blob.size };
    let new = New {
        model: "digits".parse().unwrap(),
        manifest: Manifest::new(ArtifactType::Model, vec![file]).unwrap(),
        signature: seatrial_domain::tensor::Signature::default(),
        flavors: Flavors::default(),
        tags: BTreeMap::new(),
        aliases: Vec::new(),
        source: None,
        lineage: Default::default(),
        actor: Actor::Seatrial,
        now: clock::now(),
    };
    let version = store.register_version(&new).await.unwrap().into_version();
    let key = fixture("throwaway");
    let keys = Keys::of(&[("release", key.public())]);
    Bench { signatures: Signatures::new(store, keys), version, key, _dir: dir }
}

impl Bench {
    fn bundle(&self, key: &PrivateKey) -> Bundle {
        Bundle::sign("digits", &self.version.manifest, key).unwrap()
    }

    async fn keep(&self, bundle: Bundle) {
        let new = signatures::New { bundle, most: u32::MAX };
        let reference = &self.version.reference;
        let number = (&reference.model, reference.number);
        let by = (&Actor::Seatrial, clock::now());
        self.signatures.store.sign_version(number, &new, by).await.unwrap();
    }

    async fn check(&self, sent: Option<&Bundle>) -> Result<(), Refusal> {
        self.signatures.check(&self.version.manifest, &asked(), sent).await
    }

    async fn admit(&self, bundle: Bundle) -> Result<Admitted, Refusal> {
        self.signatures.admit(&self.version.manifest, bundle, 16).await
    }

    /// The same store, with this key under the name.
    fn with(&self, keys: &[(&str, &PrivateKey)]) -> Signatures {
        let keys = keys.iter().map(|(name, key)| (*name, key.public())).collect::<Vec<_>>();
        Signatures::new(self.signatures.store.clone(), Keys::of(&keys))
    }
}

#[tokio::test]
async fn a_version_passes_by_a_signature_that_is_kept_or_just_sent() {
    let bench = bench().await;
    assert!(matches!(bench.check(None).await, Err(Refusal::Unsigned { .. })));
    let bundle = bench.bundle(&bench.key);
    bench.check(Some(&bundle)).await.unwrap();
    bench.keep(bundle).await;
    bench.check(None).await.unwrap();
}

#[tokio::test]
async fn another_keys_signature_does_not_count() {
    let bench = bench().await;
    let other = bench.bundle(&fixture("other"));
    assert!(matches!(bench.check(Some(&other)).await, Err(Refusal::Unsigned { .. })));
    bench.keep(other).await;
    assert!(matches!(bench.check(None).await, Err(Refusal::Unsigned { .. })));
}

#[tokio::test]
async fn a_signature_in_the_keys_name_that_is_not_of_it_is_neither_let_in_nor_in_the_way() {
    let bench = bench().await;
    let (ours, id) = (bench.bundle(&fixture("other")), bench.key.public().id());
    let forged = ours.as_str().replace(ours.made_by().unwrap().as_str(), id.as_str());
    let forged = Bundle::parse(forged.as_bytes()).unwrap();
    let refused = bench.admit(forged.clone()).await;
    assert!(matches!(refused, Err(Refusal::Forged { key, .. }) if key == "release"));
    // As one that came before the key was configured.
    bench.keep(forged).await;
    assert!(matches!(bench.check(None).await, Err(Refusal::Forged { .. })));
    bench.keep(bench.bundle(&bench.key)).await;
    bench.check(None).await.unwrap();
}

#[tokio::test]
async fn what_a_configured_key_vouches_for_is_kept_once_and_not_counted_against_strangers() {
    let bench = bench().await;
    let most = |admitted| match admitted {
        Ok(Admitted::New(new)) => new.most,
        other => panic!("{other:?}"),
    };
    assert_eq!(most(bench.admit(bench.bundle(&fixture("other"))).await), 16);
    let vouched = bench.bundle(&bench.key);
    assert_eq!(bench.signatures.holds_for(&vouched), ["release"]);
    assert_eq!(most(bench.admit(vouched.clone()).await), u32::MAX);
    bench.keep(vouched.clone()).await;
    // Signed anew, as other tools give another bundle each time.
    let anew = Bundle::sign("other words", &bench.version.manifest, &bench.key).unwrap();
    assert_ne!(anew.id(), vouched.id());
    let before = bench.admit(anew).await;
    assert!(matches!(before, Ok(Admitted::Before(kept)) if kept.bundle.id() == vouched.id()));
}

#[tokio::test]
async fn a_key_that_is_gone_or_exchanged_is_told_from_a_missing_signature() {
    let bench = bench().await;
    bench.keep(bench.bundle(&bench.key)).await;
    let pinned = bench.signatures.pin(&asked()).unwrap();
    assert_eq!(pinned.id.as_ref(), Some(bench.key.public().id()));
    let check = |signatures: Signatures| {
        let (manifest, pinned) = (bench.version.manifest.clone(), pinned.clone());
        async move { signatures.check(&manifest, &pinned, None).await }
    };
    check(bench.signatures.clone()).await.unwrap();
    let gone = check(bench.with(&[])).await;
    assert!(matches!(gone, Err(Refusal::UnknownKey { .. })), "{gone:?}");
    let exchanged = check(bench.with(&[("release", &fixture("other"))])).await;
    assert!(matches!(exchanged, Err(Refusal::Exchanged { .. })), "{exchanged:?}");
}
