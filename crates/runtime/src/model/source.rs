//! Where a model's bytes are, and the bytes of the files it keeps its data in. Refuses every file
//! that it was not given: a model names files, and never reaches one by naming it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::load::Error;
use crate::onnx::External;

/// A model's file, and the files beside it that may hold its tensors' data, by their path relative
/// to the model's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files<T> {
    /// The ONNX file.
    pub model: T,
    /// The others.
    pub beside: BTreeMap<String, T>,
}

impl<T> Files<T> {
    /// A model with nothing beside it.
    pub const fn alone(model: T) -> Self {
        Self { model, beside: BTreeMap::new() }
    }
}

/// Where the model's bytes are.
#[derive(Debug, Clone)]
pub enum Source {
    /// In files.
    Paths(Files<PathBuf>),
    /// Here.
    Bytes(Files<Arc<[u8]>>),
}

/// The data of tensors, by the location that the model states.
pub(crate) type ExternalData = BTreeMap<String, Arc<[u8]>>;

impl Source {
    /// The model's own bytes.
    pub(super) fn model(&self) -> Result<Arc<[u8]>, Error> {
        match self {
            Self::Bytes(files) => Ok(Arc::clone(&files.model)),
            Self::Paths(files) => read(&files.model),
        }
    }

    /// The data that its tensors keep elsewhere, from the files that were given.
    pub(super) fn external(&self, tensors: &[External]) -> Result<ExternalData, Error> {
        let mut data = ExternalData::new();
        for tensor in tensors {
            let missing = || tensor.refused("no such file was pushed with the model");
            if !data.contains_key(&tensor.location) {
                let bytes = self.beside(tensor.path())?.ok_or_else(missing)?;
                data.insert(tensor.location.clone(), bytes);
            }
            let size = data.get(&tensor.location).map_or(0, |bytes| bytes.len());
            if u64::try_from(size).is_ok_and(|size| size < tensor.end) {
                let fault = format!("the file ends at byte {size}, the data at {}", tensor.end);
                return Err(tensor.refused(fault));
            }
        }
        Ok(data)
    }

    fn beside(&self, path: &str) -> Result<Option<Arc<[u8]>>, Error> {
        match self {
            Self::Bytes(files) => Ok(files.beside.get(path).map(Arc::clone)),
            Self::Paths(files) => files.beside.get(path).map(|path| read(path)).transpose(),
        }
    }
}

fn read(path: &Path) -> Result<Arc<[u8]>, Error> {
    let unreadable = |error| Error::Io { detail: format!("{}: {error}", path.display()) };
    fs::read(path).map(Arc::from).map_err(unreadable)
}
