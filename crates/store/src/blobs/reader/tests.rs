//! What is read again, and what is not.

use super::*;
use crate::blobs::Options;
use seatrial_domain::Timestamp;

#[tokio::test]
async fn a_file_is_hashed_once_for_all_its_ranges() {
    let dir = tempfile::tempdir().unwrap();
    let late = || Timestamp::from_micros(i64::MAX / 2);
    let options = Options { clock: late, ..Options::default() };
    let blobs = Blobs::open(&dir.path().join("blobs"), &options).await.unwrap();
    let digest = blobs.store(&b"abc"[..], 3).await.unwrap().digest;
    let file = blobs.open_verified(&digest, 2).await.unwrap();
    let identity = Identity::of(&file).await.unwrap();
    assert!(blobs.seen.knows(&digest, identity, late()), "the next range costs no hash");
}

#[tokio::test]
async fn what_was_verified_is_known_until_its_file_changes() {
    let dir = tempfile::tempdir().unwrap();
    let late = || Timestamp::from_micros(i64::MAX / 2);
    let options = Options { clock: late, ..Options::default() };
    let blobs = Blobs::open(&dir.path().join("blobs"), &options).await.unwrap();
    let digest = blobs.store(&b"abc"[..], 3).await.unwrap().digest;
    let path = dir.path().join("blobs/sha256").join(digest.hex());
    let identity = async || Identity::of(&File::open(&path).await.unwrap()).await.unwrap();
    blobs.verified(&digest).await.unwrap();
    assert!(blobs.seen.knows(&digest, identity().await, late()), "a copy of it costs no hash");

    std::fs::remove_file(&path).unwrap();
    assert!(matches!(blobs.verified(&digest).await, Err(Error::Missing(_))));
    std::fs::write(&path, b"abd").unwrap();
    assert!(matches!(blobs.verified(&digest).await, Err(Error::Altered { .. })));
}

#[tokio::test]
async fn other_bytes_of_the_same_size_and_time_of_change_are_not_taken_for_those_hashed() {
    let dir = tempfile::tempdir().unwrap();
    let late = || Timestamp::from_micros(i64::MAX / 2);
    let options = Options { clock: late, ..Options::default() };
    let blobs = Blobs::open(&dir.path().join("blobs"), &options).await.unwrap();
    let digest = blobs.store(&b"abc"[..], 3).await.unwrap().digest;
    blobs.verified(&digest).await.unwrap();
    let path = dir.path().join("blobs/sha256").join(digest.hex());
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let changed = async || Identity::of(&File::open(&path).await.unwrap()).await.unwrap();
    let before = changed().await;

    // In place, with the times put back: what the file system notes of a change stays noted. It
    // does so by a clock that ticks, which is why a fresh file is never remembered.
    while changed().await == before {
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"abd", 0).unwrap();
        file.set_modified(modified).unwrap();
    }

    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), modified);
    assert!(matches!(blobs.verified(&digest).await, Err(Error::Altered { .. })));
    assert!(matches!(blobs.open_verified(&digest, 0).await, Err(Error::Altered { .. })));
    assert!(matches!(blobs.located(&digest).await, Err(Error::Altered { .. })));
}
