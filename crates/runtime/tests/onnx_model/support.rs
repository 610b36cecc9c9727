//! What the tests share: the library, the fixtures, tensors.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seatrial_domain::tensor::{Tensor, TensorData};
use seatrial_runtime::library::{self, Search};
use seatrial_runtime::{Files, LoadOptions, OnnxModel, Source, load};

/// ONNX Runtime's library; fetched once into the target directory where the machine has none.
pub(crate) fn library() -> PathBuf {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let environment = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    let search = Search { environment, ..Search::new(cache) };
    library::ensure(&search, &mut |step| eprintln!("{step}")).expect("a library to test with")
}

/// The path of a fixture, `demo/v1` and the like being the demo's models.
pub(crate) fn fixture(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).unwrap();
    let path = match name.split_once('/') {
        Some(("demo", version)) => root.join("demo/models").join(version),
        Some(("journey", model)) => root.join("tests/fixtures").join(model),
        _ => here.join("tests/fixtures").join(name),
    };
    path.with_extension("onnx")
}

#[allow(dead_code, reason = "the probe's tests load models in their child only")]
pub(crate) fn options(name: &str) -> LoadOptions {
    LoadOptions::new(Source::Paths(Files::alone(fixture(name))))
}

#[allow(dead_code, reason = "the probe's tests load models in their child only")]
pub(crate) fn load(options: LoadOptions) -> Result<Arc<OnnxModel>, load::Error> {
    library::init(&library()).unwrap();
    OnnxModel::load(options)
}

#[allow(dead_code, reason = "the probe's tests load models in their child only")]
pub(crate) fn tensor(name: &str, shape: &[usize], data: TensorData) -> Tensor {
    Tensor::new(name.into(), shape.to_vec(), data).unwrap()
}
