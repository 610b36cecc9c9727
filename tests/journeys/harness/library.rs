//! ONNX Runtime's library for every server of every test: found, or fetched once.

use seatrial_runtime::library::{self, Search};
use std::fs::File;
use std::path::PathBuf;

/// Its path. A lock on a file keeps tests from fetching it twice,
/// whether they are threads or processes.
pub(super) fn library() -> PathBuf {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let lock = File::create(cache.join("journeys.lock")).expect("the target directory is ours");
    lock.lock().expect("a lock on our own file");
    let environment = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    let search = Search { environment, ..Search::new(cache) };
    library::ensure(&search, &mut |step| eprintln!("{step}")).expect("a library to test with")
}
