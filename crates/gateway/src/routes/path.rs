//! Reading a path.

use http::Method;

use crate::fault::Fault;

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Path {
    Server,
    Live,
    Ready,
    Model(Model),
    ModelReady(Model),
    Infer(Model),
    Feedback {
        model: String,
    },
    Index,
    LoadOrUnload,
    /// Known to the protocol, not built.
    Unsupported(&'static str),
}

/// `models/{m}[/versions/{v}]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) version: Option<String>,
}

impl Path {
    pub(super) const fn method(&self) -> Method {
        match self {
            Self::Infer(_) | Self::Feedback { .. } | Self::Index | Self::LoadOrUnload => {
                Method::POST
            }
            Self::Server
            | Self::Live
            | Self::Ready
            | Self::Model(_)
            | Self::ModelReady(_)
            | Self::Unsupported(_) => Method::GET,
        }
    }
}

/// Names need no percent-decoding: what would need it is no name.
pub(super) fn parse(path: &str) -> Result<Path, Fault> {
    let unknown = || Fault::NotFound("the path".to_owned());
    let rest = path.strip_prefix("/v2").ok_or_else(unknown)?;
    let segments: Vec<&str> = rest.split('/').skip(1).filter(|part| !part.is_empty()).collect();
    if !rest.is_empty() && !rest.starts_with('/') {
        return Err(unknown());
    }
    match segments.as_slice() {
        [] => Ok(Path::Server),
        ["health", "live"] => Ok(Path::Live),
        ["health", "ready"] => Ok(Path::Ready),
        ["repository", "index"] => Ok(Path::Index),
        ["repository", "models", _, "load" | "unload"] => Ok(Path::LoadOrUnload),
        ["models", name, "versions", version, rest @ ..] => {
            of_model(Model { name: (*name).to_owned(), version: Some((*version).to_owned()) }, rest)
        }
        ["models", name, rest @ ..] => {
            of_model(Model { name: (*name).to_owned(), version: None }, rest)
        }
        _ => Err(unknown()),
    }
}

fn of_model(model: Model, rest: &[&str]) -> Result<Path, Fault> {
    match rest {
        [] => Ok(Path::Model(model)),
        ["ready"] => Ok(Path::ModelReady(model)),
        ["infer"] => Ok(Path::Infer(model)),
        ["feedback"] if model.version.is_none() => Ok(Path::Feedback { model: model.name }),
        ["config"] => Ok(Path::Unsupported("a model's config")),
        ["stats"] => Ok(Path::Unsupported("a model's stats")),
        _ => Err(Fault::NotFound("the path".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, version: Option<&str>) -> Model {
        Model { name: name.into(), version: version.map(str::to_owned) }
    }

    #[test]
    fn paths_of_the_protocol_are_read() {
        let cases = [
            ("/v2", Path::Server),
            ("/v2/", Path::Server),
            ("/v2/health/live", Path::Live),
            ("/v2/health/ready", Path::Ready),
            ("/v2/models/m", Path::Model(model("m", None))),
            ("/v2/models/m/versions/2", Path::Model(model("m", Some("2")))),
            ("/v2/models/m/versions/2/ready", Path::ModelReady(model("m", Some("2")))),
            ("/v2/models/m/infer", Path::Infer(model("m", None))),
            ("/v2/models/m/versions/v2/infer", Path::Infer(model("m", Some("v2")))),
            ("/v2/models/m/feedback", Path::Feedback { model: "m".into() }),
            ("/v2/models/m/config", Path::Unsupported("a model's config")),
            ("/v2/repository/index", Path::Index),
            ("/v2/repository/models/m/unload", Path::LoadOrUnload),
        ];
        for (path, expected) in cases {
            assert_eq!(parse(path), Ok(expected), "{path}");
        }
    }

    #[test]
    fn other_paths_are_not_found() {
        for path in ["/", "/v2x", "/v1/models/m", "/v2/models", "/v2/models/m/versions/1/feedback"]
        {
            assert!(matches!(parse(path), Err(Fault::NotFound(_))), "{path}");
        }
    }
}
