//! A version survives the layout unchanged, and nothing else is taken for one.

use super::*;
use crate::manifest::{ArtifactType, File, FilePath, Manifest};
use crate::{ModelName, Timestamp, VersionNumber};
use proptest::prelude::*;
use serde_json::{Value, json};

fn file(path: &str, bytes: &[u8]) -> File {
    let size = bytes.len() as u64;
    File { path: FilePath::new(path).unwrap(), digest: Digest::of(bytes), size }
}

fn manifest(files: &[(&str, &[u8])]) -> Manifest {
    let files = files.iter().map(|(path, bytes)| file(path, bytes)).collect();
    Manifest::new(ArtifactType::Model, files).unwrap()
}

fn about() -> About {
    let created_at = Timestamp::from_micros(1_700_000_000_000_000);
    About { model: ModelName::new("digits").unwrap(), number: VersionNumber(3), created_at }
}

fn sample() -> Manifest {
    manifest(&[("MLmodel", b"flavors"), ("model.onnx", b"weights"), ("data/x.bin", b"more")])
}

/// Reads the documents in the order that a reader does.
fn read(package: &Package) -> Result<(Packed, Option<String>), Error> {
    check_layout(&package.layout)?;
    let named = read_index(&package.index)?;
    let packed = read_manifest(&package.manifest, &named)?;
    let name = check_config(&package.config, &packed)?;
    Ok((packed, name))
}

/// The package with its manifest edited, and the index naming the edited one.
fn edited(edit: impl FnOnce(&mut Value)) -> Package {
    let mut package = pack(&sample(), &about());
    let mut document: Value = serde_json::from_slice(&package.manifest).unwrap();
    edit(&mut document);
    package.manifest = serde_json::to_vec(&document).unwrap();
    named_anew(&mut package);
    package
}

fn named_anew(package: &mut Package) {
    let mut index: Value = serde_json::from_slice(&package.index).unwrap();
    index["manifests"][0]["digest"] = json!(Digest::of(&package.manifest).as_str());
    index["manifests"][0]["size"] = json!(package.manifest.len());
    package.index = serde_json::to_vec(&index).unwrap();
}

#[test]
fn a_version_reads_back_with_the_same_digest_and_name() {
    let (packed, name) = read(&pack(&sample(), &about())).unwrap();
    assert_eq!(packed.manifest.digest(), sample().digest());
    assert_eq!((packed.manifest, name.as_deref()), (sample(), Some("digits")));
}

