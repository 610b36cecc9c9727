//! Uploads by path: what may change, what is sealed, and what stays of it.

use super::fixture::{Fixture, ada, at, fixture, model, new_version, swept, version};
use crate::artifacts::{Artifact, ArtifactPath, Entry, Error, Snapshot};
use crate::blobs::Blob;
use crate::versions::{New, Origin, Version};
use crate::{Store, multipart};
use seatrial_domain::manifest::{ArtifactType, File, Manifest};

const MANY: u64 = 100;

fn path(text: &str) -> ArtifactPath {
    text.parse().unwrap()
}

async fn put(store: &Store, at_path: &str, content: &[u8]) -> Result<Blob, Error> {
    let blob = store.blobs().store(content, 1 << 20).await.unwrap();
    let artifact = Artifact { path: path(at_path), blob: blob.clone() };
    store.put_artifact(&artifact, MANY, at(1)).await.map(|()| blob)
}

/// A registered model, and two files uploaded for its next version.
async fn uploaded() -> Fixture {
    let fixture = fixture().await;
    version(&fixture.store, b"first").await;
    put(&fixture.store, "0/r/artifacts/m/model.onnx", b"onnx").await.unwrap();
    put(&fixture.store, "0/r/artifacts/m/MLmodel", b"yaml").await.unwrap();
    fixture
}

async fn snapshot(store: &Store) -> Snapshot {
    store.artifact_snapshot(&path("0/r/artifacts/m"), MANY).await.unwrap().unwrap()
}

async fn seal(store: &Store, snapshot: &Snapshot) -> Result<Version, Error> {
    let file = |(path, file): (&str, &Artifact)| File {
        path: path.parse().unwrap(),
        digest: file.blob.digest.clone(),
        size: file.blob.size,
    };
    let files = snapshot.files().map(file).collect();
    let manifest = Manifest::new(ArtifactType::Model, files).unwrap();
    let new = New { manifest, ..new_version(store, b"unused").await };
    let made = store.register_sealing(&new, (&Origin::default(), ""), snapshot).await?;
    Ok(store.version(&made.reference.model, made.reference.number).await?)
}

#[tokio::test]
async fn a_path_gets_other_bytes_until_a_version_is_made_of_it() {
    let Fixture { store, dir: _dir } = uploaded().await;
    let changed = put(&store, "0/r/artifacts/m/MLmodel", b"other").await.unwrap();
    let sealed = seal(&store, &snapshot(&store).await).await.unwrap();
    let names = sealed.manifest.files().iter().map(|file| file.path.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["MLmodel", "model.onnx"]);
    assert_eq!(sealed.manifest.file("MLmodel").unwrap().digest, changed.digest);

    let same = put(&store, "0/r/artifacts/m/MLmodel", b"other").await;
    assert_eq!(same.unwrap(), changed);
    let other = put(&store, "0/r/artifacts/m/MLmodel", b"third").await;
    assert!(matches!(&other, Err(Error::Sealed { by, .. }) if by == "digits/2"), "{other:?}");
    for sealed in ["0/r/artifacts/m/MLmodel", "0/r/artifacts", "0"] {
        let gone = store.delete_artifacts(&path(sealed)).await;
        assert!(matches!(gone, Err(Error::Sealed { .. })), "{sealed}: {gone:?}");
    }
    put(&store, "0/r/artifacts/m/new.txt", b"beside").await.unwrap();
    assert_eq!(store.delete_artifacts(&path("0/r/artifacts/m/new.txt")).await.unwrap(), 1);
}

#[tokio::test]
async fn a_seal_ends_with_the_last_version_made_of_it() {
    let Fixture { store, dir: _dir } = uploaded().await;
    let taken = snapshot(&store).await;
    let versions = [seal(&store, &taken).await.unwrap(), seal(&store, &taken).await.unwrap()];
    for version in versions {
        assert!(store.delete_artifacts(&path("0")).await.is_err());
        let key = (&model(), version.reference.number);
        store.delete_version(key, &ada(), at(5)).await.unwrap();
    }
    assert_eq!(store.delete_artifacts(&path("0")).await.unwrap(), 2);
}

#[tokio::test]
async fn files_that_change_while_they_are_read_are_not_registered() {
    let Fixture { store, dir: _dir } = uploaded().await;
    let taken = snapshot(&store).await;
    put(&store, "0/r/artifacts/m/MLmodel", b"changed").await.unwrap();
    assert!(matches!(seal(&store, &taken).await, Err(Error::Changed)));
    let taken = snapshot(&store).await;
    store.delete_artifacts(&path("0/r/artifacts/m/MLmodel")).await.unwrap();
    assert!(matches!(seal(&store, &taken).await, Err(Error::Changed)));
    // Nothing was registered and nothing is sealed.
    assert_eq!(store.delete_artifacts(&path("0")).await.unwrap(), 1);
    let next = version(&store, b"next").await;
    assert_eq!(next.reference.number.0, 2);
}

#[tokio::test]
async fn nothing_is_a_file_and_a_directory() {
    let Fixture { store, dir: _dir } = uploaded().await;
    for odd in ["0/r/artifacts/m", "0", "0/r/artifacts/m/MLmodel/x", "0/r/artifacts/m/MLmodel/x/y"]
    {
        let refused = put(&store, odd, b"x").await;
        assert!(matches!(refused, Err(Error::Collides { .. })), "{odd}: {refused:?}");
    }
    put(&store, "0/r/artifacts/m.txt", b"x").await.unwrap();
    put(&store, "0/r/artifacts/m-", b"x").await.unwrap();
}

