//! `model delete`: a version, or a model with all of them.

use super::super::client::segment;
use super::super::exit::usage;
use super::{Context, Exit, reference};
use clap::Args;
use seatrial_domain::VersionNumber;

#[derive(Debug, Args)]
pub struct Delete {
    /// NAME, or NAME@VERSION.
    name: String,
    version: Option<VersionNumber>,
    /// The model with all its versions.
    #[arg(long, conflicts_with = "version")]
    all: bool,
}

pub(super) async fn run(arguments: &Delete, context: &Context) -> anyhow::Result<Exit> {
    let (name, version) = reference(&arguments.name, arguments.version)?;
    let path = match (version, arguments.all) {
        (Some(number), false) => format!("/models/{}/versions/{}", segment(name), number.0),
        (None, true) => format!("/models/{}", segment(name)),
        (Some(_), true) => return Err(usage("a version or --all, not both")),
        (None, false) => {
            return Err(usage("which version? --all deletes the model with all of them"));
        }
    };
    let client = context.client()?;
    client.answer(client.request(reqwest::Method::DELETE, &path)).await?;
    let what = version.map_or_else(|| name.to_owned(), |number| format!("{name} {number}"));
    context.output.note(&format!("{what} is deleted; seatrial model gc shows what that frees"));
    Ok(Exit::Success)
}
