//! What a hint names can be typed.

use crate::cli::Cli;
use clap::Parser as _;
use std::path::{Path, PathBuf};

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// The commands that a text's literals name: a whole literal, or what stands in backticks in one.
fn commands(text: &str) -> Vec<String> {
    let literals = text.split('"').skip(1).step_by(2);
    let named = |literal: &str| -> Vec<String> {
        let spans: Vec<&str> = literal.split('`').collect();
        match spans.as_slice() {
            [whole] => vec![(*whole).to_owned()],
            spans => spans.iter().skip(1).step_by(2).map(|span| (*span).to_owned()).collect(),
        }
    };
    literals.flat_map(named).filter(|command| command.starts_with("seatrial ")).collect()
}

/// With a number for each placeholder, `{id}` or `ENDPOINT`.
fn typed(command: &str) -> Vec<String> {
    let word = |word: &str| {
        let placeholder = word.contains('{') || word.chars().all(|c| c.is_ascii_uppercase());
        if placeholder { "1".to_owned() } else { word.to_owned() }
    };
    command.split(' ').map(word).collect()
}

#[test]
fn every_command_a_hint_names_can_be_typed() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api"), &mut files);
    let named: Vec<String> =
        files.iter().flat_map(|file| commands(&std::fs::read_to_string(file).unwrap())).collect();
    assert!(named.len() > 10, "hints were found: {named:?}");
    for command in named {
        if let Err(error) = Cli::try_parse_from(typed(&command)) {
            panic!("{command}: {error}");
        }
    }
}
