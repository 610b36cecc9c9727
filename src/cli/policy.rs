//! `policy`: check, plan, apply, show. Checking and planning need no server.

mod forecast;

use super::client::segment;
use super::exit::usage;
use super::table::{self, or_dash};
use super::{Context, Exit};
use crate::api::wire::{Applied, Policy as PolicyView, PolicyText};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use seatrial_domain::policy;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Find every fault of a policy file.
    Check(Check),
    /// Print the steps, the units each gate needs, and the time it will take.
    Plan(forecast::Plan),
    /// Store a policy; it rules the next rollout of its endpoint.
    Apply {
        /// The policy file.
        file: PathBuf,
    },
    /// List applied policies, or print one.
    Show {
        /// The policy's name.
        name: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct Check {
    /// The policy file.
    #[arg(required_unless_present = "planned")]
    file: Option<PathBuf>,
    /// List the fields that are planned and not available yet.
    #[arg(long)]
    planned: bool,
}

pub(super) async fn run(verb: Policy, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Policy::Check(arguments) => check(&arguments, context),
        Policy::Plan(arguments) => forecast::run(&arguments, context),
        Policy::Apply { file } => apply(&file, context).await,
        Policy::Show { name: Some(name) } => show(&name, context).await,
        Policy::Show { name: None } => list(context).await,
    }
}

/// Reads a policy that may be applied; every fault is told with its file and place.
fn read(file: &Path) -> anyhow::Result<(String, policy::Policy)> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let policy = policy::parse(&text).map_err(|error| {
        let told = |fault: &policy::Fault| format!("{}: {fault}", file.display());
        usage(error.faults().iter().map(told).collect::<Vec<_>>().join("\n"))
    })?;
    if !policy.planned().is_empty() {
        let told = |planned: &policy::Planned| format!("{}: {planned}", file.display());
        return Err(usage(policy.planned().iter().map(told).collect::<Vec<_>>().join("\n")));
    }
    Ok((text, policy))
}

fn check(arguments: &Check, context: &Context) -> anyhow::Result<Exit> {
    if arguments.planned {
        planned(context)?;
    }
    if let Some(file) = &arguments.file {
        let (_, policy) = read(file)?;
        let checked = crate::api::wire::Checked {
            name: policy.name().to_owned(),
            endpoint: policy.endpoint().to_string(),
        };
        context.output.show(&checked, |checked| {
            format!("policy {} for endpoint {} is valid", checked.name, checked.endpoint)
        })?;
    }
    Ok(Exit::Success)
}

fn planned(context: &Context) -> anyhow::Result<()> {
    let fields = policy::planned_fields();
    let values = fields.map(|field| serde_json::json!({"field": field.field, "why": field.why}));
    context.output.show(&values, |_| {
        let rows = fields.map(|field| [field.field.to_owned(), field.why.to_owned()]);
        table::render(["planned, not available yet", "why"], &rows)
    })
}

async fn apply(file: &Path, context: &Context) -> anyhow::Result<Exit> {
    let (text, policy) = read(file)?;
    let path = format!("/policies/{}", segment(policy.name()));
    let client = context.client()?;
    let applied: Applied = client.send(reqwest::Method::PUT, &path, &PolicyText { text }).await?;
    context.output.show(&applied, |applied| {
        let digest: String = applied.digest.chars().take(19).collect();
        format!("applied {} for endpoint {}  {digest}", applied.name, applied.endpoint)
    })?;
    Ok(Exit::Success)
}

async fn show(name: &str, context: &Context) -> anyhow::Result<Exit> {
    let path = format!("/policies/{}", segment(name));
    let policy: PolicyView = context.client()?.get(&path).await?;
    context.output.show(&policy, |policy| policy.text.clone())?;
    Ok(Exit::Success)
}

async fn list(context: &Context) -> anyhow::Result<Exit> {
    let policies: Vec<PolicyView> = context.client()?.all("/policies").await?;
    context.output.show(&policies, |policies| {
        let row = |policy: &PolicyView| {
            [policy.name.clone(), or_dash(Some(&policy.endpoint)), policy.applied_at.clone()]
        };
        let rows = policies.iter().map(row).collect::<Vec<_>>();
        table::render(["policy", "endpoint", "applied"], &rows)
    })?;
    Ok(Exit::Success)
}
