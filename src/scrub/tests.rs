//! Rounds on a store in a temporary directory.

use super::*;
use crate::config::BlobLimits;
use seatrial_store::Options;
use seatrial_store::artifacts::{Artifact, ArtifactPath};
use tempfile::TempDir;

struct Bench {
    dir: TempDir,
    store: Store,
    meter: Arc<Meter>,
}

impl Bench {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Options::default()).await.unwrap();
        Self { dir, store, meter: Arc::default() }
    }

    async fn put(&self, bytes: &[u8]) -> Digest {
        self.store.blobs().store(bytes, 100).await.unwrap().digest
    }

    /// As [`Bench::put`], and something refers to it, by its own bytes.
    async fn upload(&self, text: &str) -> Digest {
        let blob = self.store.blobs().store(text.as_bytes(), 100).await.unwrap();
        let digest = blob.digest.clone();
        let artifact = Artifact { path: ArtifactPath::new(text).unwrap(), blob };
        self.store.put_artifact(&artifact, 100, clock::now()).await.unwrap();
        digest
    }

    fn alter(&self, digest: &Digest) {
        std::fs::write(self.dir.path().join("blobs/sha256").join(digest.hex()), b"rot").unwrap();
    }

    /// A round, with this much time between it and the next.
    async fn round(&self, every: Duration) -> Duration {
        let limits = BlobLimits { scrub_every: every, ..BlobLimits::default() };
        let scrub = Scrub::new(self.store.clone(), limits, Arc::clone(&self.meter));
        scrub.round().await.unwrap()
    }

    async fn corrupt(&self) -> Vec<Digest> {
        let corrupt = self.store.corrupt_blobs().await.unwrap();
        corrupt.into_iter().map(|blob| blob.digest).collect()
    }

    fn looked_at(&self) -> u64 {
        self.meter.blobs.load(Ordering::Relaxed)
    }
}

const AT_ONCE: Duration = Duration::ZERO;
const A_DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_corrupt_blob_is_reported_until_it_is_pushed_again() {
    let bench = Bench::new().await;
    let (sound, rotten) = (bench.upload("sound").await, bench.upload("rotten").await);
    bench.alter(&rotten);
    bench.round(AT_ONCE).await;
    bench.round(AT_ONCE).await;
    assert_eq!(bench.corrupt().await, std::slice::from_ref(&rotten));
    assert_eq!(bench.put(b"rotten").await, rotten);
    bench.round(AT_ONCE).await;
    assert!(bench.corrupt().await.is_empty());
    bench.alter(&sound);
    bench.round(AT_ONCE).await;
    assert_eq!(bench.corrupt().await, [sound]);
    bench.store.delete_artifacts(&ArtifactPath::new("sound").unwrap()).await.unwrap();
    bench.round(AT_ONCE).await;
    assert!(bench.corrupt().await.is_empty(), "nobody misses it");
}

#[tokio::test]
async fn what_is_corrupt_is_looked_at_between_rounds_and_garbage_is_not_told() {
    let bench = Bench::new().await;
    let (rotten, garbage) = (bench.upload("rotten").await, bench.put(b"garbage").await);
    bench.alter(&rotten);
    bench.alter(&garbage);
    assert_eq!(bench.round(A_DAY).await, AGAIN_AFTER);
    assert_eq!(bench.corrupt().await, std::slice::from_ref(&rotten));
    assert_eq!(bench.round(A_DAY).await, AGAIN_AFTER, "it still is");
    bench.put(b"rotten").await;
    assert!(bench.round(A_DAY).await > AGAIN_AFTER);
    assert!(bench.corrupt().await.is_empty());
}

#[tokio::test]
async fn a_round_is_not_due_before_its_time() {
    let bench = Bench::new().await;
    bench.put(b"a").await;
    assert_eq!(bench.round(A_DAY).await, A_DAY);
    let rest = bench.round(A_DAY).await;
    assert!(rest <= A_DAY && rest > A_DAY / 2, "{rest:?}");
    assert_eq!(bench.looked_at(), 1);
}

#[tokio::test]
async fn a_round_goes_on_where_a_restart_left_it() {
    let bench = Bench::new().await;
    let mut digests = [bench.put(b"a").await, bench.put(b"b").await, bench.put(b"c").await];
    digests.sort();
    let after = Some(digests[1].clone());
    let round = Some(Round { began_at: clock::now(), after, blobs: 2, bytes: 2 });
    let progress = Progress { finished_at: Some(clock::now()), round };
    bench.store.save_scrub_progress(&progress).await.unwrap();
    bench.round(A_DAY).await;
    assert_eq!(bench.looked_at(), 1);
    assert_eq!(bench.store.scrub_progress().await.unwrap().round, None);
}
