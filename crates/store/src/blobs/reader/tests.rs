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
    let identity = Identity::of(&file.metadata().await.unwrap());
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
    let identity = || Identity::of(&std::fs::metadata(&path).unwrap());
    blobs.verified(std::slice::from_ref(&digest)).await.unwrap();
    assert!(blobs.seen.knows(&digest, identity(), late()), "a copy of it costs no hash");

    std::fs::remove_file(&path).unwrap();
    assert!(matches!(blobs.verified(std::slice::from_ref(&digest)).await, Err(Error::Missing(_))));
    std::fs::write(&path, b"abd").unwrap();
    assert!(matches!(
        blobs.verified(std::slice::from_ref(&digest)).await,
        Err(Error::Altered { .. })
    ));
}

#[tokio::test]
async fn a_blob_is_told_of_once_it_can_be_read_and_is_known_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let late = || Timestamp::from_micros(i64::MAX / 2);
    let options = Options { clock: late, ..Options::default() };
    let blobs = Blobs::open(&dir.path().join("blobs"), &options).await.unwrap();
    let path = |digest: &Digest| dir.path().join("blobs/sha256").join(digest.hex());
    let mut told = None;
    let mut writer = blobs.writer(3).await.unwrap();
    writer.write(b"abc").await.unwrap();
    let named = |digest: &Digest| told = Some(std::fs::read(path(digest)).unwrap());
    let digest = writer.finish_telling(named).await.unwrap().digest;
    assert_eq!(told.as_deref(), Some(&b"abc"[..]));
    let identity = Identity::of(&std::fs::metadata(path(&digest)).unwrap());
    assert!(blobs.seen.knows(&digest, identity, late()), "to register it costs no hash");
}

#[tokio::test]
async fn of_many_files_the_one_that_is_bad_is_found_however_large_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&dir.path().join("blobs"), &Options::default()).await.unwrap();
    let mut digests = Vec::new();
    for size in [3, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20] {
        let bytes = vec![7_u8; size];
        digests.push(blobs.store(bytes.as_slice(), 4 << 20).await.unwrap().digest);
    }
    blobs.verified(&digests).await.unwrap();
    for bad in &digests {
        let path = dir.path().join("blobs/sha256").join(bad.hex());
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.last_mut().unwrap();
        *last ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let found = blobs.verified(&digests).await;
        assert!(matches!(found, Err(Error::Altered { expected, .. }) if expected == *bad));
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &bytes).unwrap();
    }
}

#[tokio::test]
async fn other_bytes_of_the_same_size_and_time_of_change_are_not_taken_for_those_hashed() {
    let dir = tempfile::tempdir().unwrap();
    let late = || Timestamp::from_micros(i64::MAX / 2);
    let options = Options { clock: late, ..Options::default() };
    let blobs = Blobs::open(&dir.path().join("blobs"), &options).await.unwrap();
    let digest = blobs.store(&b"abc"[..], 3).await.unwrap().digest;
    blobs.verified(std::slice::from_ref(&digest)).await.unwrap();
    let path = dir.path().join("blobs/sha256").join(digest.hex());
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let changed = || Identity::of(&std::fs::metadata(&path).unwrap());
    let before = changed();

    // In place, with the times put back: what the file system notes of a change stays noted. It
    // does so by a clock that ticks, which is why no fresh file of others is remembered.
    while changed() == before {
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"abd", 0).unwrap();
        file.set_modified(modified).unwrap();
    }

    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), modified);
    assert!(matches!(
        blobs.verified(std::slice::from_ref(&digest)).await,
        Err(Error::Altered { .. })
    ));
    assert!(matches!(blobs.open_verified(&digest, 0).await, Err(Error::Altered { .. })));
    assert!(matches!(blobs.located(&digest).await, Err(Error::Altered { .. })));
}
