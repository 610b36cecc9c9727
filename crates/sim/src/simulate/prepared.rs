//! What a simulation prepares of a plan and its assumptions: edges, classes of answers, and the seconds in
//! which the traffic changes.
//!
//! Owns what is told apart, and whether the candidate is harmless. Refuses assumptions about what the
//! plan does not have.

use super::Error;
use super::arrivals::float;
use super::counting::Drift;
use super::load::{self, Load, Quantiles};
use super::outcomes::Scale;
use super::summary::Truth;
use seatrial_analysis::late;
use seatrial_analysis::latency::Edges;
use seatrial_domain::judge::Judge;
use seatrial_domain::plan::{Better, CompareBy, Plan, Rule};
use std::time::Duration;

/// The edges that the plan's tests and the count of harm tell apart.
pub(super) fn scale(plan: &Plan, deadline: Duration) -> Result<Scale, Error> {
    let edges = Edges::default();
    let told_apart = Judge::new(plan)?.latency_edges();
    let checks = plan.gates.iter().flat_map(|gate| &gate.checks).chain(&plan.stability.checks);
    let limits = checks.filter_map(|check| match check.rule {
        Rule::Latency { limit_ms, .. } => limit_ms,
        Rule::Errors { .. } | Rule::Feedback { .. } | Rule::Kpi { .. } | Rule::Drift { .. } => None,
    });
    let limit = limits.min().and_then(|limit_ms| within(&edges, limit_ms));
    #[expect(clippy::cast_precision_loss, reason = "a deadline in microseconds")]
    let deadline = deadline.as_micros() as f64;
    Ok(Scale { told_apart, deadline, limit, edges })
}

/// The edge in microseconds by which a limit in milliseconds is judged.
fn within(edges: &Edges, limit_ms: u64) -> Option<u64> {
    edges.micros(edges.edge_at_or_below(limit_ms.saturating_mul(1_000))?)
}

/// What is assumed of each check of drift; where nothing is, all answers say the same.
pub(super) fn drifts(plan: &Plan, load: &Load) -> Result<Vec<Drift>, Error> {
    let watches = plan.watches();
    let unknown = load.classes.iter().find(|it| watches.iter().all(|of| of.check != it.check));
    if let Some(classes) = unknown {
        return Err(Error::Unknown(format!("check {} of kind drift", classes.check)));
    }
    let metrics = |rule: &Rule| match rule {
        Rule::Kpi { metric, .. } => Some(metric.clone()),
        Rule::Errors { .. } | Rule::Latency { .. } | Rule::Feedback { .. } | Rule::Drift { .. } => {
            None
        }
    };
    let metrics: Vec<String> = plan.checks().filter_map(|check| metrics(&check.rule)).collect();
    if let Some(values) = load.values.iter().find(|values| !metrics.contains(&values.metric)) {
        return Err(Error::Unknown(format!("check of kind kpi on metric {}", values.metric)));
    }
    let drift = |check: String| {
        let of = load.classes.iter().find(|classes| classes.check == check);
        let same = || vec![("(simulated)".to_owned(), 1.0, 1.0)];
        Drift { parts: of.map_or_else(same, load::Classes::parts), check }
    };
    Ok(watches.into_iter().map(|watch| drift(watch.check)).collect())
}

/// Whether the candidate is no worse in anything assumed, and answers alike where the plan asks that.
pub(super) fn truth(plan: &Plan, load: &Load, scale: &Scale) -> Truth {
    let mut times = vec![scale.deadline];
    let mut quantiles = Quantiles::Left;
    for check in plan.checks() {
        if let Rule::Latency { limit_ms, ratio, .. } = &check.rule {
            times.extend(limit_ms.and_then(|limit| within(&scale.edges, limit)).map(float));
            if ratio.is_some() {
                quantiles = Quantiles::Compared;
            }
        }
    }
    if times.len() == 1 {
        quantiles = Quantiles::Compared;
    }
    let better = |metric: &str| {
        plan.checks().find_map(|check| match &check.rule {
            Rule::Kpi { metric: of, better, .. } if of == metric => Some(*better),
            Rule::Kpi { .. }
            | Rule::Errors { .. }
            | Rule::Latency { .. }
            | Rule::Feedback { .. }
            | Rule::Drift { .. } => None,
        })
    };
    let worse = |values: &load::Values| {
        load.worth(values).iter().any(|worth| match better(&values.metric) {
            Some(Better::Higher) => load::is_larger(&worth.incumbent, &worth.candidate),
            Some(Better::Lower) => load::is_larger(&worth.candidate, &worth.incumbent),
            None => false,
        })
    };
    let alike = load.classes.iter().all(load::Classes::alike);
    let harmless = alike
        && load.disagreement <= most_disagreement(plan)
        && load.is_harmless(&times, quantiles)
        && !load.values.iter().any(worse);
    if harmless { Truth::Harmless } else { Truth::Worse }
}

/// The part of copies on which the versions may disagree, by the plan's strictest limit; all where it
/// has none.
fn most_disagreement(plan: &Plan) -> f64 {
    let rules = plan.shadow.compare.iter().map(|compare| match compare.by {
        CompareBy::Class { max_disagreement } => max_disagreement,
        CompareBy::Numeric { max_exceed, .. } => max_exceed,
    });
    let slices = plan.shadow.slices.iter().filter_map(|slice| slice.max_disagreement);
    rules.chain(slices).fold(1.0, f64::min)
}

/// When the late-fault test's windows begin, in whole seconds after the first: asked of the rule itself.
pub(super) fn windows(horizon: u64) -> Vec<u64> {
    let begun = |second: u64| late::window_at(Duration::from_secs(second));
    let start = |window: usize| {
        if begun(horizon) < window {
            return None;
        }
        let (mut before, mut at) = (0, horizon);
        while at - before > 1 {
            let middle = before + (at - before) / 2;
            if begun(middle) < window { before = middle } else { at = middle }
        }
        Some(at)
    };
    (1..late::WINDOWS).map_while(start).collect()
}

/// From, to (excluded), and the error rate.
pub(super) fn seconds(incident: &load::Incident) -> (u64, u64, f64) {
    let from = incident.from.as_secs();
    (from, from.saturating_add(incident.lasts.as_secs()), incident.error_rate)
}

/// Parts into which the time before an incident's edge is cut where a unit's window may reach over it.
const WINDOW_PARTS: u64 = 32;

/// Where incidents begin and end, and as long before and after as the guardrails remember; and before
/// them in small steps for as long as a unit's window lasts, so that who came when is known.
pub(super) fn edges(incidents: &[(u64, u64, f64)], (memory, window): (u64, Duration)) -> Vec<u64> {
    let window = window.as_secs();
    let part = (window / WINDOW_PARTS).max(1);
    let around = |at: u64| {
        let parts = (0..=window / part).map(move |parts| at.saturating_sub(parts * part));
        [at.saturating_sub(memory), at.saturating_add(memory)].into_iter().chain(parts)
    };
    let mut edges: Vec<u64> =
        incidents.iter().flat_map(|(from, to, _)| [*from, *to]).flat_map(around).collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}
