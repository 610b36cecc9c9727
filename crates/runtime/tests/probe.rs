//! Trials in a process of their own. This test binary is also the child: it has a main of its own,
//! which hands the hidden verb on as Seatrial's does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "every function here is a test or serves one; without the harness clippy cannot know"
)]

#[path = "onnx_model/support.rs"]
mod support;

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use seatrial_runtime::load::{self, Level};
use seatrial_runtime::probe::{self, Child, Error, Limits, Ready, Report};
use seatrial_runtime::{Files, WarmUp, library};
use support::{fixture, library};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|verb| verb == probe::VERB).is_some() {
        return probe::child_main(arguments);
    }
    let tests: [(&str, fn()); 11] = [
        ("report_comes_back_whole", report_comes_back_whole),
        ("refusal_comes_back_whole", refusal_comes_back_whole),
        ("crash_passes_the_door_and_not_staging", crash_passes_the_door_and_not_staging),
        (
            "a_constant_beyond_memory_passes_the_door_and_not_staging",
            a_constant_beyond_memory_passes_the_door_and_not_staging,
        ),
        ("memory_limit_binds_the_child", memory_limit_binds_the_child),
        ("endless_child_is_killed", endless_child_is_killed),
        ("signal_is_reported_with_what_was_said", signal_is_reported_with_what_was_said),
        ("probing_here_agrees_with_the_child", probing_here_agrees_with_the_child),
        ("a_child_that_waited_tries_one_model", a_child_that_waited_tries_one_model),
        ("a_child_that_died_waiting_is_no_models_fault", a_child_that_died_waiting),
        ("children_that_wait_in_vain_are_let_go", children_that_wait_in_vain_are_let_go),
    ];
    let trials = tests.map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn child() -> Child {
    let program = std::env::current_exe().unwrap();
    Child { program, library: library(), limits: Limits::default() }
}

#[tokio::main(flavor = "current_thread")]
async fn probe_with(child: &Child, name: &str, level: Level) -> Result<Report, Error> {
    child.probe(&Files::alone(fixture(name)), level).await
}

fn report_comes_back_whole() {
    let report = probe_with(&child(), "demo/v1", Level::Production).unwrap();
    assert_eq!(report.signature.inputs[0].name, "image");
    assert!(matches!(report.warm_up, WarmUp::Took { .. }));
    assert!(report.memory_bytes.is_some_and(|bytes| bytes > 0), "{:?}", report.memory_bytes);
    let report = probe_with(&child(), "demo/v1", Level::Door).unwrap();
    assert_eq!(report.warm_up, WarmUp::Skipped);
}

fn refusal_comes_back_whole() {
    let refused = probe_with(&child(), "external", Level::Door).unwrap_err();
    let Error::Refused(load::Error::ExternalData { location, .. }) = refused else {
        panic!("{refused}");
    };
    assert_eq!(location, "../../secrets.bin");
}

/// Other processors divide by zero and go on.
fn crash_passes_the_door_and_not_staging() {
    probe_with(&child(), "journey/digits_crash", Level::Door).unwrap();
    if cfg!(target_arch = "x86_64") {
        let refused = probe_with(&child(), "journey/digits_crash", Level::Production).unwrap_err();
        assert!(matches!(refused, Error::Crashed { .. }), "{refused}");
        assert!(refused.to_string().contains("signal: 8 (SIGFPE)"), "{refused}");
    }
}

fn a_constant_beyond_memory_passes_the_door_and_not_staging() {
    probe_with(&child(), "journey/digits_huge", Level::Door).unwrap();
    let refused = probe_with(&child(), "journey/digits_huge", Level::Production).unwrap_err();
    assert!(matches!(refused, Error::Refused(load::Error::Preparation { .. })), "{refused}");
}

fn memory_limit_binds_the_child() {
    let limits = Limits { memory_bytes: 24 << 20, ..Limits::default() };
    let refused = probe_with(&Child { limits, ..child() }, "demo/v1", Level::Door);
    assert!(refused.is_err(), "the library alone needs more than the limit");
}

