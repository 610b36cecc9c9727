//! What every store promises of blobs, as tests.

use super::fixture::{Fixture, fixture};
use crate::blobs::Error;
use seatrial_domain::Digest;

const LIMIT: u64 = 1 << 20;

fn files(fixture: &Fixture, dir: &str) -> usize {
    std::fs::read_dir(fixture.dir.path().join("blobs").join(dir)).unwrap().count()
}

#[tokio::test]
async fn a_blob_reads_back_and_is_named_by_its_digest() {
    let fixture = fixture().await;
    let blob = fixture.store.blobs().store(&b"abc"[..], LIMIT).await.unwrap();
    assert_eq!(blob.digest, Digest::of(b"abc"));
    assert_eq!(blob.size, 3);
    let bytes = fixture.store.blobs().read_verified(&blob.digest, LIMIT).await.unwrap();
    assert_eq!(&bytes[..], b"abc");
    assert_eq!(fixture.store.blobs().verify(&blob.digest).await.unwrap(), 3);
}

#[tokio::test]
async fn the_same_bytes_twice_are_one_blob() {
    let fixture = fixture().await;
    for _ in 0..2 {
        fixture.store.blobs().store(&b"abc"[..], LIMIT).await.unwrap();
    }
    assert_eq!(files(&fixture, "sha256"), 1);
    assert_eq!(files(&fixture, "partial"), 0);
}

#[tokio::test]
async fn an_abandoned_upload_leaves_nothing() {
    let fixture = fixture().await;
    let mut writer = fixture.store.blobs().writer(LIMIT).await.unwrap();
    writer.write(b"half").await.unwrap();
    assert_eq!(files(&fixture, "partial"), 1);
    drop(writer);
    assert_eq!(files(&fixture, "partial"), 0);
    assert_eq!(files(&fixture, "sha256"), 0);
}

#[tokio::test]
async fn what_a_crash_left_is_swept_at_the_next_start() {
    let fixture = fixture().await;
    std::fs::write(fixture.dir.path().join("blobs/partial/0"), b"half").unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(files(&fixture, "partial"), 0);
}

#[tokio::test]
async fn too_many_bytes_are_refused_and_leave_nothing() {
    let fixture = fixture().await;
    let stored = fixture.store.blobs().store(&b"abcd"[..], 3).await;
    assert!(matches!(stored, Err(Error::TooLarge { limit: 3 })));
    assert_eq!(files(&fixture, "partial") + files(&fixture, "sha256"), 0);
}

#[tokio::test]
async fn bytes_of_another_digest_than_announced_are_refused() {
    let fixture = fixture().await;
    let mut writer = fixture.store.blobs().writer(LIMIT).await.unwrap();
    writer.write(b"abc").await.unwrap();
    let sealed = writer.finish_as(&Digest::of(b"abd")).await;
    assert!(matches!(sealed, Err(Error::Mismatch { .. })));
    assert_eq!(files(&fixture, "partial") + files(&fixture, "sha256"), 0);
}

#[tokio::test]
async fn an_altered_blob_is_never_handed_out_and_is_repaired_by_a_new_upload() {
    let fixture = fixture().await;
    let blobs = fixture.store.blobs();
    let digest = blobs.store(&b"abc"[..], LIMIT).await.unwrap().digest;
    std::fs::write(fixture.blob_path(&digest), b"abd").unwrap();
    assert!(matches!(blobs.read_verified(&digest, LIMIT).await, Err(Error::Altered { .. })));
    assert!(matches!(blobs.verify(&digest).await, Err(Error::Altered { .. })));
    blobs.store(&b"abc"[..], LIMIT).await.unwrap();
    assert_eq!(&blobs.read_verified(&digest, LIMIT).await.unwrap()[..], b"abc");
}

#[tokio::test]
async fn an_unknown_blob_is_missing_and_a_large_one_is_not_read() {
    let fixture = fixture().await;
    let blobs = fixture.store.blobs();
    assert!(matches!(blobs.verify(&Digest::of(b"?")).await, Err(Error::Missing(_))));
    let digest = blobs.store(&b"abc"[..], LIMIT).await.unwrap().digest;
    assert!(matches!(blobs.read_verified(&digest, 2).await, Err(Error::TooLarge { limit: 2 })));
}

#[test]
fn a_full_disk_is_told_from_a_broken_one() {
    use std::io::ErrorKind;
    for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
        assert!(matches!(Error::from(std::io::Error::from(kind)), Error::Full(_)));
    }
    let denied = std::io::Error::from(ErrorKind::PermissionDenied);
    assert!(matches!(Error::from(denied), Error::Io(_)));
}
