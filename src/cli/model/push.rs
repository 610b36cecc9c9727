//! `model push`: files from here or elsewhere become a version.

use super::super::client::{ANSWER_TIMEOUT, segment};
use super::super::exit::usage;
use super::super::push::{discard, upload_files};
use super::super::signing::{self, Signing};
use super::super::{Context, Exit};
use super::flavors;
use super::source::{self, Source};
use crate::api::wire::{Register, Version};
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use reqwest::Method;
use serde_json::json;

#[derive(Debug, Args)]
pub struct Push {
    /// An ONNX file, a directory that holds one (`model.onnx` where there are several), or the
    /// directory of an MLflow model (`MLmodel`) of any flavor; mlflow:URI, such as
    /// mlflow:models:/NAME@ALIAS, from another MLflow server; oci:DIR.
    #[arg(value_name = "SOURCE", value_parser = OsStringValueParser::new().map(Source::of))]
    source: Source,
    /// The model's name [default: the one it has where it comes from].
    #[arg(long)]
    name: Option<String>,
    /// The MLflow server that mlflow:URI is taken from. It is told MLFLOW_TRACKING_TOKEN, or
    /// MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, where these are set.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// A tag for the version; may be repeated.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// An alias that will name the version.
    #[arg(long)]
    alias: Option<String>,
    /// A version that it was made from, or its digest; may be repeated.
    #[arg(long = "parent", value_name = "NAME@VERSION")]
    parents: Vec<String>,
    /// The dataset it was trained on, or its digest.
    #[arg(long, value_name = "NAME@VERSION")]
    trained_on: Option<String>,
    /// The code it was trained by: a commit, a tag, an address.
    #[arg(long, value_name = "TEXT")]
    code_ref: Option<String>,
    /// The run it came out of [default: the one that mlflow:URI knows of].
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(super) async fn run(arguments: Push, context: &Context) -> anyhow::Result<Exit> {
    if let Some(name) = &arguments.name {
        seatrial_domain::ModelName::new(name)?;
    }
    let taken = source::take(&arguments.source, arguments.from.as_deref(), context).await?;
    let name =
        arguments.name.or(taken.name).ok_or_else(|| usage("--name says whose version it is"))?;
    let name = seatrial_domain::ModelName::new(&name)?;
    let files = arguments.signing.of(taken.files, &context.output)?;
    let bundle = arguments.signing.bundle(&name, &files).await?;
    let upload = upload_files(&files, context).await?;
    // What was fetched is at the server now.
    drop(taken.kept);
    context.output.note("sealing and probing");
    let mut tags = taken.tags;
    tags.extend(arguments.tags);
    let register = Register {
        upload: upload.id.clone(),
        tags,
        alias: arguments.alias,
        source: taken.source,
        parents: arguments.parents,
        trained_on: arguments.trained_on,
        code_ref: arguments.code_ref,
        run_id: arguments.run_id.or(taken.run_id),
    };
    let client = context.client()?;
    let path = format!("/models/{}/versions", segment(name.as_str()));
    let version: Version = match signing::register(&client, &path, &register, bundle).await {
        Ok(version) => version,
        Err(error) => {
            discard(&client, &upload).await;
            return Err(error.into());
        }
    };
    if let Some(why) = flavors::not_served(&version) {
        context.output.note(&format!("stored, but no rollout can serve it: {why}"));
    }
    if !taken.description.is_empty() {
        describe(&version, &taken.description, context).await?;
    }
    context.output.show(&version, |version| {
        format!("{} v{}  {}", version.model, version.version, version.digest)
    })?;
    Ok(Exit::Success)
}

/// Takes over what is said of it elsewhere, by the surface that has descriptions.
async fn describe(version: &Version, description: &str, context: &Context) -> anyhow::Result<()> {
    let client = context.client()?;
    let url = format!("{}/api/2.0/mlflow/model-versions/update", client.server());
    let said = json!({"name": version.model, "version": version.version.to_string(),
        "description": description});
    let request = client.raw(Method::PATCH, &url).timeout(ANSWER_TIMEOUT);
    client.answer(request.json(&said)).await?;
    Ok(())
}
