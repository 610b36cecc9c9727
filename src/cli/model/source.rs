//! Where a version to be pushed comes from: a path, another MLflow server, or an OCI image layout.

use super::super::Context;
use super::super::exit::usage;
use super::super::push::tree::{self, Local};
use super::{layout, mlflow};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use tempfile::TempDir;

/// As it is written on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Path(PathBuf),
    /// `mlflow:URI`
    Mlflow(String),
    /// `oci:DIR`
    Layout(PathBuf),
}

impl Source {
    /// A file whose own name begins like that is written `./mlflow:…`.
    pub(super) fn of(text: OsString) -> Self {
        match text.to_str().and_then(|text| text.split_once(':')) {
            Some(("mlflow", uri)) => Self::Mlflow(uri.to_owned()),
            Some(("oci", dir)) => Self::Layout(PathBuf::from(dir)),
            Some(_) | None => Self::Path(PathBuf::from(text)),
        }
    }
}

/// Files ready to be sent, and what is known of them.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) files: Vec<Local>,
    /// The model's name where it comes from.
    pub(super) name: Option<String>,
    /// Where it comes from, for the record.
    pub(super) source: Option<String>,
    /// The run it came out of.
    pub(super) run_id: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) description: String,
    /// What was fetched, until it was sent.
    pub(super) kept: Option<TempDir>,
}

/// Finds what is to be pushed; what is elsewhere is fetched first.
pub(super) async fn take(
    source: &Source,
    from: Option<&str>,
    context: &Context,
) -> anyhow::Result<Taken> {
    match (source, from) {
        (Source::Mlflow(uri), Some(from)) => mlflow::fetch(uri, from, context).await,
        (Source::Mlflow(_), None) => {
            Err(usage("--from URL says which MLflow server mlflow:… is taken from"))
        }
        (Source::Path(_) | Source::Layout(_), Some(_)) => {
            Err(usage("--from URL goes with mlflow:URI alone"))
        }
        (Source::Path(path), None) => Ok(Taken { files: tree::scan(path)?, ..Taken::default() }),
        (Source::Layout(dir), None) => layout::read(dir),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_says_where_from_and_anything_else_is_a_path() {
        let of = |text: &str| Source::of(text.into());
        assert_eq!(of("mlflow:models:/m@a"), Source::Mlflow("models:/m@a".into()));
        assert_eq!(of("oci:/tmp/a"), Source::Layout("/tmp/a".into()));
        for path in ["a.onnx", "./oci:x", "dir/mlflow:x", "c:x"] {
            assert_eq!(of(path), Source::Path(path.into()), "{path}");
        }
    }
}
