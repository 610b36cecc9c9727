//! The report's lines for people: the outcome's `why`, and the summary of the watch view.

use super::report::{Check, Evaluation, Findings, Group, Outcome, Report, Verdict};
use seatrial_domain::plan::Plan;

pub(super) fn report(findings: Findings, plan: &Plan) -> Report {
    let Findings { checks, evaluations, command, doing: _ } = findings;
    let summary = summary(&checks, &evaluations, plan);
    let command = command.map(|captured| captured.output());
    Report { outcome: outcome(&checks), summary, checks, evaluations, command }
}

fn outcome(checks: &[Check]) -> Outcome {
    if let Some(why) = first_of(checks, Verdict::Failed) {
        return Outcome::Failed { why };
    }
    first_of(checks, Verdict::Error).map_or(Outcome::Passed, |why| Outcome::Error { why })
}

fn first_of(checks: &[Check], verdict: Verdict) -> Option<String> {
    let mut found = checks.iter().filter(|check| check.verdict == verdict);
    let first = found.next()?;
    let more = match found.count() {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Some(format!("{}: {}{more}", first.name, first.detail))
}

fn summary(checks: &[Check], evaluations: &[Evaluation], plan: &Plan) -> String {
    let mut parts = Vec::new();
    match evaluations.iter().find(|evaluation| evaluation.slice.is_none()) {
        Some(evaluation) => parts.push(format!("holdout {}", figures(evaluation))),
        None if plan.holdout.dataset.is_none() => parts.push("no holdout".to_owned()),
        None => parts.push("holdout not evaluated".to_owned()),
    }
    let count = |group, verdict| {
        checks.iter().filter(|check| check.group == group && check.verdict == verdict).count()
    };
    let passed = count(Group::Contract, Verdict::Passed);
    let all =
        passed + count(Group::Contract, Verdict::Failed) + count(Group::Contract, Verdict::Error);
    parts.push(format!("{passed}/{all} contract tests"));
    for check in checks.iter().filter(|check| check.group == Group::Command) {
        parts.push(format!("command {}", check.detail));
    }
    parts.join("   ")
}

fn figures(evaluation: &Evaluation) -> String {
    let shown = |value: Option<f64>| value.map_or("undefined".to_owned(), |x| format!("{x:.3}"));
    let candidate = shown(evaluation.candidate);
    let n = evaluation.rows;
    match (evaluation.incumbent, evaluation.max_drop) {
        (Some(_), Some(drop)) => {
            format!("{candidate} vs {} (n={n}, margin -{drop:.3})", shown(evaluation.incumbent))
        }
        (Some(_), None) => format!("{candidate} vs {} (n={n})", shown(evaluation.incumbent)),
        (None, _) => format!("{candidate} (n={n})"),
    }
}
