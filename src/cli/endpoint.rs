//! `endpoint`: list, show, set.

use super::client::segment;
use super::exit::usage;
use super::push::human_bytes;
use super::table::{self, or_dash};
use super::{Context, Exit};
use crate::api::wire::{Endpoint as EndpointView, SettingsChange};
use clap::{Args, Subcommand};
use reqwest::Method;
use seatrial_domain::policy::quantity;

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
    /// What answers: embedded (worker, remote and command are not available yet).
    #[arg(long)]
    runtime: Option<String>,
    /// How long a request may take: 500ms, 1s.
    #[arg(long, value_name = "SPAN", value_parser = millis, conflicts_with = "deadline_ms")]
    deadline: Option<u64>,
    /// The same in milliseconds.
    #[arg(long, value_name = "MS")]
    deadline_ms: Option<u64>,
    /// How large a request's body may be: 512KiB, 8MiB, or bytes.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_body: Option<u64>,
    /// Requests in flight at once.
    #[arg(long)]
    max_concurrency: Option<u32>,
    /// Sessions at full capacity.
    #[arg(long)]
    sessions: Option<u32>,
}

fn millis(text: &str) -> Result<u64, String> {
    let span =
        quantity::duration(text).ok_or_else(|| format!("{text:?} is no duration: write 1s"))?;
    u64::try_from(span.as_millis()).map_err(|error| error.to_string())
}

fn size(text: &str) -> Result<u64, String> {
    let bytes = text.parse().ok().or_else(|| quantity::size(text));
    bytes.ok_or_else(|| format!("{text:?} is no size: write 8MiB"))
}

/// The only runtime so far is the one every endpoint has.
fn check_runtime(name: Option<&str>) -> anyhow::Result<()> {
    match name {
        None | Some("embedded") => Ok(()),
        Some("worker" | "remote" | "command") => {
            Err(usage("this runtime is planned, not available yet; embedded is"))
        }
        Some(other) => {
            Err(usage(format!("{other:?} is no runtime: embedded, worker, remote, command")))
        }
    }
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
            check_runtime(set.runtime.as_deref())?;
            let path = format!("/endpoints/{}", segment(&set.name));
            let change = SettingsChange {
                model: set.model,
                deadline_ms: set.deadline.or(set.deadline_ms),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Exit;

    #[test]
    fn settings_are_written_with_their_units() {
        assert_eq!((millis("1s"), millis("500ms")), (Ok(1000), Ok(500)));
        assert_eq!((size("8MiB"), size("1048576")), (Ok(8 << 20), Ok(1 << 20)));
        for wrong in ["1", "1w", "", "-1s"] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
        for wrong in ["8MB", "", "-1", "1.5MiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_runtime_that_is_not_built_says_so() {
        assert!(check_runtime(None).is_ok() && check_runtime(Some("embedded")).is_ok());
        let refused = |name| check_runtime(Some(name)).unwrap_err();
        assert!(refused("worker").to_string().contains("not available yet"));
        assert!(!refused("wrker").to_string().contains("not available yet"));
        assert_eq!(Exit::of(&refused("remote")), Exit::Usage);
    }
}
