//! What `manifest` promises, as tests.

use super::*;
use proptest::prelude::*;

fn file(path: &str, content: &[u8]) -> File {
    let size = content.len() as u64;
    File { path: path.parse().unwrap(), digest: Digest::of(content), size }
}

fn sealed(files: Vec<File>) -> Result<Manifest, Error> {
    Manifest::new(ArtifactType::Model, files)
}

#[test]
fn the_canonical_bytes_are_an_oci_image_manifest() {
    let manifest = sealed(vec![file("model.onnx", b"abc")]).unwrap();
    let text = String::from_utf8(manifest.to_bytes()).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"artifactType":"application/vnd.seatrial.model.v1","config":{"digest":"#,
            r#""sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","#,
            r#""mediaType":"application/vnd.oci.empty.v1+json","size":2},"layers":["#,
            r#"{"annotations":{"org.opencontainers.image.title":"model.onnx"},"digest":"#,
            r#""sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","#,
            r#""mediaType":"application/octet-stream","size":3}],"#,
            r#""mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}"#,
        )
    );
    assert_eq!(Digest::of(b"{}").as_str(), manifest_config_digest(&text));
}

fn manifest_config_digest(text: &str) -> &str {
    let (_, rest) = text.split_once(r#""config":{"digest":""#).unwrap();
    rest.split_once('"').unwrap().0
}

#[test]
fn the_order_files_were_given_in_does_not_matter() {
    let (a, b) = (file("a", b"1"), file("b/c", b"2"));
    let there = sealed(vec![a.clone(), b.clone()]).unwrap();
    let back = sealed(vec![b, a]).unwrap();
    assert_eq!(there.digest(), back.digest());
}

#[test]
fn any_changed_byte_changes_the_identity() {
    let one = sealed(vec![file("a", b"1")]).unwrap();
    let two = sealed(vec![file("a", b"2")]).unwrap();
    let renamed = sealed(vec![file("b", b"1")]).unwrap();
    assert_ne!(one.digest(), two.digest());
    assert_ne!(one.digest(), renamed.digest());
}

#[test]
fn paths_that_leave_the_tree_are_refused() {
    let wrong = [
        "", "/a", "..", "a/../b", "./a", "a//b", "a/", "a\\b", "C:/a", "a\0b", "a\nb", " a", "a /b",
    ];
    for path in wrong {
        assert!(FilePath::new(path).is_err(), "{path:?}");
    }
    assert!(FilePath::new(&"a".repeat(PATH_LIMIT + 1)).is_err());
    for path in ["a%2e%2e", "%2E%2e/a", "a%252e", "a%2fb", "a%5Cb", "a%00", "a%0ab", "a\u{fffd}"] {
        assert!(FilePath::new(path).is_err(), "{path:?} is another path once it is decoded");
    }
    for path in ["a", "a/b.c", "größe/1", ".hidden", "a b", "100%", "50%of", "a%20b", "%é"] {
        assert!(FilePath::new(path).is_ok(), "{path:?}");
    }
}

#[test]
fn a_path_is_taken_once_and_is_not_a_directory_as_well() {
    let twice = sealed(vec![file("a", b"1"), file("a", b"2")]);
    assert!(matches!(twice, Err(Error::Duplicate(path)) if path == "a"));
    let both = sealed(vec![file("a", b"1"), file("a/b/c", b"2")]);
    assert!(matches!(both, Err(Error::Duplicate(path)) if path == "a"));
    assert!(matches!(sealed(Vec::new()), Err(Error::Empty)));
}

#[test]
fn other_bytes_of_the_same_meaning_are_refused() {
    let manifest = sealed(vec![file("a", b"1"), file("b", b"2")]).unwrap();
    let bytes = manifest.to_bytes();
    assert_eq!(Manifest::from_bytes(&bytes).unwrap(), manifest);
    let spaced = String::from_utf8(bytes).unwrap().replace(':', ": ");
    assert!(Manifest::from_bytes(spaced.as_bytes()).is_err());
    let wrong_config = String::from_utf8(manifest.to_bytes()).unwrap().replace(":2}", ":3}");
    assert!(Manifest::from_bytes(wrong_config.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn canonical_bytes_read_back(names in prop::collection::btree_set("[a-z]{1,8}", 1..20)) {
        let files = names.iter().map(|name| file(name, name.as_bytes())).collect();
        let manifest = sealed(files).unwrap();
        prop_assert_eq!(Manifest::from_bytes(&manifest.to_bytes()).unwrap(), manifest);
    }
}
