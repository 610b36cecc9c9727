//! A verdict with everything it rests on: counts, e-values and their limits. What `explain` prints,
//! and `watch` has no room for.

use super::lines::{Mark, Node};
use super::nodes::{state, values};
use crate::driver::command::Tripped;
use seatrial_domain::evidence::ArmCount;
use seatrial_domain::verdict::{
    Account, AssignmentReport, CheckReport, Coverage, CoverageReport, SampleRatio, Trust, Verdict,
};

/// What a verdict rests on, as the server tells it beside the verdict.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rests<'a> {
    pub(super) accounts: &'a [Account],
    pub(super) trust: Option<&'a Trust>,
}

/// The checks with their accounts, then what voids their passes.
pub(super) fn of(verdict: &Verdict, Rests { accounts, trust }: Rests<'_>) -> Vec<Node> {
    let checks = verdict.checks.iter().map(|report| check(report, accounts));
    let split = verdict.assignment.iter().map(|found| {
        let told = trust.and_then(|trust| trust.split.as_ref()).map(|split| &split.words);
        with(assignment(found, verdict.sample_ratio), told)
    });
    let labelled = verdict.labelled.iter().map(|found| {
        let all = trust.into_iter().flat_map(|trust| &trust.labels);
        let told = all.into_iter().find(|told| told.check == found.check).map(|told| &told.words);
        with(coverage(found, &verdict.coverage), told)
    });
    checks.chain(split).chain(labelled).collect()
}

fn check(report: &CheckReport, accounts: &[Account]) -> Node {
    let named = report.metric == report.name;
    let metric = if named { String::new() } else { format!("{} ", report.metric) };
    let counts = report.counts;
    let account = accounts.iter().find(|account| account.check == report.name);
    let node = line(
        report.name.clone(),
        [
            format!("{metric}{}, {}", values(report), report.limit),
            format!(
                "{}/{} vs {}/{}",
                counts.candidate_bad,
                counts.candidate_total,
                counts.incumbent_bad,
                counts.incumbent_total
            ),
            evidence(report),
            state(report),
        ],
    );
    with(node, account.map(|account| &account.words))
}

/// The node, and sentences below it.
fn with(node: Node, words: Option<&Vec<String>>) -> Node {
    let children = words.into_iter().flatten().map(|words| sentence(words)).collect();
    Node { children, ..node }
}

/// What a guardrail's trip was, below its name.
pub(super) fn tripped(told: &Tripped) -> Node {
    let node = Node::leaf(Mark::Failed, format!("guardrail {}", told.trip.guardrail), "");
    with(node, Some(&told.words))
}

fn sentence(words: &str) -> Node {
    Node { mark: Mark::None, title: words.to_owned(), cells: Vec::new(), children: Vec::new() }
}

/// `e = 3.2 of 20 to pass, 0.75 of 50 to fail`; a limit without a test has none.
fn evidence(report: &CheckReport) -> String {
    let against = |now: Option<f64>, at: Option<f64>, to: &str| {
        let at = at?;
        Some(format!("{} of {} to {to}", now.map_or("-".to_owned(), e), e(at)))
    };
    let pass = against(report.pass_log_e, report.pass_at, "pass");
    let fail = against(report.fail_log_e, report.fail_at, "fail");
    let most = report.fail_log_e_max.filter(|most| Some(*most) > report.fail_log_e && *most > 0.0);
    let most = most.map(|most| format!("{} at most", e(most)));
    let parts: Vec<String> = pass.into_iter().chain(fail).chain(most).collect();
    if parts.is_empty() { String::new() } else { format!("e = {}", parts.join(", ")) }
}

fn assignment(found: &AssignmentReport, ratio: SampleRatio) -> Node {
    let ArmCount { candidate, incumbent } = found.units;
    let state = match ratio {
        SampleRatio::Plausible => "plausible",
        SampleRatio::Mismatch => "is not the share",
    };
    line(
        "sample ratio".to_owned(),
        [
            "units assigned in all gates".to_owned(),
            format!("{candidate} vs {incumbent}"),
            format!("e = {} of {}", e(found.log_e), e(found.limit)),
            state.to_owned(),
        ],
    )
}

fn coverage(found: &CoverageReport, coverage: &Coverage) -> Node {
    let part = |part: Option<f64>| part.map_or("-".to_owned(), |it| format!("{:.1} %", it * 100.0));
    let state = match coverage {
        Coverage::Short { check, .. } if *check == found.check => "short",
        Coverage::Short { .. } | Coverage::Enough => "enough",
    };
    let (candidate, incumbent) = (part(found.candidate), part(found.incumbent));
    line(
        format!("labels of {}", found.check),
        [
            format!("{candidate} vs {incumbent} of those due, least {}", part(Some(found.least))),
            String::new(),
            format!("e = {} of {}", e(found.log_e), e(found.limit)),
            state.to_owned(),
        ],
    )
}

fn line(title: String, cells: [String; 4]) -> Node {
    Node { mark: Mark::None, title, cells: cells.into(), children: Vec::new() }
}

/// An e-value of which the logarithm is given, short.
fn e(log_e: f64) -> String {
    let value = log_e.exp();
    match value {
        _ if !value.is_finite() => format!("1e{:.0}", log_e / std::f64::consts::LN_10),
        _ if !(0.001..10_000.0).contains(&value) => format!("{value:.0e}"),
        _ if value >= 10.0 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}
