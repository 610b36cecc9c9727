//! What is signed: an in-toto statement that lists files and their digests. The format ignores
//! fields it does not know; those it knows are given once.

use super::{Error, PrivateKey, envelope};
use crate::Digest;
use crate::manifest::{FILES_LIMIT, File, Manifest};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";
const SHA256: &str = "sha256";

/// Signed files: their digests by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) resources: BTreeMap<String, Digest>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Serialize, Deserialize)]
struct Subject {
    name: String,
    digest: Root,
}

#[derive(Serialize, Deserialize)]
struct Root {
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Predicate {
    serialization: Serialization,
    resources: Vec<Resource>,
}

/// How the files were read. What it says was ignored is not read: every sealed file is compared.
#[derive(Serialize, Deserialize)]
struct Serialization {
    method: String,
    hash_type: String,
    allow_symlinks: bool,
}

#[derive(Serialize, Deserialize)]
struct Resource {
    name: String,
    algorithm: String,
    digest: String,
}

pub(super) fn read(payload: &[u8]) -> Result<Statement, Error> {
    let document: Head = from_json(payload)?;
    if document.kind != STATEMENT_TYPE {
        return Err(wrong("is not an in-toto statement v1"));
    }
    if document.predicate_type != PREDICATE_TYPE {
        return Err(Error::Format {
            field: "predicateType",
            expected: PREDICATE_TYPE,
            found: document.predicate_type.chars().take(80).collect(),
        });
    }
    let document: Document = from_json(payload)?;
    let [subject] = document.subject.as_slice() else {
        return Err(wrong("must have one subject"));
    };
    let Predicate { serialization, resources } = document.predicate;
    if serialization.method != "files" {
        return Err(wrong("lists parts of files; sign whole files (the default, not shards)"));
    }
    if serialization.hash_type != SHA256 {
        return Err(wrong("lists other digests than sha256; sign with sha256, the default"));
    }
    if resources.len() > FILES_LIMIT {
        return Err(Error::Statement(format!("lists more than {FILES_LIMIT} files")));
    }
    let resources = resources.into_iter().map(resource).collect::<Result<Vec<_>, _>>()?;
    if root(resources.iter().map(|(_, digest)| digest)).hex() != subject.digest.sha256 {
        return Err(wrong("contradicts itself: its subject's digest is not that of its files"));
    }
    let count = resources.len();
    let resources = BTreeMap::from_iter(resources);
    if resources.len() < count {
        return Err(wrong("lists a file twice"));
    }
    Ok(Statement { resources })
}

/// What tells a statement's kind, read first: another kind is named, not called misshapen.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

fn from_json<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(payload)
        .map_err(|error| Error::Statement(format!("cannot be read: {error}")))
}

fn resource(resource: Resource) -> Result<(String, Digest), Error> {
    if resource.algorithm != SHA256 {
        return Err(wrong("lists other digests than sha256; sign with sha256, the default"));
    }
    let digest = format!("sha256:{}", resource.digest);
    let digest = digest.parse().map_err(|_other| wrong("lists a digest that is none"))?;
    Ok((resource.name, digest))
}

fn wrong(what: &str) -> Error {
    Error::Statement(what.to_owned())
}

/// The digest over all digests, in the order in which they are listed.
fn root<'a>(digests: impl Iterator<Item = &'a Digest>) -> Digest {
    let mut hasher = Sha256::new();
    for digest in digests {
        hasher.update(bytes(digest));
    }
    Digest::from_sha256(&hasher.finalize().into())
}

/// A digest's 32 bytes.
fn bytes(digest: &Digest) -> Vec<u8> {
    let digits = digest.hex().as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).unwrap_or_default();
        u8::from_str_radix(text, 16).unwrap_or_default()
    };
    digits.map(byte).collect()
}

/// The statement of `manifest`'s files, and its signature.
pub(super) fn sign(subject: &str, manifest: &Manifest, key: &PrivateKey) -> String {
    let mut files: Vec<&File> = manifest.files().iter().collect();
    // As `model-signing` orders them: part by part, so that `a/b` comes before `a-b`.
    files.sort_by(|a, b| a.path.as_str().split('/').cmp(b.path.as_str().split('/')));
    let resource = |file: &&File| Resource {
        name: file.path.as_str().to_owned(),
        algorithm: SHA256.to_owned(),
        digest: file.digest.hex().to_owned(),
    };
    let digest = root(files.iter().map(|file| &file.digest));
    let document = Document {
        kind: STATEMENT_TYPE.to_owned(),
        subject: vec![Subject {
            name: subject.to_owned(),
            digest: Root { sha256: digest.hex().to_owned() },
        }],
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: Predicate {
            serialization: Serialization {
                method: "files".to_owned(),
                hash_type: SHA256.to_owned(),
                allow_symlinks: false,
            },
            resources: files.iter().map(resource).collect(),
        },
    };
    let payload = serde_json::to_vec(&document).unwrap_or_default();
    let signature = key.sign(&envelope::to_be_signed(&payload));
    let signature = super::key::to_der(&signature);
    envelope::write(&payload, signature.as_bytes(), key.public().id())
}
