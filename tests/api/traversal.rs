//! No path and no name of a client's leads anywhere: each of a corpus of hostile ones is refused on
//! every route that takes any, and nothing is written. Sent as bytes on a connection, since a client
//! would put them right first.

mod control;
mod inference;
mod mlflow;
mod push;
mod raw;

use crate::harness::Server;
use raw::{Request, Target};
use std::path::{Path, PathBuf};

/// What a hostile path would make, were it followed.
const MARK: &str = "seatrial-escaped";

/// One segment of a request's target, as it is on the wire.
const SEGMENTS: &[&[u8]] = &[
    b"..",
    b".",
    b"%2e%2e",
    b"%2E%2E",
    b"%252e%252e",
    b"%25252e%25252e",
    b"../../seatrial-escaped",
    b"..%2fseatrial-escaped",
    b"..%2F..%2Fseatrial-escaped",
    b"%2e%2e%2f%2e%2e%2fseatrial-escaped",
    b"%252e%252e%252fseatrial-escaped",
    b"..%252fseatrial-escaped",
    b"..\\seatrial-escaped",
    b"..%5cseatrial-escaped",
    b"..%255cseatrial-escaped",
    b"%2ftmp%2fseatrial-escaped",
    b"%252ftmp%252fseatrial-escaped",
    b"%5c%5chost%5cseatrial-escaped",
    b"C:%5cseatrial-escaped",
    b"file:%2f%2f%2ftmp%2fseatrial-escaped",
    b"seatrial-escaped\0",
    b"seatrial-escaped%00",
    b"seatrial-escaped%2500",
    b"seatrial-escaped%0d%0aX:%201",
    b"%c0%ae%c0%ae%2fseatrial-escaped",
    b"\xc0\xae\xc0\xae",
    b"%ff%fe",
    b"....%2f%2fseatrial-escaped",
];

/// Hostile text, as it is once a body or a query was read.
const TEXTS: &[&str] = &[
    "..",
    ".",
    "../seatrial-escaped",
    "../../seatrial-escaped",
    "a/../../seatrial-escaped",
    "/tmp/seatrial-escaped",
    "//tmp/seatrial-escaped",
    "..\\seatrial-escaped",
    "C:\\seatrial-escaped",
    "%2e%2e%2fseatrial-escaped",
    "%2e%2e/seatrial-escaped",
    "%252e%252e%252fseatrial-escaped",
    "..%5cseatrial-escaped",
    "%2ftmp%2fseatrial-escaped",
    "seatrial-escaped%00",
    "seatrial-escaped\0",
    "seatrial-escaped\r\nX: 1",
    "file:///tmp/seatrial-escaped",
];

/// Longer than any name, and than a file's name may be on a disk.
fn long() -> String {
    "x".repeat(5000)
}

fn segments() -> impl Iterator<Item = Vec<u8>> {
    SEGMENTS.iter().map(|segment| segment.to_vec()).chain([long().into_bytes()])
}

fn texts() -> impl Iterator<Item = String> {
    TEXTS.iter().map(|text| (*text).to_owned()).chain([long()])
}

/// The files of a data directory, other than the database's: what a request may not change.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
            }
            let name = path.file_name().unwrap().to_string_lossy();
            if !name.starts_with("seatrial.db") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Sends each, and fails where one is let in, ends in a fault, or leaves a trace.
fn assert_refused(server: &Server, address: &str, requests: &[Request]) {
    let root = server.data.path();
    let before = files(root);
    let mut let_in = Vec::new();
    for request in requests {
        let status = request.send(address);
        // 501 is said of what is not built, whatever it names.
        if !matches!(status, 400..=499 | 501) {
            let_in.push(format!("{status} {request}"));
        }
    }
    assert!(let_in.is_empty(), "{} were not refused:\n{}", let_in.len(), let_in.join("\n"));
    let after = files(root);
    let written = after.iter().filter(|path| !before.contains(path)).collect::<Vec<_>>();
    assert!(written.is_empty(), "written: {written:?}");
    assert_eq!(before.len(), after.len(), "something is gone");
    for above in root.ancestors().chain([Path::new("/tmp")]) {
        assert!(!above.join(MARK).exists(), "{MARK} is in {}", above.display());
    }
}

/// A request for each hostile segment at each `{…}` of a path; the others are as `good` says.
fn at_each_place(
    method: &'static str,
    path: &str,
    body: &str,
    good: impl Fn(&str) -> String,
) -> Vec<Request> {
    let places = path.split('/').filter(|part| part.starts_with('{')).collect::<Vec<_>>();
    let mut requests = Vec::new();
    for hostile_at in &places {
        for segment in segments() {
            let mut target = Vec::new();
            for part in path.split('/').skip(1) {
                target.push(b'/');
                if part == *hostile_at {
                    target.extend(&segment);
                } else if part.starts_with('{') {
                    target.extend(good(part).as_bytes());
                } else {
                    target.extend(part.as_bytes());
                }
            }
            requests.push(Request { method, target: Target(target), body: body.to_owned() });
        }
    }
    requests
}
