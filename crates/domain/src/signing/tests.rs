//! What `signing` promises, as tests; the fixtures were made by `model-signing` itself.

use super::*;
use crate::Digest;
use crate::manifest::{ArtifactType, File, Manifest};
use base64ct::{Base64, Encoding as _};
use proptest::prelude::*;
use serde_json::{Value, json};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../tests/fixtures/signing/", $name))
    };
}

const BUNDLE: &str = fixture!("bundle.json");
const FILES: [(&str, &str); 4] =
    [("model.onnx", "onnx"), ("sub/a.txt", "a"), ("sub-b.txt", "b"), ("é\"x.txt", "é")];

fn manifest(files: &[(&str, &str)]) -> Manifest {
    let file = |(path, text): &(&str, &str)| File {
        path: path.parse().unwrap(),
        digest: Digest::of(text.as_bytes()),
        size: u64::try_from(text.len()).unwrap(),
    };
    Manifest::new(ArtifactType::Model, files.iter().map(file).collect()).unwrap()
}

fn bundle(text: &str) -> Bundle {
    Bundle::parse(text.as_bytes()).unwrap()
}

fn refused(text: &str) -> String {
    Bundle::parse(text.as_bytes()).unwrap_err().to_string()
}

fn key() -> PublicKey {
    PublicKey::from_pem(fixture!("throwaway.pub.pem")).unwrap()
}

fn private() -> PrivateKey {
    PrivateKey::from_pem(fixture!("throwaway.pem")).unwrap()
}

/// The golden bundle, changed as JSON.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut document: Value = serde_json::from_str(BUNDLE).unwrap();
    change(&mut document);
    document.to_string()
}

/// The golden bundle around a statement that was changed; its signature no longer holds.
fn restated(change: impl FnOnce(&mut Value)) -> String {
    changed(|document| {
        let payload = document["dsseEnvelope"]["payload"].as_str().unwrap();
        let mut statement: Value =
            serde_json::from_slice(&Base64::decode_vec(payload).unwrap()).unwrap();
        change(&mut statement);
        let payload = Base64::encode_string(statement.to_string().as_bytes());
        document["dsseEnvelope"]["payload"] = json!(payload);
    })
}

#[test]
fn a_bundle_of_model_signing_holds_for_its_key_and_its_files() {
    let bundle = bundle(BUNDLE);
    assert_eq!(bundle.made_by(), Some(key().id()));
    bundle.verify(&key()).unwrap();
    bundle.covers(&manifest(&FILES)).unwrap();
    assert_eq!(bundle.as_str(), BUNDLE);
}

#[test]
fn it_holds_for_no_other_key() {
    let other = PublicKey::from_pem(fixture!("other.pub.pem")).unwrap();
    let refused = bundle(BUNDLE).verify(&other).unwrap_err();
    assert!(matches!(refused, Invalid::OtherKey { .. }), "{refused}");
    // Whoever forges a bundle writes the right hint into it, or none.
    for hint in [json!(other.id()), Value::Null, json!("")] {
        let claimed = changed(|d| d["verificationMaterial"]["publicKey"]["hint"] = hint);
        let refused = bundle(&claimed).verify(&other).unwrap_err();
        assert_eq!(refused, Invalid::Forged { asked: other.id().clone() });
    }
}

#[test]
fn a_statement_that_was_altered_after_signing_is_forged() {
    let altered = restated(|statement| statement["subject"][0]["name"] = json!("another"));
    let altered = bundle(&altered);
    assert_eq!(altered.verify(&key()), Err(Invalid::Forged { asked: key().id().clone() }));
}

#[test]
fn extra_missing_and_altered_files_are_each_refused_by_name() {
    let bundle = bundle(BUNDLE);
    let mut files = FILES.to_vec();
    files.push((".gitignore", "x"));
    let refused = bundle.covers(&manifest(&files)).unwrap_err();
    assert!(matches!(&refused, Mismatch::Extra(paths) if paths.first() == ".gitignore"));
    let refused = bundle.covers(&manifest(&FILES[..3])).unwrap_err();
    assert!(matches!(&refused, Mismatch::Missing(paths) if paths.first() == "é\"x.txt"));
    let mut files = FILES;
    files[1].1 = "other";
    let refused = bundle.covers(&manifest(&files)).unwrap_err();
    assert!(matches!(&refused, Mismatch::Altered(paths) if paths.first() == "sub/a.txt"));
    let renamed = [FILES[0], FILES[1], FILES[2], ("ex.txt", "é")];
    assert!(matches!(bundle.covers(&manifest(&renamed)), Err(Mismatch::Extra(_))));
}

