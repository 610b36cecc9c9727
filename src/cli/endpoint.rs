//! `endpoint`: list, show, set.

use super::client::segment;
use super::push::human_bytes;
use super::table::{self, or_dash};
use super::{Context, Exit};
use crate::api::wire::{Endpoint as EndpointView, SettingsChange};
use clap::{Args, Subcommand};
use reqwest::Method;

#[derive(Debug, Subcommand)]
pub enum Endpoint {
    /// List endpoints.
    List,
    /// Show one endpoint.
    Show { name: String },
    /// Change settings, or make an endpoint; applies to the next rollout.
    Set(Set),
}

#[derive(Debug, Args)]
pub struct Set {
    name: String,
    /// The model it serves.
    #[arg(long)]
    model: Option<String>,
    /// Milliseconds a request may take.
    #[arg(long, value_name = "MS")]
    deadline_ms: Option<u64>,
    /// Bytes of a request's body.
    #[arg(long, value_name = "BYTES")]
    max_body: Option<u64>,
    /// Requests in flight at once.
    #[arg(long)]
    max_concurrency: Option<u32>,
    /// Sessions at full capacity.
    #[arg(long)]
    sessions: Option<u32>,
}

pub(super) async fn run(verb: Endpoint, context: &Context) -> anyhow::Result<Exit> {
    let client = context.client()?;
    match verb {
        Endpoint::List => {
            let endpoints: Vec<EndpointView> = client.all("/endpoints").await?;
            context.output.show(&endpoints, |endpoints| list(endpoints))?;
        }
        Endpoint::Show { name } => {
            let path = format!("/endpoints/{}", segment(&name));
            let endpoint: EndpointView = client.get(&path).await?;
            context.output.show(&endpoint, facts)?;
        }
        Endpoint::Set(set) => {
            let path = format!("/endpoints/{}", segment(&set.name));
            let change = SettingsChange {
                model: set.model,
                deadline_ms: set.deadline_ms,
                max_body: set.max_body,
                max_concurrency: set.max_concurrency,
                sessions: set.sessions,
            };
            let endpoint: EndpointView = client.send(Method::PATCH, &path, &change).await?;
            context.output.show(&endpoint, facts)?;
        }
    }
    Ok(Exit::Success)
}

fn list(endpoints: &[EndpointView]) -> String {
    let row = |endpoint: &EndpointView| {
        [endpoint.name.clone(), endpoint.model.clone(), or_dash(endpoint.serving.as_ref())]
    };
    let rows = endpoints.iter().map(row).collect::<Vec<_>>();
    table::render(["endpoint", "model", "serving"], &rows)
}

fn facts(endpoint: &EndpointView) -> String {
    table::facts(&[
        ("endpoint", endpoint.name.clone()),
        ("model", endpoint.model.clone()),
        ("serving", or_dash(endpoint.serving.as_ref())),
        ("digest", or_dash(endpoint.serving_digest.as_ref())),
        ("runtime", endpoint.runtime.clone()),
        ("deadline", format!("{} ms", endpoint.deadline_ms)),
        ("maxBody", human_bytes(endpoint.max_body)),
        ("maxConcurrency", endpoint.max_concurrency.to_string()),
        ("sessions", endpoint.sessions.to_string()),
    ])
}
