//! What a look at a blob finds and mends, and what a restart remembers of it.

use super::fixture::{Fixture, at, fixture, remote};
use crate::blobs::scrub::{Health, Mended};
use crate::blobs::{Error, s3};
use crate::scrub::{Corrupt, Progress, Round};
use seatrial_domain::Digest;

const RATE: u64 = 1 << 40;

async fn stored(fixture: &Fixture) -> Digest {
    fixture.store.blobs().store(&b"abc"[..], 3).await.unwrap().digest
}

async fn look(fixture: &Fixture, digest: &Digest) -> Health {
    fixture.store.blobs().scrub(digest, RATE).await.unwrap()
}

fn alter_cached(fixture: &Fixture, digest: &Digest) {
    let path = fixture.dir.path().join("blobs/cache/sha256").join(digest.hex());
    std::fs::write(path, b"abd").unwrap();
}

#[tokio::test]
async fn a_blob_altered_on_disk_is_found_and_one_that_is_gone_is_not_corrupt() {
    let fixture = fixture().await;
    let digest = stored(&fixture).await;
    assert_eq!(look(&fixture, &digest).await, Health::Intact);
    std::fs::write(fixture.blob_path(&digest), b"abd").unwrap();
    assert_eq!(look(&fixture, &digest).await, Health::Corrupt { found: Digest::of(b"abd") });
    std::fs::remove_file(fixture.blob_path(&digest)).unwrap();
    assert_eq!(look(&fixture, &digest).await, Health::Gone);
}

#[tokio::test]
async fn a_bad_cached_copy_is_replaced_by_the_stored_blob() {
    let fixture = remote(s3::Limits::default()).await;
    let digest = stored(&fixture).await;
    assert_eq!(look(&fixture, &digest).await, Health::Intact);
    alter_cached(&fixture, &digest);
    assert_eq!(look(&fixture, &digest).await, Health::Mended(Mended::Cached));
    assert_eq!(look(&fixture, &digest).await, Health::Intact);
}

#[tokio::test]
async fn a_bad_stored_blob_is_replaced_by_the_cached_copy_and_reported_without_one() {
    let fixture = remote(s3::Limits::default()).await;
    let digest = stored(&fixture).await;
    fixture.overwrite_stored(&digest, b"abd").await;
    assert_eq!(look(&fixture, &digest).await, Health::Mended(Mended::Stored));
    assert_eq!(fixture.store.blobs().verify(&digest).await.unwrap(), 3);
    fixture.overwrite_stored(&digest, b"abd").await;
    alter_cached(&fixture, &digest);
    assert_eq!(look(&fixture, &digest).await, Health::Corrupt { found: Digest::of(b"abd") });
    let read = fixture.store.blobs().read_verified(&digest, 3).await;
    assert!(matches!(read, Err(Error::Altered { .. })), "it is never served");
    // The same bytes pushed again.
    stored(&fixture).await;
    assert_eq!(look(&fixture, &digest).await, Health::Intact);
}

#[tokio::test]
async fn a_blob_that_is_gone_is_stored_again_by_its_cached_copy() {
    let fixture = remote(s3::Limits::default()).await;
    let blobs = fixture.store.blobs();
    let digest = stored(&fixture).await;
    assert_eq!(blobs.restore(&digest, RATE).await.unwrap(), Health::Intact);
    fixture.delete_stored(&digest).await;
    assert_eq!(look(&fixture, &digest).await, Health::Gone, "it may be nobody's any more");
    assert_eq!(blobs.restore(&digest, RATE).await.unwrap(), Health::Mended(Mended::Stored));
    assert_eq!(blobs.verify(&digest).await.unwrap(), 3);
    fixture.delete_stored(&digest).await;
    alter_cached(&fixture, &digest);
    assert_eq!(blobs.restore(&digest, RATE).await.unwrap(), Health::Gone);
}

#[tokio::test]
async fn what_was_found_and_how_far_it_is_outlive_a_restart() {
    let fixture = fixture().await;
    assert_eq!(fixture.store.scrub_progress().await.unwrap(), Progress::default());
    let (digest, found) = (Digest::of(b"abc"), Digest::of(b"abd"));
    let corrupt = Corrupt { digest: digest.clone(), found: Some(found), at: at(5) };
    assert!(fixture.store.note_corrupt(&corrupt).await.unwrap());
    let later = Corrupt { at: at(9), ..corrupt.clone() };
    assert!(!fixture.store.note_corrupt(&later).await.unwrap(), "it is told once");
    let round = Round { began_at: at(4), after: Some(digest.clone()), blobs: 1, bytes: 3 };
    let progress = Progress { finished_at: Some(at(2)), round: Some(round) };
    fixture.store.save_scrub_progress(&progress).await.unwrap();
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.store.scrub_progress().await.unwrap(), progress);
    assert_eq!(fixture.store.corrupt_blobs().await.unwrap(), [corrupt]);
    let lost = Corrupt { digest: Digest::of(b"lost"), found: None, at: at(6) };
    assert!(fixture.store.note_corrupt(&lost).await.unwrap());
    assert!(fixture.store.corrupt_blobs().await.unwrap().contains(&lost));
    fixture.store.forget_corrupt(&[digest, lost.digest].into()).await.unwrap();
    assert!(fixture.store.corrupt_blobs().await.unwrap().is_empty());
}
