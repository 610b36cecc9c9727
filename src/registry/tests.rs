//! Uploads and their limits. Whole pushes are tested against the running server.

mod ahead;

use super::*;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use seatrial_domain::Digest;
use seatrial_domain::manifest::{ArtifactType, File, FilePath, Manifest};
use seatrial_domain::mlmodel;
use seatrial_domain::tensor::{DataType, Signature, TensorSpec};
use seatrial_runtime::{confined, probe};
use std::time::Duration;

struct Door {
    registry: Registry,
    dir: tempfile::TempDir,
    tasks: Tasks,
}

async fn door(uploads: Uploads) -> Door {
    door_with("/nonexistent".into(), uploads).await
}

/// Whose models are tried by `program`.
async fn door_with(program: PathBuf, uploads: Uploads) -> Door {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), seatrial_store::Options::default()).await.unwrap();
    let model = probe::Child {
        program,
        library: "/nonexistent".into(),
        limits: confined::Limits::default(),
    };
    let limits_of_reading = confined::Limits::default();
    let dataset = child::Child { program: "/nonexistent".into(), limits: limits_of_reading };
    let children = Children { model, dataset };
    let (limits, tasks) = (Limits { uploads, ..Limits::default() }, Tasks::default());
    let registry = Registry::open(store, children, &limits, dir.path(), tasks.clone()).unwrap();
    Door { registry, dir, tasks }
}

impl Door {
    async fn receive(
        &self,
        id: &UploadId,
        path: &str,
        bytes: &'static [u8],
    ) -> Result<Received, Error> {
        let body = stream::iter([Ok(Bytes::from_static(bytes))]);
        self.registry.receive(id, FilePath::new(path).unwrap(), body).await
    }

    /// Files anywhere below the upload directory.
    fn left(&self) -> usize {
        let uploads = std::fs::read_dir(self.dir.path().join("uploads")).unwrap();
        uploads.map(|dir| std::fs::read_dir(dir.unwrap().path()).unwrap().count()).sum()
    }
}

fn digits() -> NewModel {
    NewModel {
        model: "digits".parse().unwrap(),
        tags: BTreeMap::new(),
        alias: None,
        source: None,
        lineage: seatrial_domain::lineage::Lineage::default(),
        actor: seatrial_domain::Actor::Seatrial,
        required: Vec::new(),
    }
}

fn allowed() -> impl Future<Output = Result<(), Error>> {
    std::future::ready(Ok(()))
}

#[tokio::test]
async fn what_is_allowed_no_more_once_the_files_were_tried_is_not_registered() {
    let door = door(Uploads::default()).await;
    let (id, _) = door.registry.begin().unwrap();
    door.receive(&id, "MLmodel", b"flavors: {sklearn: {}}").await.unwrap();
    let forbidden = async { Err(Error::UnknownUpload(id.clone())) };
    let refused = door.registry.register_model(&id, digits(), forbidden).await.unwrap_err();
    assert!(matches!(refused, Error::UnknownUpload(_)), "{refused}");
    let model = door.registry.store.model(&digits().model).await;
    assert!(model.is_err(), "{model:?}");
    let (id, _) = door.registry.begin().unwrap();
    door.receive(&id, "MLmodel", b"flavors: {sklearn: {}}").await.unwrap();
    door.registry.register_model(&id, digits(), allowed()).await.unwrap();
}

#[tokio::test]
async fn a_file_is_hashed_while_it_streams() {
    let door = door(Uploads::default()).await;
    let (id, _) = door.registry.begin().unwrap();
    let file = door.receive(&id, "a/b.onnx", b"bytes").await.unwrap();
    assert_eq!((file.digest, file.size), (Digest::of(b"bytes"), 5));
}

#[tokio::test]
async fn other_bytes_under_a_sent_path_are_refused_and_the_same_are_not() {
    let door = door(Uploads::default()).await;
    let (id, _) = door.registry.begin().unwrap();
    door.receive(&id, "m.onnx", b"one").await.unwrap();
    door.receive(&id, "m.onnx", b"one").await.unwrap();
    let refused = door.receive(&id, "m.onnx", b"two").await.unwrap_err();
    assert!(matches!(refused, Error::Different(_)));
}

#[tokio::test]
async fn every_limit_of_an_upload_holds() {
    let limits =
        Uploads { max_file: 4, max_total: 6, max_files: 3, max_open: 1, ..Uploads::default() };
    let door = door(limits).await;
    let (id, _) = door.registry.begin().unwrap();
    assert!(matches!(door.registry.begin(), Err(Error::TooManyUploads { limit: 1 })));
    let too_large = door.receive(&id, "a", b"12345").await.unwrap_err();
    assert!(matches!(too_large, Error::TooLarge { limit: 4, .. }));
    door.receive(&id, "b", b"1234").await.unwrap();
    let too_much = door.receive(&id, "c", b"123").await.unwrap_err();
    assert!(matches!(too_much, Error::TooLarge { limit: 6, .. }));
    assert_eq!(door.left(), 1, "what was refused leaves nothing");
    let too_many = door.receive(&id, "d", b"1").await.unwrap_err();
    assert!(matches!(too_many, Error::TooManyFiles { limit: 3 }));
}

