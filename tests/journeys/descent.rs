//! What versions were made from, said when they are pushed and shown as a tree.

use crate::harness::{Server, fixture, variant};
use serde_json::json;

#[test]
fn what_a_version_was_made_from_is_pushed_with_it_and_shown() {
    let server = Server::start();
    let rows = server.home().join("rows.csv");
    std::fs::write(&rows, "x,y\n1,2\n3,4\n").unwrap();
    let rows = rows.display().to_string();
    server.cli(&["dataset", "push", &rows, "--name", "train", "--label", "y"]).expect(0);
    server.push(&fixture("v1"), "base");
    let tuned = fixture("v2").display().to_string();
    let push = ["model", "push", &tuned, "--name", "digits"];
    let with = |more: &[&str]| server.cli(&[&push[..], more].concat());

    with(&["--parent", "base@9"]).expect(2);
    with(&["--trained-on", "nothing@1"]).expect(2);
    with(&["--parent", "base"]).expect(2);
    server.cli(&["model", "list", "digits"]).expect(3);
    let foreign = format!("sha256:{}", "0".repeat(64));
    let whence = ["--parent", "base@1", "--parent", &foreign, "--trained-on", "train@1"];
    let how = ["--code-ref", "4f2a1c", "--run-id", "run-7"];
    with(&[&whence[..], &how[..]].concat()).expect(0);

    let shown = server.cli(&["model", "show", "digits@1", "--lineage"]).expect(0).stdout;
    let lines = shown.lines().map(str::trim_start).collect::<Vec<_>>();
    let starts = ["digits@1  sha256:", "dataset  train@1", "code     4f2a1c", "run      run-7"];
    for start in starts.into_iter().chain(["parent   base@1  sha256:"]) {
        assert!(lines.iter().any(|line| line.starts_with(start)), "{start}: {shown}");
    }
    assert!(shown.contains(&format!("{foreign}  (not in this registry)")), "{shown}");
    let base = server.cli(&["model", "show", "base", "--lineage", "-o", "json"]).expect(0).json();
    assert_eq!(base["children"][0]["name"], "digits@1", "{base:#}");

    with(&[]).expect(0);
    let other = with(&["--code-ref", "another"]).expect(5).stderr;
    assert!(other.contains("which stands"), "{other}");
    server.cli(&["model", "delete", "base@1"]).expect(0);
    let shown = server.cli(&["model", "show", "digits", "--lineage"]).expect(0).stdout;
    assert!(shown.contains("(deleted)"), "{shown}");
    let copy = variant(&server, "v2", "noted").display().to_string();
    let gone = ["model", "push", &copy, "--name", "digits", "--parent", "base@1"];
    server.cli(&gone).expect(2);
    let json = server.cli(&["model", "show", "digits", "--lineage", "-o", "json"]).expect(0).json();
    assert_eq!(json["line"][0]["trained_on"]["name"], json!("train@1"));
}
