//! A model of another MLflow server, fetched into a temporary directory. The server may be anywhere:
//! whoever runs the command named it.

use super::super::Context;
use super::super::push::{human_bytes, tree};
use super::source::Taken;
use crate::config::{Uploads, UpstreamLimits};
use crate::registry::tag::READ_ONLY;
use crate::upstream::{Bounds, Client, Facts, Found, Reach, Reference, Resolved, Target};
use anyhow::Context as _;
use std::collections::BTreeMap;
use std::path::Path;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

/// Fetches what `uri` names at the server `from`.
pub(super) async fn fetch(uri: &str, from: &str, context: &Context) -> anyhow::Result<Taken> {
    let reference = Reference::parse(uri)?;
    let bounds = Bounds { answers: UpstreamLimits::default(), files: Uploads::default() };
    let credentials = context.environment.mlflow.clone();
    let target = Target::parse(from)?;
    let client = Client::connect(target, Reach::Anywhere, credentials, bounds).await?;
    let resolved = client.resolve(&reference).await?;
    let files = client.files(&resolved.root).await?;
    let kept = tempfile::tempdir().context("no temporary directory can be made")?;
    for (done, file) in files.iter().enumerate() {
        let size = file.size.map(human_bytes).unwrap_or_default();
        let count = files.len();
        context.output.note(&format!("fetching [{}/{count}] {}  {size}", done + 1, file.path));
        save(&client, &resolved, file, kept.path()).await?;
    }
    Ok(Taken {
        files: tree::scan(kept.path())?,
        name: resolved.facts.version.as_ref().map(|(name, _)| name.clone()),
        source: Some(told(uri, &resolved.facts, client.target())),
        run_id: resolved.facts.run_id.clone(),
        tags: tags(&resolved.facts),
        description: resolved.facts.description,
        kept: Some(kept),
    })
}

/// Writes one file below `directory`; its path was parsed, and cannot lead out of it.
async fn save(
    client: &Client,
    resolved: &Resolved,
    file: &Found,
    directory: &Path,
) -> anyhow::Result<()> {
    let place = directory.join(file.path.as_str());
    let written = || place.display().to_string();
    if let Some(parent) = place.parent() {
        tokio::fs::create_dir_all(parent).await.with_context(written)?;
    }
    let mut to = File::create_new(&place).await.with_context(written)?;
    let mut body = client.open(&resolved.root, file).await?;
    while let Some(chunk) = body.chunk().await? {
        to.write_all(&chunk).await.with_context(written)?;
    }
    to.flush().await.with_context(written)
}

/// Where it comes from: the number, where an alias led to one.
fn told(uri: &str, facts: &Facts, target: &Target) -> String {
    let named = match &facts.version {
        Some((name, number)) => format!("models:/{name}/{number}"),
        None => uri.to_owned(),
    };
    format!("{named} at {}", target.as_str())
}

/// Its tags, and which logged model it is. Those of another Seatrial's rollouts say nothing here.
fn tags(facts: &Facts) -> BTreeMap<String, String> {
    let own = facts.tags.iter().filter(|(key, _)| !READ_ONLY.contains(&key.as_str()));
    let mut tags: BTreeMap<_, _> = own.map(|(key, value)| (key.clone(), value.clone())).collect();
    if let Some(id) = &facts.model_id {
        tags.insert("source.model_id".to_owned(), id.clone());
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_another_server_goes_with_the_version() {
        let facts = Facts {
            version: Some(("m".to_owned(), 3)),
            model_id: Some("m-1".to_owned()),
            tags: [("rollout.stage", "live"), ("rollout.notes", "slow"), ("team", "vision")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ..Facts::default()
        };
        let target = Target::parse("http://mlflow.example:5000/").unwrap();
        let source = told("models:/m@best", &facts, &target);
        assert_eq!(source, "models:/m/3 at http://mlflow.example:5000");
        let tags = tags(&facts).into_iter().collect::<Vec<_>>();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let (notes, team) = (pair("rollout.notes", "slow"), pair("team", "vision"));
        assert_eq!(tags, [notes, pair("source.model_id", "m-1"), team]);
    }
}
