//! Models that are tried when their file has arrived, before anybody registers them.

use super::*;
use std::os::unix::fs::PermissionsExt as _;

/// A registry whose models are tried by a script, which notes each one.
struct Trying {
    door: Door,
    dir: tempfile::TempDir,
}

const GOOD: &str = r#"{"Ok":{"signature":{"inputs":[],"outputs":[]},
"warm_up":{"warm_up":"skipped"},"memory_bytes":null}}"#;
const BROKEN: &str = r#"{"Err":{"error":"not_onnx","detail":"it holds no graph"}}"#;
const LACKING: &str =
    r#"{"Err":{"error":"external_data","tensor":"w","location":"w.bin","fault":"none"}}"#;

/// Each trial is noted, waits for `go` where `waits` says so, and answers what `answers` prints.
async fn trying(answers: &str, waits: &str, uploads: Uploads) -> Trying {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display();
    let text = format!(
        "#!/bin/sh\nread told || [ -n \"$told\" ] || exit 1\necho \"$told\" >>{at}/tried\n{waits}\n\
         {answers}\n"
    );
    let program = dir.path().join("child");
    std::fs::write(&program, text.replace("GO", &format!("{at}/go"))).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let made = std::process::Command::new("mkfifo").arg(dir.path().join("go")).status().unwrap();
    assert!(made.success());
    Trying { door: door_with(program, uploads).await, dir }
}

fn prints(answer: &str) -> String {
    format!("echo '{}'", answer.replace('\n', ""))
}

const UNTIL_GO: &str = "read go <GO";

impl Trying {
    fn tried(&self) -> usize {
        std::fs::read_to_string(self.dir.path().join("tried")).unwrap_or_default().lines().count()
    }

    /// A stored model of these bytes, whose trial was begun.
    async fn uploaded(&self, bytes: &'static [u8]) -> Manifest {
        let manifest = stored(&self.door, &[("model.onnx", bytes)]).await;
        self.door.registry.try_ahead(&manifest.file("model.onnx").unwrap().digest);
        manifest
    }

    async fn until(&self, so: impl Fn(&Self) -> bool) {
        while !so(self) {
            tokio::task::yield_now().await;
        }
    }

    fn is_idle(&self) -> bool {
        self.door.registry.trials.is_idle()
    }

    /// Lets so many trials go on that wait.
    async fn go(&self, trials: usize) {
        for _ in 0..trials {
            tokio::fs::write(self.dir.path().join("go"), "go\n").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_model_tried_when_it_arrived_is_not_tried_when_it_is_registered() {
    let trying = trying(&prints(GOOD), "", Uploads::default()).await;
    let manifest = trying.uploaded(b"graph").await;
    trying.until(Trying::is_idle).await;
    assert_eq!(trying.tried(), 1);
    trying.uploaded(b"graph").await;
    trying.door.registry.describe(&manifest).await.unwrap();
    assert_eq!(trying.tried(), 1, "neither the same bytes again nor their version is tried");
    assert_eq!(
        trying.door.registry.trials_counted().counts(),
        [("upload", 1), ("registration", 0)]
    );
    // With files beside it, it is the same model.
    let more = stored(&trying.door, &[("model.onnx", b"graph"), ("notes.txt", b"-")]).await;
    trying.door.registry.describe(&more).await.unwrap();
    assert_eq!(trying.tried(), 1);
}

#[tokio::test]
async fn who_registers_waits_for_the_trial_that_is_under_way() {
    let trying = trying(&prints(GOOD), UNTIL_GO, Uploads::default()).await;
    let manifest = trying.uploaded(b"graph").await;
    trying.uploaded(b"graph").await;
    trying.until(|trying| trying.tried() == 1).await;
    let describe = || trying.door.registry.describe(&manifest);
    let (one, other, ()) = tokio::join!(describe(), describe(), trying.go(1));
    assert_eq!(one.unwrap(), other.unwrap());
    assert_eq!(trying.tried(), 1);
}

#[tokio::test]
async fn a_broken_model_is_refused_whether_or_not_its_trial_is_over() {
    let trying = trying(&prints(BROKEN), UNTIL_GO, Uploads::default()).await;
    let manifest = trying.uploaded(b"graph").await;
    trying.until(|trying| trying.tried() == 1).await;
    for trials in [1, 2] {
        let describe = trying.door.registry.describe(&manifest);
        let (refused, ()) = tokio::join!(describe, trying.go(1));
        let refused = refused.unwrap_err();
        assert_eq!(refused.to_string(), "model.onnx: not an ONNX model: it holds no graph");
        trying.until(Trying::is_idle).await;
        assert_eq!(trying.tried(), trials, "what is refused is tried again");
    }
}

#[tokio::test]
async fn a_model_that_lacks_its_data_alone_is_tried_with_the_files_beside_it() {
    let answers =
        format!("case \"$told\" in *w.bin*) {} ;; *) {} ;; esac", prints(GOOD), prints(LACKING));
    let trying = trying(&answers, "", Uploads::default()).await;
    let alone = trying.uploaded(b"graph").await;
    trying.until(Trying::is_idle).await;
    assert_eq!(trying.tried(), 1);
    let whole = stored(&trying.door, &[("model.onnx", b"graph"), ("w.bin", b"1")]).await;
    trying.door.registry.describe(&whole).await.unwrap();
    let tried = trying.tried();
    trying.door.registry.describe(&whole).await.unwrap();
    assert_eq!(trying.tried(), tried, "it is known with its data");
    let refused = trying.door.registry.describe(&alone).await.unwrap_err();
    assert!(matches!(refused, Error::Model { .. }), "{refused}");
}

#[tokio::test]
async fn uploads_keep_nobody_from_trying_what_is_registered() {
    let uploads = Uploads { ahead: 1, max_ahead: 2, max_checks: 1, ..Uploads::default() };
    let waits = r#"if grep -q slow "$(echo "$told" | cut -d'"' -f4)"; then read go <GO; fi"#;
    let trying = trying(&prints(GOOD), waits, uploads).await;
    trying.uploaded(b"slow").await;
    trying.until(|trying| trying.tried() == 1).await;
    let queued = trying.uploaded(b"queued").await;
    let beyond = trying.uploaded(b"beyond").await;
    for manifest in [&queued, &beyond] {
        trying.door.registry.describe(manifest).await.unwrap();
    }
    assert_eq!(
        trying.door.registry.trials_counted().counts(),
        [("upload", 1), ("registration", 2)]
    );
    trying.go(1).await;
    trying.until(Trying::is_idle).await;
    assert_eq!(trying.tried(), 3, "what was tried meanwhile is not tried again");
}

#[tokio::test]
async fn a_server_that_stops_ends_the_trials_that_nobody_waits_for() {
    let trying = trying(&prints(GOOD), UNTIL_GO, Uploads::default()).await;
    trying.uploaded(b"graph").await;
    trying.until(|trying| trying.tried() == 1).await;
    trying.door.tasks.shut_down().await;
    assert!(trying.is_idle());
}

#[tokio::test]
async fn a_model_that_is_gone_before_its_turn_is_passed_over() {
    let trying = trying(&prints(GOOD), "", Uploads::default()).await;
    trying.door.registry.try_ahead(&Digest::of(b"never stored"));
    trying.until(Trying::is_idle).await;
    assert_eq!(trying.tried(), 0);
}