fn endless_child_is_killed() {
    let timeout = Duration::from_millis(300);
    let limits = Limits { timeout, ..Limits::default() };
    let refused = probe_with(&Child { limits, ..child() }, "endless", Level::Production);
    assert!(matches!(refused, Err(Error::TimedOut { .. })), "{refused:?}");
}

fn signal_is_reported_with_what_was_said() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("crashing");
    std::fs::write(&program, "#!/bin/sh\necho going down >&2\nkill -SEGV $$\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let crashing = Child { program, library: PathBuf::new(), limits: Limits::default() };
    let crashed = probe_with(&crashing, "demo/v1", Level::Door).unwrap_err();
    let message = crashed.to_string();
    assert!(matches!(crashed, Error::Crashed { .. }), "{message}");
    assert!(message.contains("signal: 11") && message.contains("going down"), "{message}");
}

fn probing_here_agrees_with_the_child() {
    library::init(&library()).unwrap();
    let here = probe::probe(Files::alone(fixture("zipmap")), Level::Door).unwrap();
    let there = probe_with(&child(), "zipmap", Level::Door).unwrap();
    assert_eq!((here.signature, here.warm_up), (there.signature, there.warm_up));
    let nonsense = [OsString::from("--nonsense")].into_iter();
    assert_ne!(format!("{:?}", probe::child_main(nonsense)), format!("{:?}", ExitCode::SUCCESS));
}

/// A program that notes each start of it, and then does as `then` says.
fn noting(then: &str) -> (tempfile::TempDir, Child) {
    let directory = tempfile::tempdir().unwrap();
    let (program, starts) = (directory.path().join("child"), directory.path().join("starts"));
    let text = format!("#!/bin/sh\necho start >>{}\n{then}\n", starts.display());
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let own = child();
    (directory, Child { program, ..own })
}

fn starts(directory: &tempfile::TempDir) -> usize {
    std::fs::read_to_string(directory.path().join("starts")).unwrap_or_default().lines().count()
}

/// As [`noting`], a child that is the real one.
fn noting_real() -> (tempfile::TempDir, Child) {
    noting(&format!("exec {} \"$@\"", std::env::current_exe().unwrap().display()))
}

#[tokio::main(flavor = "current_thread")]
async fn a_child_that_waited_tries_one_model() {
    let (directory, child) = noting_real();
    let ready = Ready::new(child, Level::Door, 1);
    assert!(ready.prepare());
    assert!(!ready.prepare(), "one is enough");
    let good = ready.probe(&Files::alone(fixture("demo/v1"))).await.unwrap();
    assert_eq!(good.signature.inputs[0].name, "image");
    assert_eq!(starts(&directory), 1, "the one that waited has tried it");
    let refused = ready.probe(&Files::alone(fixture("external"))).await.unwrap_err();
    assert!(matches!(refused, Error::Refused(load::Error::ExternalData { .. })), "{refused}");
    assert_eq!(starts(&directory), 2, "none tries a second one");
}

#[tokio::main(flavor = "current_thread")]
async fn a_child_that_died_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let died = directory.path().join("died");
    let real = std::env::current_exe().unwrap();
    let once = format!(
        "if mkdir {died}; then exit 3; fi\nexec {real} \"$@\"",
        died = died.display(),
        real = real.display()
    );
    let (noted, child) = noting(&once);
    let ready = Ready::new(child, Level::Door, 1);
    ready.prepare();
    while !died.exists() || ready.is_waiting() {
        tokio::task::yield_now().await;
    }
    ready.probe(&Files::alone(fixture("demo/v1"))).await.unwrap();
    assert_eq!(starts(&noted), 2);
}

#[tokio::main(flavor = "current_thread")]
async fn children_that_wait_in_vain_are_let_go() {
    let ready = Ready::new(child(), Level::Door, 2);
    ready.prepare();
    ready.release();
    assert!(ready.is_waiting(), "they were asked for a moment ago");
    ready.release();
    assert!(!ready.is_waiting());
    ready.probe(&Files::alone(fixture("demo/v1"))).await.unwrap();
}
