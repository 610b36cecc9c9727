//! House rules that a compiler does not check: crate directions, purity, headers, file sizes.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "in a test, what is missing fails it"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// What each package may depend on, of ours.
const DIRECTIONS: [(&str, &[&str]); 6] = [
    ("analysis", &[]),
    ("domain", &["analysis"]),
    ("sim", &["analysis", "domain"]),
    ("store", &["analysis", "domain"]),
    ("runtime", &["analysis", "domain"]),
    ("gateway", &["analysis", "domain", "runtime"]),
];

/// Crates that must not be able to name IO, and what would let them.
const PURE: [&str; 3] = ["analysis", "domain", "sim"];
const IMPURE: [&str; 6] = ["tokio", "sqlx", "hyper", "axum", "reqwest", "ort"];

/// A file that has outgrown its idea.
const LINES_MAX: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["src", "crates", "tests", "benches"] {
        collect(&root().join(folder), &mut found);
    }
    assert!(found.len() > 100, "only {} source files found: the walk is broken", found.len());
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
        }
    }
}

fn dependencies(package: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join("crates").join(package).join("Cargo.toml"));
    let manifest = manifest.unwrap();
    let start = manifest.find("[dependencies]").expect("every package has dependencies");
    let section = &manifest[start + "[dependencies]".len()..];
    let section = section.split("\n[").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn crates_depend_in_one_direction() {
    for (package, allowed) in DIRECTIONS {
        for name in dependencies(package) {
            if let Some(ours) = name.strip_prefix("seatrial-") {
                assert!(allowed.contains(&ours), "{package} must not depend on {ours}");
            }
        }
    }
}

#[test]
fn pure_crates_cannot_name_io() {
    for package in PURE {
        for name in dependencies(package) {
            assert!(!IMPURE.contains(&name.as_str()), "{package} is pure: {name} must go");
        }
    }
}

#[test]
fn every_file_says_what_it_owns() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "these open without //!: {silent:#?}");
}

#[test]
fn no_file_has_outgrown_its_idea() {
    let large: Vec<_> = sources()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .collect();
    assert!(large.is_empty(), "split these: {large:#?}");
}

#[test]
fn modules_are_named_by_their_file() {
    let unnamed: Vec<_> = sources()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path.file_name().is_some_and(|name| name == "mod.rs"))
        .collect();
    assert!(unnamed.is_empty(), "use foo.rs beside foo/: {unnamed:#?}");
}

#[test]
fn only_the_store_knows_sql() {
    let strangers: Vec<_> = sources()
        .into_iter()
        .filter(|(path, text)| !path.starts_with("crates/store") && text.contains("sqlx::"))
        .map(|(path, _)| path)
        .filter(|path| !path.ends_with("tidy.rs"))
        .collect();
    assert!(strangers.is_empty(), "SQL belongs in crates/store: {strangers:#?}");
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let promises: Vec<_> = sources()
        .into_iter()
        .filter(|(_, text)| marks.iter().any(|mark| text.contains(mark)))
        .map(|(path, _)| path)
        .collect();
    assert!(promises.is_empty(), "promises instead of code: {promises:#?}");
}

#[test]
fn every_decision_has_its_place_in_the_order() {
    let mut numbers: Vec<String> = fs::read_dir(root().join("docs/adr"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name[..4].to_owned())
        .collect();
    numbers.sort();
    let expected: Vec<String> = (1..=numbers.len()).map(|n| format!("{n:04}")).collect();
    assert_eq!(numbers, expected);
}