#[tokio::test]
async fn an_expired_or_discarded_upload_leaves_nothing() {
    let door = door(Uploads::default()).await;
    let (kept, expires_at) = door.registry.begin().unwrap();
    let (gone, _) = door.registry.begin().unwrap();
    door.receive(&kept, "a", b"1").await.unwrap();
    door.receive(&gone, "b", b"2").await.unwrap();
    door.registry.discard(&gone).unwrap();
    assert_eq!(door.left(), 1);
    door.registry.sweep(expires_at.plus(Duration::from_secs(1)));
    assert_eq!(door.left(), 0);
    let unknown = door.receive(&kept, "c", b"3").await.unwrap_err();
    assert!(matches!(unknown, Error::UnknownUpload(_)));
}

#[tokio::test]
async fn a_directory_without_a_model_is_refused_before_anything_is_tried() {
    let door = door(Uploads::default()).await;
    let (id, _) = door.registry.begin().unwrap();
    door.receive(&id, "readme.txt", b"words").await.unwrap();
    let refused = door.registry.register_model(&id, digits(), allowed()).await.unwrap_err();
    assert!(matches!(refused, Error::NoModel { .. }));
    assert_eq!(door.left(), 0, "a refused upload leaves nothing");
}

#[tokio::test]
async fn a_model_that_could_not_be_loaded_later_is_refused_at_the_door() {
    let door = door(Uploads::default()).await;
    let (id, _) = door.registry.begin().unwrap();
    door.receive(&id, "digits.ONNX", b"bytes").await.unwrap();
    let refused = door.registry.register_model(&id, digits(), allowed()).await.unwrap_err();
    assert!(matches!(refused, Error::NoModel { .. }), "{refused}");
}