#[test]
fn a_layout_is_written_as_modelpack_says() {
    let package = pack(&sample(), &about());
    let manifest: Value = serde_json::from_slice(&package.manifest).unwrap();
    assert_eq!(manifest["artifactType"], "application/vnd.cncf.model.manifest.v1+json");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.cncf.model.config.v1+json");
    let layers = manifest["layers"].as_array().unwrap();
    let kinds: Vec<_> = layers
        .iter()
        .map(|layer| {
            let path = layer["annotations"]["org.cncf.model.filepath"].as_str().unwrap();
            (path, layer["mediaType"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("MLmodel", "application/vnd.cncf.model.weight.config.v1.raw"),
            ("data/x.bin", "application/vnd.cncf.model.weight.v1.raw"),
            ("model.onnx", "application/vnd.cncf.model.weight.v1.raw"),
        ]
    );
    let metadata = layers[1]["annotations"]["org.cncf.model.file.metadata+json"].as_str().unwrap();
    let metadata: Value = serde_json::from_str(metadata).unwrap();
    assert_eq!((&metadata["name"], &metadata["size"]), (&json!("x.bin"), &json!(4)));
    assert_eq!(metadata["mtime"], "2023-11-14T22:13:20.000Z");
    let config: Value = serde_json::from_slice(&package.config).unwrap();
    assert_eq!(config["modelfs"]["type"], "layers");
    let diff_ids = config["modelfs"]["diffIds"].as_array().unwrap();
    let digests: Vec<_> = layers.iter().map(|layer| layer["digest"].clone()).collect();
    assert_eq!(diff_ids, &digests);
    assert_eq!(config["config"]["format"], "onnx");
}

#[test]
fn a_package_is_the_same_bytes_every_time() {
    assert_eq!(pack(&sample(), &about()), pack(&sample(), &about()));
}

#[test]
fn a_path_out_of_the_tree_is_refused() {
    for path in ["../x", "/etc/passwd", "a/../../x", "a\\..\\x", "c:x", "a\0b", "", ".", "a//b"] {
        let package = edited(|m| {
            m["layers"][0]["annotations"]["org.cncf.model.filepath"] = json!(path);
            m["annotations"] = json!({});
        });
        assert!(matches!(read(&package), Err(Error::Manifest(_))), "{path:?}");
    }
}

#[test]
fn a_path_twice_or_below_a_file_is_refused() {
    for path in ["MLmodel", "model.onnx/x"] {
        let package = edited(|m| {
            m["layers"][1]["annotations"]["org.cncf.model.filepath"] = json!(path);
            m["annotations"] = json!({});
        });
        let refused = read(&package);
        assert!(
            matches!(refused, Err(Error::Manifest(manifest::Error::Duplicate(_)))),
            "{path}: {refused:?}"
        );
    }
}

#[test]
fn a_layer_that_is_no_plain_file_is_refused() {
    let tar = edited(|m| {
        m["layers"][0]["mediaType"] = json!("application/vnd.cncf.model.weight.v1.tar+gzip");
    });
    assert!(matches!(read(&tar), Err(Error::Layer { .. })));
    let link = edited(|m| {
        let annotations = &mut m["layers"][0]["annotations"];
        let text = annotations["org.cncf.model.file.metadata+json"].as_str().unwrap();
        let text = text.replace("\"typeflag\":48", "\"typeflag\":50");
        annotations["org.cncf.model.file.metadata+json"] = json!(text);
    });
    assert!(matches!(read(&link), Err(Error::NotPlain { .. })));
    let nameless = edited(|m| m["layers"][0]["annotations"] = json!({}));
    assert!(matches!(read(&nameless), Err(Error::Nameless)));
}

#[test]
fn other_bytes_than_those_named_are_refused() {
    let mut package = pack(&sample(), &about());
    package.manifest.push(b' ');
    assert!(matches!(read(&package), Err(Error::Size { .. })));
    let mut package = pack(&sample(), &about());
    let last = package.config.len() - 1;
    package.config[last] = b' ';
    assert!(matches!(read(&package), Err(Error::Digest { .. })));
}

#[test]
fn files_that_are_not_the_sealed_ones_are_refused() {
    let package = edited(|m| {
        m["layers"][0]["annotations"]["org.cncf.model.filepath"] = json!("renamed");
    });
    let refused = read(&package).unwrap_err();
    assert!(matches!(refused, Error::Format { .. }), "{refused}");
}

#[test]
fn a_config_of_other_layers_is_refused() {
    let other = pack(&manifest(&[("MLmodel", b"other")]), &about());
    let package = edited(|m| {
        m["config"]["digest"] = json!(Digest::of(&other.config).as_str());
        m["config"]["size"] = json!(other.config.len());
    });
    let package = Package { config: other.config, ..package };
    assert!(matches!(read(&package), Err(Error::DiffIds)));
}

#[test]
fn another_artifact_or_layout_is_refused() {
    let image = edited(|m| m["artifactType"] = json!("application/vnd.other"));
    assert!(matches!(read(&image), Err(Error::Format { field: "artifactType", .. })));
    assert!(check_layout(br#"{"imageLayoutVersion":"9"}"#).is_err());
    assert!(matches!(check_layout(b"[]"), Err(Error::Shape { .. })));
}

#[test]
fn an_index_of_none_or_several_or_too_many_bytes_is_refused() {
    let mut index: Value = serde_json::from_slice(&pack(&sample(), &about()).index).unwrap();
    let one = index["manifests"][0].clone();
    for (count, named) in [(0, json!([])), (2, json!([one, one]))] {
        index["manifests"] = named;
        let refused = read_index(&serde_json::to_vec(&index).unwrap());
        assert!(matches!(refused, Err(Error::NotOneModel(found)) if found == count));
    }
    let long = vec![b' '; usize::try_from(INDEX_BYTES_LIMIT).unwrap() + 1];
    assert!(matches!(read_index(&long), Err(Error::TooLong { .. })));
    let mut huge = one;
    huge["size"] = json!(MANIFEST_BYTES_LIMIT + 1);
    index["manifests"] = json!([huge]);
    let refused = read_index(&serde_json::to_vec(&index).unwrap());
    assert!(matches!(refused, Err(Error::TooLong { .. })));
}

proptest! {
    #[test]
    fn every_version_survives_its_layout(
        paths in proptest::collection::btree_set("[a-zA-Z0-9_\"%é-]{1,12}(/[a-z.]{3,8})?", 1..20)
    ) {
        let files = paths.iter().filter_map(|path| {
            Some(File { path: FilePath::new(path).ok()?, ..file("x", path.as_bytes()) })
        });
        let sealed = Manifest::new(ArtifactType::Model, files.collect());
        prop_assume!(sealed.is_ok());
        let sealed = sealed.unwrap();
        let (packed, _) = read(&pack(&sealed, &about())).unwrap();
        prop_assert_eq!(packed.manifest.to_bytes(), sealed.to_bytes());
    }

    #[test]
    fn no_bytes_make_a_reader_fall(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let named = Descriptor { digest: Digest::of(&bytes), size: bytes.len() as u64 };
        prop_assert!(read_manifest(&bytes, &named).is_err());
        prop_assert!(read_index(&bytes).is_err());
    }
}
