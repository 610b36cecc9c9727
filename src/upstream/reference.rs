//! What a model is called there: MLflow's URIs. Pure.

use super::Error;
use seatrial_domain::manifest::FilePath;

const CHARS_MAX: usize = 1024;

/// One of MLflow's names for the files of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `models:/NAME@ALIAS`
    Alias { name: String, alias: String },
    /// `models:/NAME/NUMBER`
    Version { name: String, version: String },
    /// `models:/NAME/latest`
    Latest { name: String },
    /// `models:/m-…`: a model that was logged, whether or not it was registered.
    Logged { id: String },
    /// `runs:/RUN/PATH`
    Run { run: String, path: FilePath },
    /// `mlflow-artifacts:/PATH`, perhaps with the server's own address.
    Artifacts { authority: Option<String>, path: FilePath },
}

impl Reference {
    /// Refuses what names no model, and stores that no server serves.
    pub fn parse(uri: &str) -> Result<Self, Error> {
        if uri.chars().count() > CHARS_MAX || uri.chars().any(char::is_control) {
            return Err(refused(uri, "it is too long, or has control characters"));
        }
        let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
        match scheme {
            "models" => model(uri, rest),
            "runs" => run(uri, rest),
            "mlflow-artifacts" => artifacts(uri, rest),
            // Another store, or the server's own disk.
            _ if rest.starts_with('/') => Err(Error::Store { uri: uri.to_owned() }),
            _ => Err(refused(
                uri,
                "write models:/NAME@ALIAS, models:/NAME/VERSION or runs:/RUN/PATH",
            )),
        }
    }
}

fn model(uri: &str, rest: &str) -> Result<Reference, Error> {
    let path = local(uri, rest)?;
    if let Some((name, alias)) = path.rsplit_once('@') {
        if name.is_empty() || alias.is_empty() || path.contains('/') {
            return Err(refused(uri, "an alias is written models:/NAME@ALIAS"));
        }
        return Ok(Reference::Alias { name: name.to_owned(), alias: alias.to_owned() });
    }
    match path.split_once('/') {
        None if is_logged(path) => Ok(Reference::Logged { id: path.to_owned() }),
        None => Err(refused(uri, "it says no version: write models:/NAME/VERSION or NAME@ALIAS")),
        Some((name, version)) if !name.is_empty() => {
            if version.eq_ignore_ascii_case("latest") {
                Ok(Reference::Latest { name: name.to_owned() })
            } else if !version.is_empty() && version.chars().all(|c| c.is_ascii_digit()) {
                let (name, version) = (name.to_owned(), version.to_owned());
                Ok(Reference::Version { name, version })
            } else {
                Err(refused(uri, "its version is no number; stages are not looked up, aliases are"))
            }
        }
        Some(_) => Err(refused(uri, "it has no name")),
    }
}

/// `m-` and 32 hexadecimal digits.
fn is_logged(id: &str) -> bool {
    id.strip_prefix("m-").is_some_and(is_hex)
}

fn is_hex(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn run(uri: &str, rest: &str) -> Result<Reference, Error> {
    let path = local(uri, rest)?;
    match path.split_once('/') {
        Some((run, path)) if is_hex(run) => {
            Ok(Reference::Run { run: run.to_owned(), path: FilePath::new(path)? })
        }
        Some(_) | None => Err(refused(uri, "a run's files are written runs:/RUN/PATH")),
    }
}

fn artifacts(uri: &str, rest: &str) -> Result<Reference, Error> {
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            (Some(authority).filter(|authority| !authority.is_empty()), path)
        }
        None => (None, rest.strip_prefix('/').unwrap_or(rest)),
    };
    let path = path.trim_end_matches('/');
    if path.contains(['%', '?', '#']) {
        return Err(refused(uri, "its path has %, ? or #"));
    }
    let path = FilePath::new(path)?;
    Ok(Reference::Artifacts { authority: authority.map(str::to_owned), path })
}

/// The part after `models:/`; what names another server is refused.
fn local<'a>(uri: &str, rest: &'a str) -> Result<&'a str, Error> {
    match rest.strip_prefix('/') {
        Some(path) if !path.starts_with('/') => Ok(path.trim_end_matches('/')),
        Some(_) | None => Err(refused(uri, "it is written with one slash, and no server")),
    }
}

fn refused(uri: &str, why: &'static str) -> Error {
    Error::Reference { uri: uri.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn mlflows_uris_are_read() {
        let name = || "a b".to_owned();
        let path = |text: &str| FilePath::new(text).unwrap();
        let cases = [
            (
                "models:/a b@best".to_owned(),
                Reference::Alias { name: name(), alias: "best".into() },
            ),
            ("models:/a b/7".to_owned(), Reference::Version { name: name(), version: "7".into() }),
            ("models:/a b/latest".to_owned(), Reference::Latest { name: name() }),
            (format!("models:/m-{HEX}"), Reference::Logged { id: format!("m-{HEX}") }),
            (
                format!("runs:/{HEX}/model/a"),
                Reference::Run { run: HEX.to_owned(), path: path("model/a") },
            ),
            (
                "mlflow-artifacts:/0/m/artifacts".to_owned(),
                Reference::Artifacts { authority: None, path: path("0/m/artifacts") },
            ),
            (
                "mlflow-artifacts://h:5/0/m/".to_owned(),
                Reference::Artifacts { authority: Some("h:5".into()), path: path("0/m") },
            ),
        ];
        for (uri, expected) in cases {
            assert_eq!(Reference::parse(&uri).unwrap(), expected, "{uri}");
        }
    }

    #[test]
    fn a_store_that_no_server_serves_is_named_with_what_to_do() {
        for uri in
            ["s3://bucket/a", "file:///data/a", "gs://b/a", "https://h/a", "dbfs:/a", "/mlruns/a"]
        {
            let refused = Reference::parse(uri).unwrap_err();
            assert!(matches!(refused, Error::Store { .. }), "{uri}: {refused}");
            assert!(refused.to_string().contains("mlflow artifacts download"), "{refused}");
        }
    }

    #[test]
    fn what_names_no_model_is_refused() {
        for uri in [
            "",
            "a",
            "models:/",
            "models:/a",
            "models:/a/Production",
            "models:/a/",
            "models://h/a/1",
            "models:/@b",
            "models:/a@",
            "models:/a/b@c",
            "models:/m-123",
            "runs:/",
            "runs:/1/a",
            "models:/a/1\n2",
        ] {
            let refused = Reference::parse(uri);
            assert!(matches!(refused, Err(Error::Reference { .. })), "{uri:?}: {refused:?}");
        }
    }

    #[test]
    fn paths_out_of_the_tree_are_refused() {
        for uri in [
            "mlflow-artifacts:/a/../b".to_owned(),
            "mlflow-artifacts:/..".to_owned(),
            "mlflow-artifacts:/a/%2e%2e/b".to_owned(),
            "mlflow-artifacts:/a\\..\\b".to_owned(),
            "mlflow-artifacts:/a?b".to_owned(),
            "mlflow-artifacts:".to_owned(),
            "mlflow-artifacts://h".to_owned(),
            format!("runs:/{HEX}/../x"),
            format!("runs:/{HEX}/a//b"),
        ] {
            assert!(Reference::parse(&uri).is_err(), "{uri}");
        }
    }
}