#[test]
fn what_the_signer_ignored_is_not_let_through_unsigned() {
    let bundle = bundle(fixture!("ignoring.json"));
    bundle.verify(&key()).unwrap();
    let refused = bundle.covers(&manifest(&FILES)).unwrap_err();
    assert!(matches!(&refused, Mismatch::Extra(paths) if paths.first() == "sub/a.txt"));
    bundle.covers(&manifest(&[FILES[0], FILES[2], FILES[3]])).unwrap();
}

#[test]
fn many_differing_files_are_counted_not_listed() {
    let names: Vec<String> = (0..50).map(|number| format!("extra{number:02}")).collect();
    let mut files = FILES.to_vec();
    files.extend(names.iter().map(|name| (name.as_str(), "x")));
    let refused = bundle(BUNDLE).covers(&manifest(&files)).unwrap_err().to_string();
    assert!(refused.contains("\"extra00\", \"extra01\", \"extra02\" and 47 more"), "{refused}");
}

#[test]
fn one_file_signed_by_itself_covers_that_file_alone_under_any_name() {
    let single = bundle(fixture!("single.json"));
    single.verify(&key()).unwrap();
    single.covers(&manifest(&[("digits.onnx", "onnx")])).unwrap();
    let refused = single.covers(&manifest(&[("model.onnx", "other")]));
    assert!(matches!(refused, Err(Mismatch::Altered(_))));
    assert!(matches!(single.covers(&manifest(&FILES)), Err(Mismatch::Extra(_))));
}

#[test]
fn our_own_bundle_is_the_same_every_time_and_lists_files_as_model_signing_does() {
    let ours = Bundle::sign("m", &manifest(&FILES), &private()).unwrap();
    ours.verify(&key()).unwrap();
    ours.covers(&manifest(&FILES)).unwrap();
    let again = Bundle::sign("m", &manifest(&FILES), &private()).unwrap();
    assert_eq!((ours.id(), ours.as_str()), (again.id(), again.as_str()));
    let statement = |text: &str| -> Value {
        let document: Value = serde_json::from_str(text).unwrap();
        let payload = document["dsseEnvelope"]["payload"].as_str().unwrap();
        serde_json::from_slice(&Base64::decode_vec(payload).unwrap()).unwrap()
    };
    let (ours, theirs) = (statement(ours.as_str()), statement(BUNDLE));
    assert_eq!(ours["subject"], theirs["subject"], "the digest over all digests, in their order");
    assert_eq!(ours["predicate"]["resources"], theirs["predicate"]["resources"]);
}

#[test]
fn parts_of_files_and_other_digests_are_refused_by_what_to_do() {
    let cases = [
        (fixture!("sharded.json"), "sign whole files"),
        (fixture!("blake2.json"), "sign with sha256"),
    ];
    for (text, what) in cases {
        let refused = refused(text);
        assert!(refused.contains(what), "{refused}");
    }
}

#[test]
fn bundles_of_another_kind_are_refused_by_their_kind() {
    let material = |name: &'static str| {
        move |document: &mut Value| document["verificationMaterial"] = json!({name: {}})
    };
    let cases: [(String, &str); 9] = [
        (changed(|d| d["mediaType"] = json!("application/json")), "mediaType is"),
        (changed(material("certificate")), "by a certificate"),
        (changed(material("x509CertificateChain")), "by a certificate"),
        (changed(material("tlogEntries")), "names no public key"),
        (changed(|d| d["messageSignature"] = json!({})), "signs a message"),
        (changed(|d| d["dsseEnvelope"]["payloadType"] = json!("text")), "payloadType is"),
        (changed(|d| d["dsseEnvelope"]["signatures"] = json!([])), "must have one signature"),
        (changed(|d| d["more"] = json!(1)), "unknown field"),
        (changed(|d| d["dsseEnvelope"]["signatures"][0]["sig"] = json!("AAAA")), "EC P-256"),
    ];
    for (text, what) in cases {
        let refused = refused(&text);
        assert!(refused.contains(what), "{what}: {refused}");
    }
}

