//! `policy`: check, plan, apply, show. Checking and planning need no server.

mod forecast;

use super::client::segment;
use super::exit::{unreadable, usage};
use super::table::{self, or_dash};
use super::{Context, Exit};
use crate::api::wire::{Applied, Checked, Policy as PolicyView, PolicyText};
use clap::{Args, Subcommand};
pub(super) use forecast::human_span;
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
pub(super) fn read(file: &Path) -> anyhow::Result<(String, policy::Policy)> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
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
    let checked = arguments.file.as_deref().map(checked).transpose()?;
    match (checked, arguments.planned) {
        (Some(checked), false) => context.output.show(&checked, valid)?,
        (None, _) => context.output.show(&planned(), |_| planned_table())?,
        (Some(checked), true) => {
            let both = serde_json::json!({"checked": checked, "planned": planned()});
            let text = |_: &_| format!("{}\n{}", planned_table(), valid(&checked));
            context.output.show(&both, text)?;
        }
    }
    Ok(Exit::Success)
}

fn checked(file: &Path) -> anyhow::Result<Checked> {
    let (_, policy) = read(file)?;
    let (name, endpoint) = (policy.name().to_owned(), policy.endpoint().to_string());
    Ok(Checked { name, endpoint })
}

fn valid(checked: &Checked) -> String {
    format!("policy {} for endpoint {} is valid", checked.name, checked.endpoint)
}

fn planned() -> Vec<serde_json::Value> {
    let field = |field: policy::planned::PlannedField| serde_json::json!({"field": field.field, "why": field.why});
    policy::planned_fields().into_iter().map(field).collect()
}

fn planned_table() -> String {
    let row = |field: policy::planned::PlannedField| [field.field.to_owned(), field.why.to_owned()];
    table::render(["planned, not available yet", "why"], &policy::planned_fields().map(row))
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
