//! Models that were tried and load: the very same files give the same again, and a process that
//! loads them takes most of a registration's time.

use seatrial_domain::Digest;
use seatrial_domain::manifest::{File, Manifest};
use seatrial_domain::tensor::Signature;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Models that are remembered, the last used.
const MODELS_MAX: usize = 1024;
/// Tensors of one of them: what has more is tried again.
const TENSORS_MAX: usize = 64;
/// Characters of such a tensor's name.
const NAME_MAX: usize = 256;
const DIMENSIONS_MAX: usize = 16;

/// What trials of this process have found. A model that was refused may be let in by the next one:
/// it is not remembered.
#[derive(Debug)]
pub(super) struct Tried {
    limit: usize,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    by_key: BTreeMap<Digest, Known>,
    /// Counts uses, so that the least recent is known.
    uses: u64,
}

#[derive(Debug)]
struct Known {
    signature: Signature,
    used: u64,
}

impl Default for Tried {
    fn default() -> Self {
        Self { limit: MODELS_MAX, found: Mutex::default() }
    }
}

/// All that a trial of a model by itself sees.
pub(super) fn alone(model: &Digest) -> Digest {
    key_of(model, std::iter::empty())
}

/// All that a trial with the files beside it sees: they, by their names, and the file that is loaded.
pub(super) fn key(manifest: &Manifest, main: &File) -> Digest {
    key_of(&main.digest, manifest.beside(main))
}

fn key_of<'a>(model: &Digest, beside: impl Iterator<Item = (&'a str, &'a File)>) -> Digest {
    let mut seen = format!("{model}\n");
    for (name, file) in beside {
        // No file's name has a line's end.
        let _written = writeln!(seen, "{} {name}", file.digest);
    }
    Digest::of(seen.as_bytes())
}

impl Tried {
    /// What a trial of these files has found.
    pub(super) fn of(&self, key: &Digest) -> Option<Signature> {
        let mut found = self.lock();
        found.uses = found.uses.saturating_add(1);
        let uses = found.uses;
        let known = found.by_key.get_mut(key)?;
        known.used = uses;
        Some(known.signature.clone())
    }

    /// To be told after a trial.
    pub(super) fn remember(&self, key: Digest, signature: &Signature) {
        if !is_small(signature) {
            return;
        }
        let mut found = self.lock();
        found.uses = found.uses.saturating_add(1);
        let known = Known { signature: signature.clone(), used: found.uses };
        found.by_key.insert(key, known);
        if found.by_key.len() > self.limit {
            let oldest = found.by_key.iter().min_by_key(|(_, known)| known.used);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                found.by_key.remove(&oldest);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it takes a few kilobytes at most.
fn is_small(signature: &Signature) -> bool {
    let tensors = || signature.inputs.iter().chain(&signature.outputs);
    let small = tensors()
        .all(|tensor| tensor.name.len() <= NAME_MAX && tensor.shape.len() <= DIMENSIONS_MAX);
    small && tensors().count() <= TENSORS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::manifest::ArtifactType;
    use seatrial_domain::tensor::{DataType, TensorSpec};

    fn manifest(files: &[(&str, &[u8])]) -> Manifest {
        let file = |(path, bytes): &(&str, &[u8])| File {
            path: path.parse().unwrap(),
            digest: Digest::of(bytes),
            size: 1,
        };
        Manifest::new(ArtifactType::Model, files.iter().map(file).collect()).unwrap()
    }

    fn whole(files: &[(&str, &[u8])], main: &str) -> Digest {
        let manifest = manifest(files);
        key(&manifest, manifest.file(main).unwrap())
    }

    fn signature(name: &str) -> Signature {
        let datatype = DataType::Fp32;
        let input = TensorSpec { name: name.to_owned(), datatype, shape: vec![-1, 4] };
        Signature { inputs: vec![input], outputs: Vec::new() }
    }

    #[test]
    fn a_model_is_its_bytes_and_those_beside_it_by_name() {
        let one = whole(&[("a/m.onnx", b"m"), ("a/w", b"w"), ("b", b"b")], "a/m.onnx");
        let moved = whole(&[("c/n.onnx", b"m"), ("c/w", b"w"), ("d", b"d")], "c/n.onnx");
        assert_eq!(one, moved, "where it lies does not matter");
        for other in [
            &[("a/m.onnx", b"M" as &[u8]), ("a/w", b"w")],
            &[("a/m.onnx", b"m"), ("a/w", b"W")],
            &[("a/m.onnx", b"m"), ("a/v", b"w")],
        ] {
            assert_ne!(whole(other, "a/m.onnx"), one, "{other:?}");
        }
    }

    #[test]
    fn a_model_without_files_beside_it_is_the_model_alone() {
        assert_eq!(whole(&[("a/m.onnx", b"m"), ("b", b"b")], "a/m.onnx"), alone(&Digest::of(b"m")));
    }

    #[test]
    fn the_least_recently_used_is_forgotten_first() {
        let tried = Tried { limit: 2, ..Tried::default() };
        let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| Digest::of(bytes));
        tried.remember(a.clone(), &signature("a"));
        tried.remember(b.clone(), &signature("b"));
        assert_eq!(tried.of(&a), Some(signature("a")));
        tried.remember(c.clone(), &signature("c"));
        assert_eq!(tried.of(&b), None, "b was used before a");
        assert_eq!((tried.of(&a), tried.of(&c)), (Some(signature("a")), Some(signature("c"))));
    }

    #[test]
    fn what_takes_much_room_is_tried_again() {
        let tried = Tried::default();
        let input = signature("x").inputs.remove(0);
        let many = Signature { inputs: vec![input; TENSORS_MAX + 1], outputs: Vec::new() };
        for large in [many, signature(&"x".repeat(NAME_MAX + 1))] {
            tried.remember(Digest::of(b"a"), &large);
            assert_eq!(tried.of(&Digest::of(b"a")), None);
        }
    }
}