/// A manifest of these files, each of them stored.
async fn stored(door: &Door, files: &[(&str, &'static [u8])]) -> Manifest {
    let mut sealed = Vec::new();
    for (path, bytes) in files {
        let blob = door.registry.store.blobs().store(*bytes, 1 << 21).await.unwrap();
        let path = FilePath::new(path).unwrap();
        sealed.push(File { path, digest: blob.digest, size: blob.size });
    }
    Manifest::new(ArtifactType::Model, sealed).unwrap()
}

#[tokio::test]
async fn a_stored_model_of_another_flavor_is_described_without_trying_anything() {
    let door = door(Uploads::default()).await;
    let said = b"flavors: {sklearn: {pickled_model: model.pkl}}\nrun_id: r1\n";
    let manifest = stored(&door, &[("m/MLmodel", said), ("m/model.pkl", b"no pickle")]).await;
    let described = door.registry.describe(&manifest).await.unwrap();
    assert_eq!(described.signature, Signature::default());
    assert_eq!(described.flavors.names(), "sklearn");
    assert_eq!(described.flavors.run_id.as_deref(), Some("r1"));
    assert_eq!(door.left(), 0, "no copy stays");
}

#[tokio::test]
async fn a_stored_model_is_described_from_its_sealed_bytes_only() {
    let door = door(Uploads::default()).await;
    let onnx = b"flavors: {onnx: {data: model.onnx}}";
    let manifest = stored(&door, &[("MLmodel", onnx), ("model.onnx", b"graph")]).await;
    let tried = door.registry.describe(&manifest).await.unwrap_err();
    assert!(matches!(tried, Error::Model { .. }), "there is no child to try it in: {tried}");
    for (path, lost) in [("model.onnx", true), ("MLmodel", false)] {
        let digest = &manifest.file(path).unwrap().digest;
        let blob = door.dir.path().join("blobs/sha256").join(digest.hex());
        if lost {
            std::fs::remove_file(&blob).unwrap();
        } else {
            std::fs::write(&blob, b"flavors: {sklearn: {}}").unwrap();
        }
        let refused = door.registry.describe(&manifest).await.unwrap_err();
        assert!(matches!(refused, Error::Blobs(_)), "{path}: {refused}");
    }
    assert_eq!(door.left(), 0, "no copy stays");
}

#[tokio::test]
async fn files_that_were_tried_are_not_tried_again_and_others_are() {
    let door = door(Uploads::default()).await;
    let manifest = stored(&door, &[("a/model.onnx", b"graph"), ("a/weights", b"1")]).await;
    let main = manifest.file("a/model.onnx").unwrap();
    let input = TensorSpec { name: "x".to_owned(), datatype: DataType::Fp32, shape: vec![-1] };
    let found = Signature { inputs: vec![input], outputs: Vec::new() };

    door.registry.trials.tried.remember(tried::key(&manifest, main), &found);

    // There is no child to try anything in.
    assert_eq!(door.registry.describe(&manifest).await.unwrap().signature, found);
    let other = stored(&door, &[("a/model.onnx", b"graph"), ("a/weights", b"2")]).await;
    assert!(matches!(door.registry.describe(&other).await, Err(Error::Model { .. })));
}

#[tokio::test]
async fn an_mlmodel_that_names_what_is_not_there_is_refused() {
    let door = door(Uploads::default()).await;
    let onnx: &[u8] = b"flavors: {onnx: {data: model.onnx}}";
    let nothing: &[u8] = b"mlflow_version: 3.17.2";
    let large = vec![b' '; usize::try_from(mlmodel::SIZE_MAX).unwrap() + 1].leak();
    let refused = async |files: &[(&str, &'static [u8])]| {
        let manifest = stored(&door, files).await;
        door.registry.describe(&manifest).await.unwrap_err()
    };
    let elsewhere = refused(&[("m/MLmodel", onnx), ("model.onnx", b"graph")]).await;
    assert!(matches!(elsewhere, Error::NoData { .. }), "{elsewhere}");
    let neither = refused(&[("MLmodel", nothing), ("model.pkl", b"")]).await;
    assert!(matches!(neither, Error::NoModel { .. }), "{neither}");
    let two = refused(&[("a/MLmodel", onnx), ("b/MLmodel", onnx)]).await;
    assert!(matches!(two, Error::MlModels(_)), "{two}");
    let too_long = refused(&[("MLmodel", large)]).await;
    assert!(matches!(too_long, Error::MlModel { .. }), "{too_long}");
    assert_eq!(door.left(), 0);
}

#[tokio::test]
async fn files_arriving_at_once_share_the_limit_of_their_upload() {
    let door = door(Uploads { max_total: 6, ..Uploads::default() }).await;
    let (id, _) = door.registry.begin().unwrap();
    let (arrived, first_arrived) = tokio::sync::oneshot::channel();
    let (refuse, second_refused) = tokio::sync::oneshot::channel();
    let four = || Ok(Bytes::from_static(b"1234"));
    let first = stream::iter([four()]).chain(stream::once(async move {
        arrived.send(()).unwrap();
        second_refused.await.unwrap();
        Ok(Bytes::new())
    }));
    let second = stream::once(async move {
        first_arrived.await.unwrap();
        four()
    });
    let path = |text| FilePath::new(text).unwrap();
    let (first, second) = tokio::join!(door.registry.receive(&id, path("a"), first), async {
        let refused = door.registry.receive(&id, path("b"), second).await;
        refuse.send(()).unwrap();
        refused
    });
    assert_eq!(first.unwrap().size, 4);
    assert!(matches!(second, Err(Error::TooLarge { limit: 6, .. })), "{second:?}");
    door.receive(&id, "c", b"56").await.unwrap();
    assert_eq!(door.left(), 2, "what was refused left neither bytes nor a reservation");
}

#[tokio::test]
async fn a_file_that_stalls_is_given_up() {
    let limits = Uploads { idle_timeout: Duration::from_millis(1), ..Uploads::default() };
    let door = door(limits).await;
    let (id, _) = door.registry.begin().unwrap();
    let path = FilePath::new("a").unwrap();
    let stalled = door.registry.receive(&id, path, stream::pending()).await.unwrap_err();
    assert!(matches!(stalled, Error::Slow(_)), "{stalled}");
    assert_eq!(door.left(), 0);
}

#[tokio::test]
async fn checks_beyond_the_limit_are_refused_and_may_be_asked_for_again() {
    let door = door(Uploads { max_checks: 1, ..Uploads::default() }).await;
    let (id, _) = door.registry.begin().unwrap();
    door.receive(&id, "a.csv", b"x\n1\n").await.unwrap();
    let holdout = || NewDataset {
        name: "holdout".parse().unwrap(),
        label: None,
        actor: seatrial_domain::Actor::Seatrial,
    };
    let busy = door.registry.turn().unwrap();
    let refused = door.registry.register_dataset(&id, holdout()).await.unwrap_err();
    assert!(matches!(refused, Error::TooManyChecks { limit: 1 }), "{refused}");
    let refused = door.registry.register_model(&id, digits(), allowed()).await.unwrap_err();
    assert!(matches!(refused, Error::TooManyChecks { limit: 1 }), "{refused}");
    drop(busy);
    let tried = door.registry.register_dataset(&id, holdout()).await.unwrap_err();
    assert!(matches!(tried, Error::Dataset(_)), "its turn has come: {tried}");
}

#[test]
fn a_full_disk_is_told_from_a_broken_one() {
    use std::io::ErrorKind;
    for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
        assert!(matches!(Error::from(std::io::Error::from(kind)), Error::Full(_)));
    }
    assert!(matches!(Error::from(std::io::Error::from(ErrorKind::NotFound)), Error::Io(_)));
}