#[tokio::test]
async fn a_directory_lists_what_is_right_below_it() {
    let Fixture { store, dir: _dir } = uploaded().await;
    put(&store, "0/r/artifacts/m.txt", b"12345").await.unwrap();
    put(&store, "0/r/artifacts/b\"ä/x", b"x").await.unwrap();
    let listed = store.artifacts_in(Some(&path("0/r/artifacts")), MANY).await.unwrap();
    let directory = |name: &str| Entry::Directory { name: name.to_owned() };
    let file = Entry::File { name: "m.txt".to_owned(), size: 5 };
    assert_eq!(listed, [directory("b\"ä"), directory("m"), file]);
    assert_eq!(store.artifacts_in(None, MANY).await.unwrap(), [directory("0")]);
    let limited = store.artifacts_in(Some(&path("0/r/artifacts")), 2).await.unwrap();
    assert_eq!(limited.len(), 2);
    for none in ["0/r/artifacts/m/MLmodel", "1"] {
        assert_eq!(store.artifacts_in(Some(&path(none)), MANY).await.unwrap(), [], "{none}");
    }
}

#[tokio::test]
async fn files_are_counted_and_limited() {
    let Fixture { store, dir: _dir } = uploaded().await;
    let blob = store.blobs().store(&b"x"[..], 1).await.unwrap();
    let artifact = Artifact { path: path("1/x"), blob };
    let full = store.put_artifact(&artifact, 2, at(1)).await;
    assert!(matches!(full, Err(Error::TooMany { limit: 2 })), "{full:?}");
    store.delete_artifacts(&path("0/r/artifacts/m/MLmodel")).await.unwrap();
    store.put_artifact(&artifact, 2, at(1)).await.unwrap();
    // One that is there already takes no more room.
    store.put_artifact(&artifact, 2, at(1)).await.unwrap();
}

#[tokio::test]
async fn bytes_that_only_an_upload_has_are_not_swept() {
    let fixture = fixture().await;
    let store = &fixture.store;
    let kept = put(store, "0/r/artifacts/x", b"kept").await.unwrap();
    let stray = store.blobs().store(&b"stray"[..], 10).await.unwrap();
    assert_eq!(swept(store).await, 1);
    assert!(fixture.blob_path(&kept.digest).exists());
    assert!(!fixture.blob_path(&stray.digest).exists());
}

fn part(number: u64, file: &str) -> multipart::Part {
    let digest = seatrial_domain::Digest::of(file.as_bytes());
    multipart::Part { number, file: file.to_owned(), bytes: Blob { digest, size: 1 } }
}

#[tokio::test]
async fn parts_are_still_known_after_a_restart() {
    let fixture = fixture().await;
    let target = path("0/r/artifacts/big");
    fixture.store.begin_multipart("u", (&target, 2), 1, at(1)).await.unwrap();
    assert_eq!(fixture.store.keep_part("u", &part(2, "b"), at(2)).await.unwrap(), None);
    fixture.store.keep_part("u", &part(1, "a"), at(2)).await.unwrap();
    let before = fixture.store.keep_part("u", &part(1, "c"), at(2)).await.unwrap();
    assert_eq!(before, Some(part(1, "a")));

    let Fixture { store, dir: _dir } = fixture.reopened().await;

    let upload = store.multipart("u").await.unwrap();
    assert_eq!(upload.arrived, [part(1, "c"), part(2, "b")]);
    let more = store.begin_multipart("v", (&target, 2), 1, at(3)).await;
    assert!(matches!(more, Err(multipart::Error::TooManyOpen { limit: 1 })));
}

#[tokio::test]
async fn a_completed_upload_takes_no_more_parts_and_is_forgotten_when_idle() {
    let Fixture { store, dir: _dir } = fixture().await;
    let target = path("0/r/artifacts/big");
    store.begin_multipart("u", (&target, 1), 1, at(1)).await.unwrap();
    store.keep_part("u", &part(1, "a"), at(2)).await.unwrap();
    let blob = store.blobs().store(&b"big"[..], 10).await.unwrap();
    let whole = Artifact { path: target.clone(), blob };
    store.complete_multipart("u", &whole, MANY, at(3)).await.unwrap();

    assert_eq!(store.artifact(&target).await.unwrap().unwrap(), whole);
    assert_eq!(store.multipart_parts().await.unwrap(), []);
    let late = store.keep_part("u", &part(1, "b"), at(4)).await;
    assert!(matches!(late, Err(multipart::Error::Unknown)));
    assert_eq!(store.multipart("u").await.unwrap().state, multipart::State::Completed);
    assert_eq!(store.idle_multiparts(at(3), 10).await.unwrap(), Vec::<String>::new());
    assert_eq!(store.idle_multiparts(at(4), 10).await.unwrap(), ["u"]);
    store.forget_multipart("u").await.unwrap();
    assert!(matches!(store.multipart("u").await, Err(multipart::Error::Unknown)));
    store.begin_multipart("v", (&target, 1), 1, at(5)).await.unwrap();
}
