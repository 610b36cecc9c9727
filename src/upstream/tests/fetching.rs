//! From another server into the blob store.

use super::*;
use crate::config::Config;
use seatrial_domain::Digest;
use seatrial_store::{Options, Store};
use tempfile::TempDir;

/// A model of three files, one of them below a directory.
fn model() -> Fake {
    registered("mlflow-artifacts:/0/m")
        .listing("0/m", &[("MLmodel", Some(7)), ("data", None), ("empty file", Some(0))])
        .listing("0/m/data", &[("model.onnx", Some(5))])
        .file("0/m/MLmodel", b"flavors")
        .file("0/m/empty%20file", b"")
        .file("0/m/data/model.onnx", b"bytes")
}

fn config(address: SocketAddr) -> Config {
    let mut config = Config::default();
    config.upstream.tracking = Some(format!("http://{address}"));
    config.upstream.allow_private = true;
    config
}

async fn store() -> (Store, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Store::open(dir.path(), Options::default()).await.unwrap(), dir)
}

fn stored(dir: &TempDir) -> usize {
    ["sha256", "partial"]
        .iter()
        .map(|folder| std::fs::read_dir(dir.path().join("blobs").join(folder)).unwrap().count())
        .sum()
}

#[tokio::test]
async fn a_versions_files_become_blobs_and_one_manifest() {
    let (store, _dir) = store().await;
    let upstream = Upstream::of(&config(model().serve().await)).unwrap().unwrap();
    let (manifest, resolved) = upstream.ingest("models:/m@best", store.blobs()).await.unwrap();
    let paths: Vec<_> = manifest.files().iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["MLmodel", "data/model.onnx", "empty file"]);
    let model = manifest.onnx_file().unwrap();
    assert_eq!(model.digest, Digest::of(b"bytes"));
    assert_eq!(&*store.blobs().read_verified(&model.digest, 10).await.unwrap(), b"bytes");
    assert_eq!(resolved.facts.run_id.as_deref(), Some("r1"));
}

#[tokio::test]
async fn an_inside_address_is_not_gone_to_unless_allowed() {
    let (store, dir) = store().await;
    let fake = model();
    let mut config = config(fake.serve().await);
    config.upstream.allow_private = false;
    let upstream = Upstream::of(&config).unwrap().unwrap();
    let refused = upstream.ingest("models:/m@best", store.blobs()).await.unwrap_err();
    assert!(matches!(refused, Failure::Upstream(Error::Inside { .. })), "{refused}");
    assert_eq!((fake.asked().len(), stored(&dir)), (0, 0), "nothing was asked, nothing stored");
}

#[tokio::test]
async fn a_file_that_breaks_off_leaves_no_part_of_itself() {
    let (store, dir) = store().await;
    let fake = model().file("0/m/data/model.onnx", b"byt");
    let upstream = Upstream::of(&config(fake.serve().await)).unwrap().unwrap();
    let refused = upstream.ingest("models:/m@best", store.blobs()).await.unwrap_err();
    assert!(matches!(refused, Failure::Upstream(Error::Size { .. })), "{refused}");
    assert!(!store.blobs().has(&Digest::of(b"byt"), 3).await.unwrap());
    assert_eq!(stored(&dir), 1, "the whole file before it stays until it is swept");
}

#[tokio::test]
async fn a_transfer_that_takes_too_long_is_given_up_and_another_one_waits_for_its_turn() {
    let (store, _dir) = store().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(silent.local_addr().unwrap());
    config.limits.upstream.max_transfers = 1;
    config.limits.upstream.transfer_timeout = Duration::from_millis(200);
    let upstream = Upstream::of(&config).unwrap().unwrap();
    let (first, second) = tokio::join!(
        upstream.ingest("models:/m/1", store.blobs()),
        upstream.ingest("models:/m/2", store.blobs()),
    );
    assert!(matches!(first, Err(Failure::Upstream(Error::Late { .. }))), "{first:?}");
    assert!(matches!(second, Err(Failure::Upstream(Error::Busy { limit: 1 }))), "{second:?}");
    let again = upstream.ingest("models:/m/2", store.blobs()).await;
    assert!(matches!(again, Err(Failure::Upstream(Error::Late { .. }))), "the turn came back");
}

#[test]
fn no_server_is_asked_unless_one_is_configured() {
    assert!(Upstream::of(&Config::default()).unwrap().is_none());
}
