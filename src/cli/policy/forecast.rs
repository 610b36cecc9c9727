//! `policy plan`: what a policy will take at a given traffic.

mod around;
mod finds;
mod outlook;
mod times;

use self::around::{Unjudged, approvals, notes, voyage};
use self::finds::Finds;
use self::times::Expected;
use super::read;
use crate::cli::exit::usage;
use crate::cli::simulate::besides::{self, Named, SliceFlag};
use crate::cli::simulate::instant;
use crate::cli::simulate::latency::{self, Latency};
use crate::cli::table::{self, or_dash};
use crate::cli::{Context, Exit};
use clap::Args;
use seatrial_domain::plan::{self, GateMode, Kind};
use seatrial_domain::policy::forecast::{Control, Step};
use seatrial_domain::{Share, Timestamp};
use std::path::PathBuf;
use std::time::Duration;

/// What is said of a step in which nothing is compared.
const NO_CONTROL: &str = "no live control";

#[derive(Debug, Args)]
pub struct Plan {
    /// The policy file.
    file: PathBuf,
    /// New units a second on the endpoint; without a routing key, requests.
    #[arg(long, allow_hyphen_values = true, value_name = "RATE", default_value_t = 100.0, value_parser = latency::number)]
    rps: f64,
    /// The rate of failed answers that is expected, 0 to 1.
    #[arg(long, allow_hyphen_values = true, value_name = "RATE", default_value_t = 0.0, value_parser = latency::number)]
    error_rate: f64,
    /// The rate of labels that are not the wanted one, 0 to 1.
    #[arg(long, allow_hyphen_values = true, value_name = "RATE", default_value_t = 0.1, value_parser = latency::number)]
    bad_label_rate: f64,
    /// The part of good answers above the latency limit, 0 to 1 [default: that of --latency, else 0].
    #[arg(long, allow_hyphen_values = true, value_name = "PART", conflicts_with = "latency", value_parser = latency::number)]
    slow_rate: Option<f64>,
    /// How long the incumbent's answers take, as in `simulate`: what a ratio of latencies finds depends
    /// on their shape.
    #[arg(long, allow_hyphen_values = true, value_name = "SHAPE", value_parser = latency::parse)]
    latency: Option<Latency>,
    /// The values of a KPI, as in `simulate`: what a gate needs and finds depends on how they are spread.
    #[arg(long, allow_hyphen_values = true, value_name = "[METRIC=]SHAPE", value_parser = besides::values)]
    kpi: Vec<Named<Latency>>,
    /// A part of the traffic with a value of a slice in analysis.slices, and how both versions fare in
    /// it, as in `simulate`: client:mobile=0.3,error-rate=0.02. A slice that enforces keeps its gates
    /// longer. May be given several times.
    #[arg(long, allow_hyphen_values = true, value_name = "COLUMN:VALUE=PART[,…]", value_parser = besides::slice)]
    slice: Vec<SliceFlag>,
    /// When the rollout starts: freeze windows follow the calendar [default: none freezes it].
    #[arg(long, allow_hyphen_values = true, value_name = "TIME", value_parser = instant)]
    start: Option<Timestamp>,
}

pub(super) fn run(arguments: &Plan, context: &Context) -> anyhow::Result<Exit> {
    let (_, policy) = read(&arguments.file)?;
    let plan = policy.plan(Kind::Promote, policy.endpoint());
    let plan = plan.map_err(|error| usage(error.to_string()))?;
    let told = arguments.told(&plan, &|text| context.output.progress(text));
    // The line is empty again, whatever comes of it.
    context.output.progress("");
    let told = told?;
    context.output.show(&json(&told), |_| text(&told, arguments.rps))?;
    Ok(Exit::Success)
}

/// All that is told.
#[derive(Debug)]
struct Told<'a> {
    plan: &'a plan::Plan,
    steps: Vec<Step>,
    expected: Expected,
    finds: Finds,
}

