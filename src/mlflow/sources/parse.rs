//! A source as a client writes it, and what of this server it names.

use super::super::ARTIFACTS;
use super::super::error::{Error, Result};
use super::super::host::{Host, elsewhere};
use super::super::place::{Place, Within};
use super::missing;
use seatrial_store::artifacts::ArtifactPath;
use seatrial_store::tracking::{LoggedModelId, RunId};

/// What a version may be made from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A registered version, in the client's words.
    Version { name: String, number: String },
    /// A directory of uploads, or one of them.
    Uploaded(ArtifactPath),
    /// A logged model by its id.
    Logged(LoggedModelId),
    /// Something below a run's artifacts.
    Run { run: RunId, path: String },
}

impl Source {
    /// Parses `source`, as sent to `host`.
    pub(super) fn parse(source: &str, host: &Host) -> Result<Self> {
        if source.trim().is_empty() {
            return Err(Error::invalid("a version needs a source"));
        }
        let Some((scheme, rest)) = source.split_once(':') else { return Err(local(source)) };
        refuse_odd(source, rest)?;
        match scheme {
            "models" => model(source, rest),
            "runs" => run(source, rest),
            "mlflow-artifacts" => artifact(source, within(source, rest, host)?),
            "http" | "https" => {
                let path = within(source, rest, host)?;
                let base = format!("{}/artifacts/", ARTIFACTS.trim_start_matches('/'));
                artifact(source, path.strip_prefix(&base).ok_or_else(|| elsewhere(source))?)
            }
            _ => Err(local(source)),
        }
    }
}

/// Refuses what would be another path once somebody decoded it.
fn refuse_odd(source: &str, rest: &str) -> Result<()> {
    let climbs = rest.split(['/', '\\']).any(|part| part == "..");
    if climbs || rest.contains(['\\', '\0', '%', '?', '#']) {
        return Err(Error::invalid(format!("Invalid model version source: {source:?}")));
    }
    Ok(())
}

/// The path behind the authority, which must be this server or left out.
fn within<'a>(source: &str, rest: &'a str, host: &Host) -> Result<&'a str> {
    let Some(named) = rest.strip_prefix("//") else { return Ok(rest.trim_matches('/')) };
    let (authority, path) = named.split_once('/').unwrap_or((named, ""));
    if host.is(authority) { Ok(path.trim_matches('/')) } else { Err(elsewhere(source)) }
}

fn artifact(source: &str, path: &str) -> Result<Source> {
    match Place::parse(path)? {
        Place::Top => Err(Error::invalid(format!("{source:?} names no directory of files"))),
        Place::Uploaded(path) => Ok(Source::Uploaded(path)),
        Place::Version(Within { model, number, rest }) if rest.is_empty() => {
            Ok(Source::Version { name: model.to_string(), number: number.0.to_string() })
        }
        Place::Version(_) => {
            Err(Error::invalid(format!("{source:?} is a part of a version: register all of it")))
        }
    }
}

/// `models:/NAME/VERSION`, or `models:/m-…` as a client logs it.
fn model(source: &str, rest: &str) -> Result<Source> {
    let path = rest.trim_matches('/');
    if let Some((name, number)) = path.split_once('/') {
        return Ok(Source::Version { name: name.to_owned(), number: number.to_owned() });
    }
    LoggedModelId::parse(path).map(Source::Logged).ok_or_else(|| missing(source))
}

fn run(source: &str, rest: &str) -> Result<Source> {
    let (run, path) = rest.trim_matches('/').split_once('/').ok_or_else(|| missing(source))?;
    let run = RunId::parse(run).ok_or_else(|| missing(source))?;
    Ok(Source::Run { run, path: path.to_owned() })
}

fn local(source: &str) -> Error {
    Error::invalid(format!(
        "Invalid model version source: {source:?}. A source is what was uploaded to this server, \
         or models:/NAME/VERSION; seatrial model push PATH --name NAME registers a local directory"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(source: &str) -> Option<Source> {
        Source::parse(source, &Host::at("127.0.0.1:8002".parse().unwrap())).ok()
    }

    #[test]
    fn a_directory_of_uploads_is_named_in_any_of_the_clients_ways() {
        let uploaded = Source::Uploaded("0/r/artifacts/my model".parse().unwrap());
        for source in [
            "mlflow-artifacts:/0/r/artifacts/my model",
            "mlflow-artifacts:/0/r/artifacts/my model/",
            "mlflow-artifacts://127.0.0.1:8002/0/r/artifacts/my model",
            "http://localhost:8002/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/my model",
        ] {
            assert_eq!(parsed(source).as_ref(), Some(&uploaded), "{source}");
        }
    }

    #[test]
    fn versions_logged_models_and_runs_are_told_apart() {
        let version = |name: &str, number: &str| Source::Version {
            name: name.to_owned(),
            number: number.to_owned(),
        };
        assert_eq!(parsed("models:/m/1"), Some(version("m", "1")));
        assert_eq!(parsed("mlflow-artifacts:/versions/m/1"), Some(version("m", "1")));
        let id = LoggedModelId::new(7);
        assert_eq!(parsed(&format!("models:/{id}")), Some(Source::Logged(id)));
        let run = RunId::new(7);
        let source = format!("runs:/{run}/a/b");
        assert_eq!(parsed(&source), Some(Source::Run { run, path: "a/b".to_owned() }));
    }

    #[test]
    fn other_servers_files_and_odd_paths_are_no_source() {
        for source in [
            "mlflow-artifacts://127.0.0.1:9/0/r",
            "mlflow-artifacts:/",
            "http://127.0.0.1:8002/etc/passwd",
            "http://elsewhere.test/api/2.0/mlflow-artifacts/artifacts/0/r",
            "s3://bucket/key",
            "models:/m-short",
            "models:/m-0123456789ABCDEF0123456789ABCDEF",
            "runs:/r/a",
            "runs:/0123456789abcdef0123456789abcdef",
            "mlflow-artifacts:/versions/m/1/model.onnx",
            "mlflow-artifacts:/0//r",
        ] {
            assert_eq!(parsed(source), None, "{source}");
        }
    }
}
