//! What is loaded, what is refused, and why.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use seatrial_domain::tensor::TensorData;
use seatrial_runtime::load::{Error, Level};
use seatrial_runtime::{Backend as _, Files, LoadOptions, OnnxModel, Source, WarmUp, library};
use tokio::time::Instant;

use super::support::{fixture, library, load, options, tensor};

/// Eight bytes of something else, then 1 and 2.
const WEIGHTS: &[u8] = &[9, 9, 9, 9, 9, 9, 9, 9, 0, 0, 128, 63, 0, 0, 0, 64];

fn refusal(name: &str, level: Level) -> Error {
    load(LoadOptions { level, ..options(name) }).unwrap_err()
}

#[test]
fn each_fault_at_the_door_has_its_own_error() {
    let Error::Unsupported { detail } = refusal("unsupported", Level::Door) else {
        panic!("an unknown operator must be refused as unsupported");
    };
    assert!(detail.contains("Telepathy"), "{detail}");
    assert!(matches!(refusal("dangling", Level::Door), Error::InvalidGraph { .. }));
    assert!(matches!(refusal("external", Level::Door), Error::ExternalData { .. }));
    assert!(matches!(refusal("no-such-file", Level::Door), Error::Io { .. }));
    let script = Source::Paths(Files::alone(fixture("make").with_extension("py")));
    let refused = load(LoadOptions { level: Level::Door, ..LoadOptions::new(script) });
    assert!(matches!(refused, Err(Error::NotOnnx { .. })));
}

#[test]
fn a_model_that_cannot_be_prepared_passes_the_door_and_not_staging() {
    for name in ["huge", "journey/digits_huge"] {
        assert!(load(LoadOptions { level: Level::Door, ..options(name) }).is_ok());
        let refused = refusal(name, Level::Production);
        assert!(matches!(refused, Error::Preparation { .. }), "{refused}");
    }
}

/// `name` with a file beside it at `path`.
fn with_beside(name: &str, path: &str, bytes: &[u8]) -> Result<Arc<OnnxModel>, Error> {
    let model = std::fs::read(fixture(name)).unwrap().into();
    let beside = BTreeMap::from([(path.to_owned(), Arc::from(bytes))]);
    load(LoadOptions::new(Source::Bytes(Files { model, beside })))
}

#[tokio::test]
async fn data_in_a_file_beside_the_model_are_its_own() {
    let model = with_beside("beside", "weights/w.bin", WEIGHTS).unwrap();
    let x = tensor("x", &[1, 2], TensorData::Fp32(vec![10.0, 20.0]));
    let answer = model.infer(vec![x], Instant::now() + Duration::from_secs(5)).await.unwrap();
    assert_eq!(answer[0].data, TensorData::Fp32(vec![11.0, 22.0]));
}

#[test]
fn data_that_were_not_given_are_never_looked_for() {
    for (name, path, bytes, said) in [
        ("beside", "other.bin", WEIGHTS, "no such file"),
        ("beside", "weights/w.bin", &WEIGHTS[..15], "the file ends at byte 15, the data at 16"),
        ("outside", "w.bin", WEIGHTS, "no such file"),
    ] {
        let Err(Error::ExternalData { tensor, fault, .. }) = with_beside(name, path, bytes) else {
            panic!("{name} was loaded");
        };
        assert_eq!(tensor, "weights");
        assert!(fault.starts_with(said), "{fault}");
    }
}

#[test]
fn a_warm_up_without_end_is_ended() {
    let warm_up_limit = Duration::from_millis(50);
    let refused = load(LoadOptions { warm_up_limit, ..options("endless") }).unwrap_err();
    assert_eq!(refused, Error::WarmUp { limit_ms: 50 });
}

#[test]
fn warm_up_measures_the_model_and_forgives_one_that_cannot_answer_zeros() {
    let model = load(options("demo/v1")).unwrap();
    assert!(matches!(model.warm_up(), WarmUp::Took { duration_ns: 1.. }));
    let model = load(LoadOptions { level: Level::Door, ..options("demo/v1") }).unwrap();
    assert_eq!(model.warm_up(), &WarmUp::Skipped);
}

#[test]
fn a_library_that_is_none_can_be_followed_by_one_that_is() {
    let not_one = fixture("picky");
    assert!(matches!(library::init(&not_one), Err(library::Error::Load { .. })));
    library::init(&library()).unwrap();
    assert!(load(options("picky")).is_ok());
}
