//! What differs between two versions.

use super::Version;
use seatrial_domain::manifest::{File, FilePath};
use seatrial_domain::mlmodel::Flavors;
use seatrial_domain::tensor::Signature;
use std::collections::BTreeMap;

/// From one version to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    pub added: Vec<File>,
    pub removed: Vec<File>,
    /// Same path, other bytes: before and after.
    pub changed: Vec<(File, File)>,
    /// Before and after, if inputs or outputs differ.
    pub signature: Option<(Signature, Signature)>,
    /// Before and after, if flavors, their facts or the signature given with them differ. Each
    /// writing of a model has ids of its own: those do not count.
    pub flavors: Option<(Flavors, Flavors)>,
    /// Tags whose value differs, is new (before is absent) or is gone.
    pub tags: BTreeMap<String, (Option<String>, Option<String>)>,
}

impl Diff {
    /// What changed between `before` and `after`.
    pub fn between(before: &Version, after: &Version) -> Self {
        let old = by_path(before);
        let new = by_path(after);
        let gone = |(path, file): (&&FilePath, &&File)| {
            (!new.contains_key(*path)).then(|| (*file).clone())
        };
        let fresh = |(path, file): (&&FilePath, &&File)| {
            (!old.contains_key(*path)).then(|| (*file).clone())
        };
        let altered = |(path, file): (&&FilePath, &&File)| {
            let now = new.get(*path)?;
            (now.digest != file.digest).then(|| ((*file).clone(), (*now).clone()))
        };
        let signatures = (before.signature.clone(), after.signature.clone());
        let flavors = (before.flavors.clone(), after.flavors.clone());
        let say_the_same = flavors.0.named == flavors.1.named
            && flavors.0.onnx == flavors.1.onnx
            && flavors.0.signature == flavors.1.signature;
        Self {
            added: new.iter().filter_map(fresh).collect(),
            removed: old.iter().filter_map(gone).collect(),
            changed: old.iter().filter_map(altered).collect(),
            signature: (signatures.0 != signatures.1).then_some(signatures),
            flavors: (!say_the_same).then_some(flavors),
            tags: tags(before, after),
        }
    }
}

fn by_path(version: &Version) -> BTreeMap<&FilePath, &File> {
    version.manifest.files().iter().map(|file| (&file.path, file)).collect()
}

fn tags(before: &Version, after: &Version) -> BTreeMap<String, (Option<String>, Option<String>)> {
    let keys = before.tags.keys().chain(after.tags.keys());
    let pair = |key: &String| (before.tags.get(key).cloned(), after.tags.get(key).cloned());
    keys.map(|key| (key.clone(), pair(key))).filter(|(_, (old, new))| old != new).collect()
}
