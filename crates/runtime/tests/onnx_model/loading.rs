//! What is loaded, what is refused, and why.

use std::time::Duration;

use seatrial_runtime::load::{Error, Level};
use seatrial_runtime::{LoadOptions, Source, WarmUp, library};

use super::support::{fixture, library, load, options};

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
    let script = Source::Path(fixture("make").with_extension("py"));
    let refused = load(LoadOptions { level: Level::Door, ..LoadOptions::new(script) });
    assert!(matches!(refused, Err(Error::NotOnnx { .. })));
}

#[test]
fn a_model_that_cannot_be_prepared_passes_the_door_and_not_staging() {
    for name in ["huge", "journey/digits_crash"] {
        assert!(load(LoadOptions { level: Level::Door, ..options(name) }).is_ok());
        let refused = refusal(name, Level::Production);
        assert!(matches!(refused, Error::Preparation { .. }), "{refused}");
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