fn json(told: &Told<'_>) -> serde_json::Value {
    let Told { plan, steps, expected, finds } = told;
    let seconds = |span: Duration| span.as_secs();
    let gates = gates(steps);
    let step = |step: &Step| {
        let gate = gates.iter().position(|gate| *gate == step.stage);
        let checks = step.checks.iter().map(|need| {
            let finds = gate.map(|gate| finds.json(gate, &need.check));
            serde_json::json!({
                "check": need.check,
                "units": need.units,
                "unknown": need.unknown,
                "finds": finds,
            })
        });
        let time = expected.step(&step.stage);
        let mut told = serde_json::json!({
            "stage": step.stage,
            "share": step.share,
            "units": step.units,
            "unknown": time.unknown().or_else(|| step.unknown()),
            "checks": checks.collect::<Vec<_>>(),
            "live_control": step.control == Control::Live,
            "min_duration_s": seconds(step.min_duration),
            "max_duration_s": seconds(step.max_duration),
            "in_time": time.in_time(),
            "late": time.is_late(),
        });
        told.as_object_mut().into_iter().for_each(|told| told.extend(time.json("expected")));
        told
    };
    let unjudged = |step: &Unjudged| {
        serde_json::json!({
            "stage": step.stage,
            "share": step.share,
            "leaves_by": step.leaves_by,
            "max_duration_s": step.at_most.map(seconds),
        })
    };
    let voyage = voyage(plan, steps, unjudged, step);
    let mut all = serde_json::json!({
        "policy": plan.policy,
        "plan_hash": plan.hash(),
        "steps": voyage,
        "live_control": plan.stability.holdback > Share::ZERO,
        "approvals": approvals(plan, steps),
        "notes": notes(plan, steps).iter().chain(&expected.notes).collect::<Vec<_>>(),
    });
    let times =
        [expected.to_cutover.json("to_cutover"), expected.to_completed.json("to_completed")];
    all.as_object_mut().into_iter().for_each(|all| all.extend(times.clone().into_iter().flatten()));
    all
}

/// The gates' stages, in the plan's order.
fn gates(steps: &[Step]) -> Vec<&str> {
    let judged = steps.iter().map(|step| step.stage.as_str());
    judged.filter(|stage| *stage != "shadow" && *stage != "stabilizing").collect()
}

/// Without three hundred zeros.
fn rate_told(rate: f64) -> String {
    if rate < 1e-3 { format!("{rate:e}") } else { rate.to_string() }
}

fn text(told: &Told<'_>, rate: f64) -> String {
    let Told { plan, steps, expected, finds } = told;
    let gates = gates(steps);
    let stage = |gate: usize| gates.get(gate).map_or_else(String::new, |it| (*it).to_owned());
    let rows = voyage(plan, steps, unjudged_row, |step| row(step, expected));
    let headings = ["stage", "share", "gate", "units needed", "at least", "expected", "by check"];
    let (cutover, completed) = (expected.to_cutover.text(), expected.to_completed.text());
    format!(
        "{} for {}  {}\n{}\n\n{}\n\nat {} units a second: {cutover} to cutover, {completed} to \
         completion{}",
        plan.policy,
        plan.endpoint,
        plan.hash(),
        table::render(headings, &rows),
        finds.table(stage),
        rate_told(rate),
        notes(plan, steps)
            .iter()
            .chain(&expected.notes)
            .map(|note| format!("\n{note}"))
            .collect::<String>(),
    )
}

/// A step without evidence: loading, tests, taking over, leaving.
fn unjudged_row(step: &Unjudged) -> [String; 7] {
    let at_most = step.at_most.map(|span| format!("up to {}", human_span(span)));
    [
        step.stage.to_owned(),
        step.share.to_string(),
        step.leaves_by.to_owned(),
        "-".to_owned(),
        "-".to_owned(),
        or_dash(at_most),
        String::new(),
    ]
}

fn row(step: &Step, expected: &Expected) -> [String; 7] {
    let mode = match step.mode {
        GateMode::Auto => "auto",
        GateMode::Approval => "approval",
        GateMode::AutoAndApproval => "auto+approval",
    };
    let uncontrolled = (step.control == Control::None).then(|| NO_CONTROL.to_owned());
    let checks = step.checks.iter().map(|need| {
        let units = told(need.units.map(|units| units.to_string()), need.unknown);
        format!("{} {units}", need.check)
    });
    let time = expected.step(&step.stage);
    let late = match (time.is_late(), time.in_time()) {
        (true, _) => " (after its deadline)".to_owned(),
        (false, Some(part)) if part < 1.0 => format!(" ({:.0} % in time)", 100.0 * part),
        (false, Some(_) | None) => String::new(),
    };
    [
        step.stage.clone(),
        step.share.to_string(),
        mode.to_owned(),
        told(step.units.map(|units| units.to_string()), step.unknown()),
        human_span(step.min_duration),
        format!("{}{late}", time.text()),
        checks.chain(uncontrolled).collect::<Vec<_>>().join(", "),
    ]
}

/// What is expected; without it, whether that can't be told or will not come.
fn told(expected: Option<String>, unknown: Option<&str>) -> String {
    let missing = if unknown.is_some() { "unknown" } else { "never" };
    expected.unwrap_or_else(|| missing.to_owned())
}

/// A span for people: its two largest units.
pub(in crate::cli) fn human_span(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m")];
    let parts = parts.into_iter().chain([(seconds % 60, "s")]);
    let shown = parts.skip_while(|(count, _)| *count == 0).take(2);
    let shown = shown.filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}"));
    let text = shown.collect::<Vec<_>>().join(" ");
    if text.is_empty() { format!("{}ms", span.as_millis()) } else { text }
}

#[cfg(test)]
mod tests;
