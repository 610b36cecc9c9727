//! From an `MLmodel`'s bytes to what is kept of it.

use super::signature;
use super::yaml::{self, Node};
use super::{Error, Facts, Flavors};
use crate::manifest::{File, FilePath, Manifest};
use std::collections::BTreeMap;

/// Bytes of an `MLmodel`.
pub const SIZE_MAX: u64 = 1 << 20;
/// Characters of what is shown of one value.
const FACT_CHARS: usize = 200;
const NAME: &str = "MLmodel";

/// The version's `MLmodel`: at its root, or at the root of the one directory that holds it. Another
/// one further down in the same directory is the model's own affair. Errors: several, side by side.
pub fn find(manifest: &Manifest) -> Result<Option<&File>, Error> {
    let named = |file: &&File| file.path.as_str().rsplit('/').next() == Some(NAME);
    let found: Vec<&File> = manifest.files().iter().filter(named).collect();
    let Some(outermost) = found.iter().min_by_key(|file| file.path.parents().count()) else {
        return Ok(None);
    };
    let directory = directory(&outermost.path);
    if found.iter().all(|file| file.path.as_str().starts_with(directory)) {
        return Ok(Some(outermost));
    }
    let names = found.iter().take(5).map(|file| file.path.as_str()).collect::<Vec<_>>();
    Err(Error::Several { found: names.join(", ") })
}

/// Reads the `MLmodel` at `path`. Errors: it is not one, or the ONNX file it names would lie outside
/// its directory.
pub fn read(path: &FilePath, bytes: &[u8]) -> Result<Flavors, Error> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > SIZE_MAX {
        return Err(Error::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_not_utf8| Error::NotText)?;
    let Node::Map(top) = yaml::read(text)? else {
        return Err(Error::Yaml { line: 1, fault: "it is no mapping".to_owned() });
    };
    let flavors = map(&top, "flavors")?;
    let onnx = flavors.and_then(|flavors| flavors.get("onnx"));
    let signature = map(&top, "signature")?.map(signature::read).transpose()?;
    let said = |field: &str| top.get(field).and_then(shown);
    Ok(Flavors {
        named: flavors.into_iter().flatten().map(named).collect::<Result<_, _>>()?,
        onnx: onnx.map(|onnx| data(path, onnx)).transpose()?,
        signature,
        mlflow_version: said("mlflow_version"),
        model_uuid: said("model_uuid"),
        model_id: said("model_id"),
        run_id: said("run_id"),
    })
}

fn map<'a>(
    within: &'a BTreeMap<String, Node>,
    field: &'static str,
) -> Result<Option<&'a BTreeMap<String, Node>>, Error> {
    match within.get(field) {
        None | Some(Node::Null) => Ok(None),
        Some(Node::Map(map)) => Ok(Some(map)),
        Some(Node::Scalar(_) | Node::List | Node::Alias) => {
            Err(Error::Field { field: field.to_owned(), fault: "it is no mapping".to_owned() })
        }
    }
}

/// A flavor's name, with those of its facts that are plain values.
fn named((name, node): (&String, &Node)) -> Result<(String, Facts), Error> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if !plain || name.is_empty() || name.len() > FACT_CHARS {
        let fault = format!("{name:?} is no name of a flavor");
        return Err(Error::Field { field: "flavors".to_owned(), fault });
    }
    let facts = match node {
        Node::Map(facts) => {
            let fact = |(name, fact): (&String, &Node)| Some((printable(name), shown(fact)?));
            facts.iter().filter_map(fact).collect()
        }
        Node::Null | Node::Scalar(_) | Node::List | Node::Alias => Facts::new(),
    };
    Ok((name.clone(), facts))
}

/// The file that the flavor `onnx` names, within the directory of the `MLmodel` at `path`.
fn data(path: &FilePath, onnx: &Node) -> Result<FilePath, Error> {
    let refused = |fault: String| Error::Field { field: "flavors.onnx.data".to_owned(), fault };
    let data = match onnx {
        Node::Map(facts) => facts.get("data"),
        Node::Null | Node::Scalar(_) | Node::List | Node::Alias => None,
    };
    let Some(Node::Scalar(data)) = data else {
        return Err(refused("it names no file".to_owned()));
    };
    // Refused before it is joined: what comes of joining may look harmless.
    let data = FilePath::new(data).map_err(|error| refused(error.to_string()))?;
    let joined = format!("{}{data}", directory(path));
    FilePath::new(&joined).map_err(|error| refused(error.to_string()))
}

/// The path's directory with a slash at its end, empty for the root.
fn directory(path: &FilePath) -> &str {
    let path = path.as_str();
    path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or_default()
}

fn shown(node: &Node) -> Option<String> {
    match node {
        Node::Scalar(text) => Some(printable(text)),
        Node::Null | Node::List | Node::Map(_) | Node::Alias => None,
    }
}

/// Text that a terminal can be shown, cut where it is long.
pub(super) fn printable(text: &str) -> String {
    let clean = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let mut shown: String = text.chars().take(FACT_CHARS).map(clean).collect();
    if text.chars().nth(FACT_CHARS).is_some() {
        shown.push('…');
    }
    shown
}
