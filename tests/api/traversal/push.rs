//! A directory that is pushed gives its own files and no others, whatever its links lead to.

use crate::harness::{Server, demo_model};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Output};

fn push(server: &Server, path: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seatrial"))
        .args(["model", "push", "--name", "m", "--server", &server.control])
        .arg(path)
        .env("ORT_DYLIB_PATH", crate::library::library())
        .output()
        .unwrap()
}

/// What it is called, and how it is made.
type Link<'a> = (&'a str, &'a dyn Fn(&Path));

#[tokio::test]
async fn links_out_of_a_pushed_directory_are_refused_and_nothing_is_sent() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let outside = home.path().join("secret");
    std::fs::write(&outside, "secret").unwrap();
    let links: [Link<'_>; 4] = [
        ("symbolic link", &|at| std::os::unix::fs::symlink(&outside, at).unwrap()),
        ("symbolic link", &|at| std::os::unix::fs::symlink("../secret", at).unwrap()),
        ("symbolic link", &|at| std::os::unix::fs::symlink(home.path(), at).unwrap()),
        ("hard link", &|at| std::fs::hard_link(&outside, at).unwrap()),
    ];
    for (number, (said, link)) in links.iter().enumerate() {
        let tree = home.path().join(format!("tree-{number}"));
        std::fs::create_dir_all(tree.join("deep")).unwrap();
        std::fs::copy(demo_model("v1"), tree.join("model.onnx")).unwrap();
        link(&tree.join("deep/labels.txt"));

        let output = push(&server, &tree);

        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{number}: {error}");
        assert!(error.contains(said), "{number}: {error}");
    }
    assert_eq!(server.get("/models").await.body["items"], json!([]));
    assert_eq!((server.files_in("blobs"), server.files_in("uploads")), (0, 0));
}

#[tokio::test]
async fn a_hard_link_within_a_pushed_directory_is_two_files_of_the_same_bytes() {
    let server = Server::start();
    let tree = tempfile::tempdir().unwrap();
    let model = tree.path().join("model.onnx");
    std::fs::copy(demo_model("v1"), &model).unwrap();
    std::fs::hard_link(&model, tree.path().join("copy.bin")).unwrap();
    let output = push(&server, tree.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let version = server.get("/models/m/versions/1").await;
    let files = version.body["files"].as_array().unwrap();
    assert_eq!((&files[0]["path"], &files[1]["path"]), (&json!("copy.bin"), &json!("model.onnx")));
    assert_eq!(files[0]["digest"], files[1]["digest"]);
}
