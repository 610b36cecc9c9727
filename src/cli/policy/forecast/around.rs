//! What lies around the steps that evidence decides: what is loaded and tested before, how the
//! candidate takes over and the incumbent leaves, who is asked, and what the forecast assumes.

use super::NO_CONTROL;
use seatrial_domain::Share;
use seatrial_domain::plan::{GateMode, NeedsApproval, Plan};
use seatrial_domain::policy::forecast::Step;
use std::time::Duration;

/// A step that no evidence decides.
#[derive(Debug)]
pub(super) struct Unjudged {
    pub(super) stage: &'static str,
    pub(super) share: Share,
    pub(super) leaves_by: &'static str,
    /// None: nothing ends it but what it waits for.
    pub(super) at_most: Option<Duration>,
}

/// Every step in order, each as `unjudged` or `judged` has it.
pub(super) fn voyage<T>(
    plan: &Plan,
    steps: &[Step],
    unjudged: impl Fn(&Unjudged) -> T,
    judged: impl Fn(&Step) -> T,
) -> Vec<T> {
    let step = |stage, share, leaves_by, at_most| Unjudged { stage, share, leaves_by, at_most };
    let before = [
        step("staging", Share::ZERO, "ready", Some(plan.staging.timeout)),
        step("validating", Share::ZERO, "all pass", Some(plan.validation_timeout)),
    ];
    let last = plan.stability.holdback.complement();
    let cutover = step("cutover", last, "acknowledged", None);
    let by = match plan.decommission.approval {
        NeedsApproval::Yes => "approval before it, then drained",
        NeedsApproval::No => "drained",
    };
    let drain = Some(plan.decommission.drain_timeout);
    let decommissioning = step("decommissioning", Share::FULL, by, drain);

    let mut all: Vec<T> = before.iter().map(&unjudged).collect();
    for one in steps {
        if one.stage == "stabilizing" {
            all.push(unjudged(&cutover));
        }
        all.push(judged(one));
    }
    all.push(unjudged(&decommissioning));
    all
}

/// Where a person is asked.
pub(super) fn approvals(plan: &Plan, steps: &[Step]) -> Vec<String> {
    let asks = |step: &&Step| step.mode != GateMode::Auto;
    let gates = steps.iter().filter(asks).map(|step| step.stage.clone());
    let last =
        (plan.decommission.approval == NeedsApproval::Yes).then(|| "decommissioning".to_owned());
    gates.chain(last).collect()
}

/// What a reader of the forecast must know besides.
pub(super) fn notes(plan: &Plan, steps: &[Step]) -> Vec<String> {
    let mut notes = Vec::new();
    let approvals = approvals(plan, steps);
    if !approvals.is_empty() {
        let people = plan.approval.count;
        notes.push(format!("approvals: {} ({people} of them each)", approvals.join(", ")));
    }
    if plan.stability.holdback == Share::ZERO {
        let judges = "stabilizing is judged by guardrails and late labels only";
        notes.push(format!("{NO_CONTROL}: {judges}"));
    }
    if !plan.routing.key.is_empty() {
        let longer = "those who come again keep gates longer, `simulate --users` plays them";
        notes.push(format!("users: each unit is counted as a new one; {longer}"));
    }
    if plan.checks().any(|check| check.rule.labels().is_some()) {
        let part = "as many units have a label or value as minCoverage asks for";
        notes.push(format!("units of feedback and KPI checks, and what they find: {part}"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatrial_domain::plan::Kind;
    use seatrial_domain::policy::{forecast, parse};

    /// The stages, and the notes, under these lines of a policy.
    fn told(lines: &str) -> (Vec<String>, Vec<String>) {
        let head = "apiVersion: seatrial/v1\nkind: RolloutPolicy\nmetadata: {name: p}\nspec:";
        let policy = parse(&format!("{head}\n  endpoint: e\n{lines}")).unwrap();
        let plan = policy.plan(Kind::Promote, policy.endpoint()).unwrap();
        let outlook = forecast::Outlook {
            error_rate: 0.0,
            bad_label_rate: 0.1,
            slow_rate: 0.0,
            latency: None,
            values: Vec::new(),
        };
        let steps = forecast::forecast(&plan, &outlook).unwrap();
        let stages = voyage(&plan, &steps, |s| s.stage.to_owned(), |s| s.stage.clone());
        (stages, notes(&plan, &steps))
    }

    #[test]
    fn every_stage_is_told_in_its_order() {
        let (stages, _) = told("  ramp: [{share: 50}]\n");
        let expected = [
            "staging",
            "validating",
            "shadow",
            "canary",
            "ramp(1)",
            "cutover",
            "stabilizing",
            "decommissioning",
        ];
        assert_eq!(stages, expected);
    }

    #[test]
    fn what_a_plan_lacks_and_whom_it_asks_is_told() {
        let (_, notes) = told("");
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].starts_with("no live control"), "{notes:?}");
        let (_, notes) = told("  routing: {key: [\"header:x-user\"]}\n");
        assert!(notes.iter().any(|note| note.contains("simulate --users")), "{notes:?}");
        let label = "{name: ok, kind: feedback, metric: ok, margin: {absolute: 0.1}}";
        let (_, notes) = told(&format!(
            "  checks: [{label}]\n  canary: {{gate: auto+approval}}\n  approval: {{count: 2}}\n  \
             decommission: {{requireApproval: true}}\n  stability: {{holdback: 5}}\n"
        ));
        let asked = "approvals: canary, decommissioning (2 of them each)";
        assert_eq!(notes[0], asked);
        assert!(notes[1].contains("minCoverage"), "{notes:?}");
    }
}
