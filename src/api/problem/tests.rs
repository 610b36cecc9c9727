//! What a hint names can be typed, and whoever reads a refusal reads it in its own shape.

use super::{Failure, Kind};
use crate::cli::Cli;
use axum::body::to_bytes;
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

const KINDS: [Kind; 16] = [
    Kind::Invalid,
    Kind::Refused,
    Kind::Denied,
    Kind::NotFound,
    Kind::Conflict,
    Kind::Stale,
    Kind::TooLarge,
    Kind::MediaType,
    Kind::Quarantined,
    Kind::Busy,
    Kind::Storage,
    Kind::Unavailable,
    Kind::Method,
    Kind::TimedOut,
    Kind::NotAvailable,
    Kind::Internal,
];

/// The status, the content type and the body's fields of a refusal at `path`.
async fn read(kind: Kind, path: &str) -> (u16, String, serde_json::Value) {
    let answer = Failure::new(kind, "so it is").at(path);
    let (parts, body) = answer.into_parts();
    let content = parts.headers["content-type"].to_str().unwrap().to_owned();
    let body = to_bytes(body, 4096).await.unwrap();
    (parts.status.as_u16(), content, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn every_refusal_below_mlflows_roots_has_mlflows_shape_and_no_other_has() {
    for kind in KINDS {
        let (expected, ..) = kind.parts();
        for path in ["/api/2.0/mlflow/x", "/api/3.0/mlflow/x", "/ajax-api/2.0/mlflow/x"] {
            let (status, content, body) = read(kind, path).await;
            assert_eq!((status, content.as_str()), (expected.as_u16(), "application/json"));
            assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
            assert_eq!(body["message"], "so it is");
            let code = match kind {
                Kind::Denied => "PERMISSION_DENIED",
                Kind::TimedOut => "TEMPORARILY_UNAVAILABLE",
                Kind::Internal => "INTERNAL_ERROR",
                Kind::Invalid
                | Kind::Refused
                | Kind::NotFound
                | Kind::Conflict
                | Kind::Stale
                | Kind::TooLarge
                | Kind::MediaType
                | Kind::Quarantined
                | Kind::Busy
                | Kind::Storage
                | Kind::Unavailable
                | Kind::Method
                | Kind::NotAvailable => "BAD_REQUEST",
            };
            assert_eq!(body["error_code"], code, "{kind:?}");
        }
        for path in ["/api/v1/models", "/api/2.0", "/metrics", "/v2/ajax-api/x"] {
            let (status, content, body) = read(kind, path).await;
            assert_eq!((status, content.as_str()), (expected.as_u16(), "application/problem+json"));
            assert_eq!((&body["detail"], body.get("error_code")), (&"so it is".into(), None));
        }
    }
}
