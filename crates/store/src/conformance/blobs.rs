//! What every store promises of blobs, as tests: each claim on the local disk and on an object
//! store. That is one in memory, unless `SEATRIAL_TEST_S3` names a server.

use super::fixture::{Fixture, fixture, fixture_with, remote};
use crate::Options;
use crate::blobs::{self, Error, s3};
use seatrial_domain::{Digest, Timestamp};
use std::path::PathBuf;
use tokio::io::AsyncReadExt as _;

const LIMIT: u64 = 16 << 20;

/// S3 takes no smaller parts, except the last one.
const PART_BYTES: usize = 5 << 20;

fn limits() -> s3::Limits {
    s3::Limits { part_bytes: PART_BYTES, ..s3::Limits::default() }
}

/// More than two parts.
fn large() -> Vec<u8> {
    (0..2 * PART_BYTES + 3).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

/// Every claim, of both kinds of store.
macro_rules! of_both {
    ($($claim:ident),* $(,)?) => {
        mod local {
            $(#[tokio::test] async fn $claim() { super::$claim(super::fixture().await).await; })*
        }
        mod object_store {
            use super::{limits, remote};
            $(#[tokio::test] async fn $claim() { super::$claim(remote(limits()).await).await; })*
        }
    };
}

of_both!(
    a_blob_reads_back_and_is_named_by_its_digest,
    a_blob_of_several_parts_reads_back,
    an_empty_blob_is_one,
    the_same_bytes_twice_are_one_blob,
    an_abandoned_upload_leaves_nothing,
    what_a_crash_left_is_swept_at_the_next_start,
    too_many_bytes_are_refused_and_leave_nothing,
    bytes_of_another_digest_than_announced_are_refused,
    an_unknown_blob_is_missing_and_a_large_one_is_not_read,
    a_removed_blob_is_gone,
    a_blob_outlives_a_restart,
    a_file_is_adopted_if_it_is_the_announced_one,
);

/// Files that arrive, on this machine.
fn partial(fixture: &Fixture) -> usize {
    let dirs = ["partial", "cache/partial"].map(|dir| fixture.dir.path().join("blobs").join(dir));
    dirs.iter().filter_map(|dir| std::fs::read_dir(dir).ok()).map(Iterator::count).sum()
}

async fn stored(fixture: &Fixture) -> usize {
    fixture.store.blobs().list().await.unwrap().len()
}

fn cached(fixture: &Fixture, digest: &Digest) -> PathBuf {
    fixture.dir.path().join("blobs/cache/sha256").join(digest.hex())
}

async fn a_blob_reads_back_and_is_named_by_its_digest(fixture: Fixture) {
    let blobs = fixture.store.blobs();
    let blob = blobs.store(&b"abc"[..], LIMIT).await.unwrap();
    assert_eq!((&blob.digest, blob.size), (&Digest::of(b"abc"), 3));
    assert_eq!(&blobs.read_verified(&blob.digest, LIMIT).await.unwrap()[..], b"abc");
    assert_eq!(blobs.verify(&blob.digest).await.unwrap(), 3);
    assert!(blobs.has(&blob.digest, 3).await.unwrap());
    assert!(!blobs.has(&blob.digest, 4).await.unwrap());
    let local = blobs.local(&blob.digest).await.unwrap();
    assert_eq!(std::fs::read(local.path()).unwrap(), b"abc");
    let mut rest = String::new();
    blobs.open_verified(&blob.digest, 1).await.unwrap().read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "bc");
}

async fn a_blob_of_several_parts_reads_back(fixture: Fixture) {
    let (blobs, bytes) = (fixture.store.blobs(), large());
    let blob = blobs.store(&bytes[..], LIMIT).await.unwrap();
    assert_eq!(blob.digest, Digest::of(&bytes));
    assert_eq!(blobs.verify(&blob.digest).await.unwrap(), blob.size);
    assert!(blobs.read_verified(&blob.digest, LIMIT).await.unwrap() == bytes);
}

async fn an_empty_blob_is_one(fixture: Fixture) {
    let blob = fixture.store.blobs().store(&b""[..], LIMIT).await.unwrap();
    assert!(fixture.store.blobs().has(&blob.digest, 0).await.unwrap());
    assert!(fixture.store.blobs().read_verified(&blob.digest, 0).await.unwrap().is_empty());
}

async fn the_same_bytes_twice_are_one_blob(fixture: Fixture) {
    for bytes in [&b"abc"[..], b"abc", &large(), &large()] {
        fixture.store.blobs().store(bytes, LIMIT).await.unwrap();
    }
    assert_eq!((stored(&fixture).await, partial(&fixture)), (2, 0));
}

async fn an_abandoned_upload_leaves_nothing(fixture: Fixture) {
    let mut writer = fixture.store.blobs().writer(LIMIT).await.unwrap();
    writer.write(b"half").await.unwrap();
    assert_eq!(partial(&fixture), 1);
    drop(writer);
    assert_eq!((stored(&fixture).await, partial(&fixture)), (0, 0));
}

async fn what_a_crash_left_is_swept_at_the_next_start(fixture: Fixture) {
    for dir in ["partial", "cache/partial"] {
        let dir = fixture.dir.path().join("blobs").join(dir);
        if dir.is_dir() {
            std::fs::write(dir.join("0"), b"half").unwrap();
        }
    }
    assert_eq!(partial(&fixture), 1);
    let fixture = fixture.reopened().await;
    assert_eq!((stored(&fixture).await, partial(&fixture)), (0, 0));
}

async fn too_many_bytes_are_refused_and_leave_nothing(fixture: Fixture) {
    let refused = fixture.store.blobs().store(&b"abcd"[..], 3).await;
    assert!(matches!(refused, Err(Error::TooLarge { limit: 3 })));
    assert_eq!((stored(&fixture).await, partial(&fixture)), (0, 0));
}

async fn bytes_of_another_digest_than_announced_are_refused(fixture: Fixture) {
    let mut writer = fixture.store.blobs().writer(LIMIT).await.unwrap();
    writer.write(b"abc").await.unwrap();
    let sealed = writer.finish_as(&Digest::of(b"abd")).await;
    assert!(matches!(sealed, Err(Error::Mismatch { .. })));
    assert_eq!((stored(&fixture).await, partial(&fixture)), (0, 0));
}

async fn an_unknown_blob_is_missing_and_a_large_one_is_not_read(fixture: Fixture) {
    let (blobs, unknown) = (fixture.store.blobs(), Digest::of(b"?"));
    assert!(matches!(blobs.verify(&unknown).await, Err(Error::Missing(_))));
    assert!(matches!(blobs.open_verified(&unknown, 0).await, Err(Error::Missing(_))));
    assert!(!blobs.has(&unknown, 1).await.unwrap());
    let digest = blobs.store(&b"abc"[..], LIMIT).await.unwrap().digest;
    assert!(matches!(blobs.read_verified(&digest, 2).await, Err(Error::TooLarge { limit: 2 })));
}

async fn a_removed_blob_is_gone(fixture: Fixture) {
    let blobs = fixture.store.blobs();
    let digest = blobs.store(&b"abc"[..], LIMIT).await.unwrap().digest;
    assert!(blobs.remove(&digest).await.unwrap());
    assert!(!blobs.remove(&digest).await.unwrap());
    assert!(matches!(blobs.read_verified(&digest, LIMIT).await, Err(Error::Missing(_))));
}

async fn a_blob_outlives_a_restart(fixture: Fixture) {
    let digest = fixture.store.blobs().store(&b"abc"[..], LIMIT).await.unwrap().digest;
    let fixture = fixture.reopened().await;
    assert_eq!(&fixture.store.blobs().read_verified(&digest, 3).await.unwrap()[..], b"abc");
}

async fn a_file_is_adopted_if_it_is_the_announced_one(fixture: Fixture) {
    let (blobs, path) = (fixture.store.blobs(), fixture.dir.path().join("upload"));
    std::fs::write(&path, large()).unwrap();
    let (right, size) = (Digest::of(&large()), u64::try_from(large().len()).unwrap());
    let other = blobs.adopt(&path, &Digest::of(b"abc"), size).await;
    assert!(matches!(other, Err(Error::Mismatch { .. })));
    let more = blobs.adopt(&path, &right, size - 1).await;
    assert!(matches!(more, Err(Error::TooLarge { .. })));
    assert_eq!((stored(&fixture).await, partial(&fixture)), (0, 0));
    assert_eq!(blobs.adopt(&path, &right, size).await.unwrap().size, size);
    std::fs::remove_file(&path).unwrap();
    assert!(blobs.read_verified(&right, LIMIT).await.unwrap() == large());
    assert_eq!(partial(&fixture), 0);
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
async fn an_altered_cached_copy_is_never_handed_out_and_is_fetched_again() {
    let fixture = remote(limits()).await;
    let blobs = fixture.store.blobs();
    let digest = blobs.store(&b"abc"[..], LIMIT).await.unwrap().digest;
    let alter = || std::fs::write(cached(&fixture, &digest), b"abd").unwrap();
    alter();
    assert_eq!(&blobs.read_verified(&digest, LIMIT).await.unwrap()[..], b"abc");
    alter();
    let mut all = String::new();
    blobs.open_verified(&digest, 0).await.unwrap().read_to_string(&mut all).await.unwrap();
    alter();
    let local = blobs.local(&digest).await.unwrap();
    assert_eq!((all.as_str(), &std::fs::read(local.path()).unwrap()[..]), ("abc", &b"abc"[..]));
}

#[tokio::test]
async fn a_blob_that_left_the_cache_is_fetched_once_for_all_who_ask() {
    let fixture = remote(limits()).await;
    let blobs = fixture.store.blobs();
    let digest = blobs.store(&large()[..], LIMIT).await.unwrap().digest;
    std::fs::remove_file(cached(&fixture, &digest)).unwrap();
    let read = || blobs.read_local(&digest, LIMIT);
    let (a, b, c) = tokio::join!(read(), read(), read());
    assert!([a, b, c].into_iter().all(|read| read.unwrap().0 == large()));
    assert_eq!(partial(&fixture), 0);
}

#[tokio::test]
async fn a_cache_that_is_full_makes_room_and_one_in_use_does_not() {
    let fixture = remote(s3::Limits { cache_bytes: 4, ..limits() }).await;
    let blobs = fixture.store.blobs();
    let a = blobs.store(&b"aaa"[..], LIMIT).await.unwrap().digest;
    let b = blobs.store(&b"bbb"[..], LIMIT).await.unwrap().digest;
    assert!(!cached(&fixture, &a).exists() && cached(&fixture, &b).exists());
    let held = blobs.local(&a).await.unwrap();
    assert!(matches!(blobs.local(&b).await, Err(Error::Full(_))), "a is in use");
    drop(held);
    assert_eq!(std::fs::read(blobs.local(&b).await.unwrap().path()).unwrap(), b"bbb");
    let refused = blobs.store(&b"ccccc"[..], LIMIT).await;
    assert!(matches!(refused, Err(Error::TooLarge { limit: 4 })), "it could not be read again");
}

#[tokio::test]
async fn a_change_is_noticed_though_the_file_was_hashed_before() {
    let late = blobs::Options {
        clock: || Timestamp::from_micros(i64::MAX / 2),
        ..blobs::Options::default()
    };
    let fixture = fixture_with(Options { blobs: late, ..Options::default() }).await;
    let blobs = fixture.store.blobs();
    let digest = blobs.store(&b"abc"[..], LIMIT).await.unwrap().digest;
    let mut rest = String::new();
    for _ in 0..2 {
        blobs.open_verified(&digest, 2).await.unwrap().read_to_string(&mut rest).await.unwrap();
    }
    assert_eq!(rest, "cc");
    std::fs::write(fixture.blob_path(&digest), b"abd").unwrap();
    assert!(matches!(blobs.open_verified(&digest, 2).await, Err(Error::Altered { .. })));
    assert!(matches!(blobs.local(&digest).await, Err(Error::Altered { .. })));
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
