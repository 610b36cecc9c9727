//! `simulate`: what a policy does with assumed traffic and an assumed candidate, before anybody is
//! exposed. Needs no server.

mod arguments;
pub(super) mod besides;
mod html;
pub(super) mod latency;
mod met;
mod table;

use super::exit::{unreadable, usage};
use super::policy::read;
use super::progress::{Progress, Tell};
use super::{Context, Exit};
use crate::tasks;
pub(super) use arguments::{Simulate, instant, named};
use met::Met;
use seatrial_domain::plan::Kind;
use seatrial_sim::simulate::ended::Ended;
use seatrial_sim::simulate::summary::Summary;
use seatrial_sim::simulate::{Detail, Error, Needs, Setup, Simulation};
use serde::Serialize;

/// Runs whose looks are kept for the report.
const TRACED: u64 = 5;

/// What was assumed, and what came of it.
#[derive(Debug, Serialize)]
struct Told {
    policy: String,
    endpoint: String,
    plan_hash: seatrial_domain::PlanHash,
    seed: u64,
    span_s: u64,
    assumptions: Vec<Assumption>,
    incidents: Vec<Met>,
    #[serde(flatten)]
    summary: Summary,
}

/// One assumption, as it was given or by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Assumption {
    name: &'static str,
    value: String,
}

pub(super) fn run(arguments: &Simulate, context: &Context) -> anyhow::Result<Exit> {
    let (_, policy) = read(&arguments.file)?;
    let plan = policy.plan(Kind::Promote, policy.endpoint());
    let plan = plan.map_err(|error| usage(error.to_string()))?;
    let setup = arguments.setup(plan)?;
    let (policy, endpoint) = (setup.plan.policy.clone(), setup.plan.endpoint.to_string());
    let (plan_hash, seed, span_s) = (setup.plan.hash(), setup.seed, setup.span.as_secs());
    let simulation = simulation(setup)?;
    if arguments.users_are_no_units(simulation.plan()) {
        let why = "the policy has no routing.key, so each request is a unit, whoever sends it";
        context.output.note(&format!("note: --users: {why}"));
    }
    let runs = played(&simulation, arguments, &|text| context.output.progress(text));
    context.output.progress("");
    let runs = runs?;
    let none = || anyhow::anyhow!("no rollout was played");
    let summary = Summary::of(&runs, simulation.truth()).ok_or_else(none)?;
    let assumptions = arguments.assumptions(simulation.plan());
    let incidents = arguments.incident.iter().map(|it| Met::of(*it, &runs)).collect();
    let told = Told { policy, endpoint, plan_hash, seed, span_s, assumptions, incidents, summary };
    // Before the page: what was played is told also where that can't be written.
    context.output.show(&told, table::text)?;
    if let Some(file) = &arguments.report {
        let page = html::page(&told, &runs);
        std::fs::write(file, page).map_err(|error| unreadable(file, &error))?;
        context.output.note(&format!("report written to {}", file.display()));
    }
    Ok(Exit::Success)
}

fn simulation(setup: Setup) -> anyhow::Result<Simulation> {
    Simulation::new(setup).map_err(|error| match error {
        Error::Load(error) => usage(named(&error)),
        Error::Span => usage(format!("--span: {error}")),
        Error::Deadline => usage(format!("--deadline: {error}")),
        Error::Judge(error) => usage(error.to_string()),
        Error::NotPlayed { needs, .. } => usage(match needs {
            Needs::Values => format!("{error}; give --kpi, or put the check into analysis.dryRun"),
            Needs::Slice => format!("{error}; give --slice, or let the slice only warn"),
        }),
        Error::Unknown(_) => usage(format!("--slice: {error}")),
        Error::Values { ref why, .. } => usage(format!("--kpi: {error}: {why}")),
        Error::Broken(_) => anyhow::Error::new(error),
    })
}

/// `1 rollout`, `2 rollouts`.
fn rollouts(count: u64) -> String {
    format!("{count} rollout{}", if count == 1 { "" } else { "s" })
}

/// Every run; the first few with their looks. Where a run is played leaves no trace in it.
fn played(
    simulation: &Simulation,
    arguments: &Simulate,
    tell: Tell<'_>,
) -> anyhow::Result<Vec<Ended>> {
    let progress = Progress::begin("rollouts", arguments.runs, tell);
    let run = |index| {
        let traced = index < TRACED && arguments.report.is_some();
        let ended = simulation.run(index, if traced { Detail::Looks } else { Detail::Outcome });
        progress.step();
        ended
    };
    let runs = tasks::in_parallel(arguments.threads(), arguments.runs, run);
    Ok(runs.into_iter().collect::<Result<Vec<_>, _>>()?)
}
