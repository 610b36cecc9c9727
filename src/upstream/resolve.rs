//! From a name to the place of its files, by the server's own answers.

use super::wire::{DownloadUri, Latest, LoggedInfo, LoggedModel, OneRun, OneVersion, Version};
use super::{Client, Error, Reference};
use seatrial_domain::manifest::FilePath;
use serde_json::json;
use std::collections::BTreeMap;

/// Logged models of one run that are looked at.
const OUTPUTS_MAX: usize = 100;

/// A model's files, and what is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The directory of the files among the server's artifacts.
    pub root: FilePath,
    pub facts: Facts,
}

/// What the server says of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// A registered model's name and version.
    pub version: Option<(String, u64)>,
    pub run_id: Option<String>,
    pub model_id: Option<String>,
    pub description: String,
    pub tags: BTreeMap<String, String>,
}

impl Client {
    /// Finds the files of `reference`.
    pub async fn resolve(&self, reference: &Reference) -> Result<Resolved, Error> {
        match reference {
            Reference::Alias { name, alias } => {
                let query = [("name", name.as_str()), ("alias", alias.as_str())];
                let found: OneVersion = self.get("registered-models/alias", &query).await?;
                self.registered(found.model_version).await
            }
            Reference::Version { name, version } => {
                let query = [("name", name.as_str()), ("version", version.as_str())];
                let found: OneVersion = self.get("model-versions/get", &query).await?;
                self.registered(found.model_version).await
            }
            Reference::Latest { name } => self.registered(self.latest(name).await?).await,
            Reference::Logged { id } => self.logged(id).await,
            Reference::Run { run, path } => self.run(run, path).await,
            Reference::Artifacts { authority, path } => {
                let facts = Facts::default();
                Ok(Resolved { root: self.own(authority.as_deref(), path)?, facts })
            }
        }
    }

    /// Of the newest of each stage, the newest.
    async fn latest(&self, name: &str) -> Result<Version, Error> {
        let path = "registered-models/get-latest-versions";
        let found: Latest = self.post(path, &json!({"name": name})).await?;
        let newest = found.model_versions.into_iter().max_by_key(|version| version.version);
        newest.ok_or_else(|| Error::Empty(format!("models:/{name}")))
    }

    async fn registered(&self, version: Version) -> Result<Resolved, Error> {
        let number = version.version.to_string();
        let query = [("name", version.name.as_str()), ("version", number.as_str())];
        let uri: DownloadUri = self.get("model-versions/get-download-uri", &query).await?;
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let root = self.place(&uri.artifact_uri).await?;
        let facts = Facts {
            version: Some((version.name, version.version)),
            run_id: said(version.run_id),
            // MLflow's own server says it only as the source.
            model_id: said(version.model_id).or_else(|| logged_id(&version.source)),
            description: version.description,
            tags: version.tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        };
        Ok(Resolved { root, facts })
    }

    /// The directory that a version's URI names; one step on, where it names a logged model.
    async fn place(&self, uri: &str) -> Result<FilePath, Error> {
        match Reference::parse(uri)? {
            Reference::Artifacts { authority, path } => self.own(authority.as_deref(), &path),
            Reference::Logged { id } => Ok(self.logged(&id).await?.root),
            Reference::Alias { .. }
            | Reference::Version { .. }
            | Reference::Latest { .. }
            | Reference::Run { .. } => Err(Error::Store { uri: uri.to_owned() }),
        }
    }

    async fn logged(&self, id: &str) -> Result<Resolved, Error> {
        let info = self.logged_info(id).await?;
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let facts = Facts {
            run_id: said(info.source_run_id),
            model_id: Some(id.to_owned()),
            ..Facts::default()
        };
        Ok(Resolved { root: self.served(&info.artifact_uri)?, facts })
    }

    async fn logged_info(&self, id: &str) -> Result<LoggedInfo, Error> {
        let found: LoggedModel = self.get(&format!("logged-models/{id}"), &[]).await?;
        Ok(found.model.info)
    }

    /// A run's own files, else those of the model of this name that it logged: MLflow 3 keeps a
    /// logged model beside its run.
    async fn run(&self, run: &str, path: &FilePath) -> Result<Resolved, Error> {
        let found: OneRun = self.get("runs/get", &[("run_id", run)]).await?;
        let uri = found.run.info.artifact_uri;
        let root = self.served(&format!("{}/{path}", uri.trim_end_matches('/')))?;
        let facts = Facts { run_id: Some(run.to_owned()), ..Facts::default() };
        if !self.children(&root).await?.is_empty() {
            return Ok(Resolved { root, facts });
        }
        let mut outputs = found.run.outputs.model_outputs;
        outputs.sort_by_key(|output| std::cmp::Reverse(output.step));
        for output in outputs.into_iter().take(OUTPUTS_MAX) {
            let Some(id) = logged_id(&format!("models:/{}", output.model_id)) else { continue };
            let info = self.logged_info(&id).await?;
            if info.name == path.as_str() {
                let root = self.served(&info.artifact_uri)?;
                return Ok(Resolved { root, facts: Facts { model_id: Some(id), ..facts } });
            }
        }
        Err(Error::Empty(format!("runs:/{run}/{path}")))
    }

    /// The path of a URI of the server's own artifacts.
    fn served(&self, uri: &str) -> Result<FilePath, Error> {
        match Reference::parse(uri) {
            Ok(Reference::Artifacts { authority, path }) => self.own(authority.as_deref(), &path),
            Ok(_) => Err(Error::Store { uri: uri.to_owned() }),
            Err(error) => Err(error),
        }
    }

    /// Refuses another server's artifacts: nobody configured that one.
    fn own(&self, authority: Option<&str>, path: &FilePath) -> Result<FilePath, Error> {
        match authority {
            Some(authority) if !self.target().is(authority) => {
                Err(Error::Store { uri: format!("mlflow-artifacts://{authority}/{path}") })
            }
            Some(_) | None => Ok(path.clone()),
        }
    }
}

/// The id of a logged model, where a URI names one.
fn logged_id(uri: &str) -> Option<String> {
    match Reference::parse(uri) {
        Ok(Reference::Logged { id }) => Some(id),
        Ok(_) | Err(_) => None,
    }
}
