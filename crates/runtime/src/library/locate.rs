//! Where the library may already be.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Error, VERSION};

/// Where to look, in this order; a directory stands for a library inside it.
#[derive(Debug, Clone)]
pub struct Search {
    /// The server's own setting.
    pub configured: Option<PathBuf>,
    /// `ORT_DYLIB_PATH`, as the caller read it.
    pub environment: Option<PathBuf>,
    /// The directory of the running executable: release archives put the library there.
    pub beside: Option<PathBuf>,
    /// Seatrial's cache directory.
    pub cache: PathBuf,
    /// The system's library directories.
    pub system: Vec<PathBuf>,
}

impl Search {
    /// A search of the cache and the system alone.
    #[must_use]
    pub fn new(cache: PathBuf) -> Self {
        let processor = std::env::consts::ARCH;
        let multiarch = format!("/usr/lib/{processor}-linux-gnu");
        let system = ["/usr/local/lib", "/usr/lib", &multiarch, "/usr/lib64"];
        Self {
            configured: None,
            environment: None,
            beside: None,
            cache,
            system: system.into_iter().map(PathBuf::from).collect(),
        }
    }
}

/// The first library on the way, if there is one.
///
/// # Errors
/// [`Error::Absent`] where a setting names a place without one: a wrong setting is told, not
/// worked around.
pub fn locate(search: &Search) -> Result<Option<PathBuf>, Error> {
    let settings =
        [("the configured library", &search.configured), ("ORT_DYLIB_PATH", &search.environment)];
    for (setting, path) in settings {
        if let Some(path) = path {
            let found = library_at(path);
            return found.map(Some).ok_or_else(|| Error::Absent { setting, path: path.clone() });
        }
    }
    let beside = search.beside.as_deref().and_then(library_at);
    let found = beside
        .or_else(|| library_at(&cached(&search.cache)))
        .or_else(|| search.system.iter().find_map(|directory| library_at(directory)));
    Ok(found)
}

/// The cache's directory for the pinned release.
pub(super) fn cached(cache: &Path) -> PathBuf {
    cache.join(format!("onnxruntime-{VERSION}"))
}

/// The library at `path`, or in the directory `path`: the newest one there that is new enough.
fn library_at(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_owned());
    }
    let name =
        format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let mut candidates = fs::read_dir(path)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|candidate| candidate.is_file())
        .filter_map(|candidate| Some((minor_version(&candidate, &name)?, candidate)))
        .collect::<Vec<_>>();
    candidates.sort();
    candidates.pop().map(|(_minor, candidate)| candidate)
}

/// The minor version that a library's name states (the name behind a link counts); a name that
/// states none is trusted, and the loader has the last word.
fn minor_version(candidate: &Path, name: &str) -> Option<u32> {
    let file_name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
    file_name(candidate)?.strip_prefix(name)?;
    let behind_link = file_name(&candidate.canonicalize().ok()?)?;
    let Some(version) = behind_link.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'))
    else {
        return (behind_link == name).then_some(ort::MINOR_VERSION);
    };
    let minor = version.split('.').nth(1)?.parse::<u32>().ok()?;
    (minor >= ort::MINOR_VERSION).then_some(minor)
}
