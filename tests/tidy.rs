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

/// Crates that must not be able to name IO, and what would let them. A binary or a benchmark of theirs
/// is the shell around them.
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

/// Every dependency of a package: built with it, tested with it, or needed to build it.
fn dependencies(package: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join("crates").join(package).join("Cargo.toml"));
    let manifest = manifest.unwrap();
    let mut within = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            assert!(!section.contains("dependencies."), "{package}: one line a dependency");
            within = section.ends_with("dependencies");
        } else if within && !line.starts_with('#') {
            names.extend(line.split(['.', ' ', '=']).next().map(str::to_owned));
        }
    }
    names.retain(|name| !name.is_empty());
    assert!(!names.is_empty(), "every package has dependencies: {package}");
    names
}

#[test]
fn every_crate_has_its_place_in_the_directions() {
    let folders = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap());
    let mut found: Vec<String> =
        folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let mut listed = DIRECTIONS.map(|(package, _)| package.to_owned());
    found.sort();
    listed.sort();
    assert_eq!(found, listed);
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
    for (path, text) in sources() {
        let shells = ["crates/sim/src/bin", "crates/sim/benches"];
        let shell = shells.iter().any(|shell| path.starts_with(shell));
        let pure = PURE.iter().any(|package| path.starts_with(Path::new("crates").join(package)));
        if pure && !shell {
            let named = standard_paths(&text).into_iter().find(|path| is_impure(path));
            assert!(named.is_none(), "{} is pure: {named:?} must go", path.display());
        }
    }
}

/// What a text names of the standard library, as `fs::read` or `time::Instant`: written out, or
/// in the braces of an import.
fn standard_paths(text: &str) -> Vec<String> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut found = Vec::new();
    for named in text.split("std::").skip(1) {
        let path = &named[..named.find(|c| !word(c)).unwrap_or(named.len())];
        let rest = &named[path.len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = &group[..group.find(';').unwrap_or(group.len())];
                let names = group.split(|c| !word(c)).filter(|name| !name.is_empty());
                found.extend(names.map(|name| format!("{path}{name}")));
            }
            None => found.push(path.to_owned()),
        }
    }
    found
}

fn is_impure(path: &str) -> bool {
    let inside = |name: &str| path == name || path.starts_with(&format!("{name}::"));
    ["fs", "net", "process", "thread", "env"].into_iter().any(inside)
        || ["time::Instant", "time::SystemTime"].into_iter().any(inside)
}

#[test]
fn io_is_found_however_it_is_imported() {
    for text in [
        "use std::fs;",
        "let now = std::time::SystemTime::now();",
        "use std::{\n    collections::BTreeMap,\n    net::TcpStream,\n};",
        "use std::time::{Duration, Instant};",
    ] {
        assert!(standard_paths(text).iter().any(|path| is_impure(path)), "{text}");
    }
    let pure = "use std::time::Duration;\nuse std::{fmt, iter};\nlet environment = 1;";
    assert!(!standard_paths(pure).iter().any(|path| is_impure(path)));
}

/// The demo knows which version is good; whoever could ask it would no longer have to find out.
#[test]
fn nothing_in_the_product_names_the_demo() {
    // The module itself, and the verb that plays it.
    let own = ["src/demo", "src/demo.rs", "src/cli/demo.rs", "src/cli.rs", "src/cli/verb.rs"];
    for (path, text) in sources() {
        let code = path.starts_with("src") || path.components().nth(2) == Some(source_folder());
        let test = path.components().any(|part| part.as_os_str() == "tests")
            || path.ends_with("tests.rs")
            || own.iter().any(|own| path.starts_with(own));
        if !code || test {
            continue;
        }
        let lines = text.lines().filter(|line| {
            line.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("demo"))
        });
        let allowed = |line: &&str| path.ends_with("src/lib.rs") && *line == "pub mod demo;";
        let named: Vec<_> = lines.filter(|line| !allowed(line)).collect();
        assert!(named.is_empty(), "{} names the demo: {named:#?}", path.display());
    }
}

fn source_folder() -> std::path::Component<'static> {
    std::path::Component::Normal("src".as_ref())
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