#[test]
fn a_statement_that_is_not_of_this_format_is_refused() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 8] = [
        (|s| s["_type"] = json!("other"), "not an in-toto statement"),
        (|s| s["predicateType"] = json!("https://model_signing/Digests/v0.1"), "predicateType is"),
        (|s| s["subject"] = json!([]), "one subject"),
        (|s| s["subject"][0]["digest"]["sha256"] = json!("00"), "contradicts itself"),
        (|s| drop(s["predicate"]["resources"].as_array_mut().unwrap().pop()), "contradicts"),
        (|s| s["predicate"]["resources"][0]["algorithm"] = json!("md5"), "other digests"),
        (|s| s["predicate"]["resources"][0]["digest"] = json!("AB"), "a digest that is none"),
        (|s| s["predicate"]["resources"][0] = json!({}), "cannot be read"),
    ];
    for (change, what) in cases {
        let refused = refused(&restated(change));
        assert!(refused.contains(what), "{what}: {refused}");
    }
    let twice = restated(|s| {
        let first = s["predicate"]["resources"][0].clone();
        s["predicate"]["resources"] = json!([first, first]);
        let digest = first["digest"].as_str().unwrap();
        let both = format!("{digest}{digest}");
        let bytes: Vec<u8> = (0..both.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(both.get(at..at + 2).unwrap(), 16).unwrap())
            .collect();
        s["subject"][0]["digest"]["sha256"] = json!(Digest::of(&bytes).hex());
    });
    assert!(refused(&twice).contains("a file twice"), "{}", refused(&twice));
}

#[test]
fn a_field_given_twice_is_refused() {
    let twice = BUNDLE.replacen('{', "{\"mediaType\":\"x\",", 1);
    assert!(refused(&twice).contains("duplicate field"), "{}", refused(&twice));
    let twice = changed(|document| {
        let payload = document["dsseEnvelope"]["payload"].as_str().unwrap();
        let text = String::from_utf8(Base64::decode_vec(payload).unwrap()).unwrap();
        let text = text.replacen('{', "{\"predicateType\":\"x\",", 1);
        document["dsseEnvelope"]["payload"] = json!(Base64::encode_string(text.as_bytes()));
    });
    assert!(refused(&twice).contains("duplicate field"), "{}", refused(&twice));
}

#[test]
fn both_forms_of_a_private_key_are_the_same_key() {
    let sec1 = PrivateKey::from_pem(fixture!("throwaway.sec1.pem")).unwrap();
    assert_eq!((private().public(), sec1.public()), (&key(), &key()));
    let with_parameters = format!(
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{}",
        fixture!("throwaway.sec1.pem")
    );
    assert_eq!(PrivateKey::from_pem(&with_parameters).unwrap().public(), &key());
    assert!(!format!("{sec1:?}").contains("SigningKey"), "never shown: {sec1:?}");
}

#[test]
fn what_is_no_key_of_ours_is_refused_by_what_it_is() {
    let private = |text: &str| PrivateKey::from_pem(text).unwrap_err();
    assert_eq!(private(fixture!("encrypted.pem")), KeyError::Encrypted);
    assert_eq!(private(fixture!("encrypted.sec1.pem")), KeyError::Encrypted);
    assert_eq!(private(fixture!("throwaway.pub.pem")), KeyError::Public);
    assert_eq!(private("words"), KeyError::NoPem("private"));
    let public = |text: &str| PublicKey::from_pem(text).unwrap_err();
    assert_eq!(public(fixture!("p384.pub.pem")), KeyError::Kind);
    assert_eq!(public(fixture!("throwaway.pem")), KeyError::Private);
    assert_eq!(public("words"), KeyError::NoPem("public"));
    let broken = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    assert_eq!(public(broken), KeyError::Kind);
}

#[test]
fn a_bundle_beyond_the_limit_is_not_read() {
    let long = vec![b' '; BYTES_LIMIT + 1];
    assert!(matches!(Bundle::parse(&long), Err(Error::TooLong(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let read = Bundle::parse(&bytes);
        prop_assert!(read.is_err());
    }

    #[test]
    fn a_damaged_bundle_never_holds_for_other_files(
        at in 0..BUNDLE.len(), length in 0_usize..8, patch in "[ -~]{0,8}",
    ) {
        let end = (at + length).min(BUNDLE.len());
        let (before, after) = (BUNDLE.get(..at).unwrap(), BUNDLE.get(end..).unwrap());
        let damaged = format!("{before}{patch}{after}");
        if let Ok(read) = Bundle::parse(damaged.as_bytes()) && read.verify(&key()).is_ok() {
            prop_assert_eq!(read.covers(&manifest(&FILES)), Ok(()));
        }
    }

    #[test]
    fn any_statement_is_read_without_panic(text in "[a-z0-9{}\\[\\]:,\"_ ]{0,200}") {
        let damaged = changed(|d| {
            d["dsseEnvelope"]["payload"] = json!(Base64::encode_string(text.as_bytes()));
        });
        prop_assert!(Bundle::parse(damaged.as_bytes()).is_err());
    }

    #[test]
    fn any_key_file_is_read_without_panic(text in "(-----BEGIN [A-Z ]{0,16}-----)?[ -~\n]{0,200}(-----END [A-Z ]{0,16}-----)?") {
        prop_assert!(PublicKey::from_pem(&text).is_err());
        prop_assert!(PrivateKey::from_pem(&text).is_err());
    }
}
