//! The file as a whole: reads every section, then judges what only all of them together show.

use super::checks::{self, Draft, checks, closed_in_time, one_scale, told_apart};
use super::fault::{Report, Spot};
use super::fields::Fields;
use super::limits::{DAY, MINUTE, from, within};
use super::planned::{self, Planned};
use super::stages::{Stage, await_labels, canary, enforced, ramp, rising};
use super::value::Value;
use super::weights::Weights;
use super::{analysis, room, settle, shadow, traffic, trigger, units, validation};
use crate::plan::{Gate, Kind, Plan, RequiredSignature, Stability};
use crate::{EndpointName, Share};
use std::time::Duration;

/// What the file says.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) trigger: trigger::Trigger,
    pub(super) planned: Vec<Planned>,
    /// The plan of kind `promote`; the others are cut from it.
    pub(super) plan: Plan,
}

pub(super) fn document(root: &Value<'_>) -> Option<Document> {
    root.fields(|fields| {
        fields.required("apiVersion", |value| value.choice(&[("seatrial/v1", ())]));
        fields.required("kind", |value| value.choice(&[("RolloutPolicy", ())]));
        let name = fields.required("metadata", |value| {
            value.fields(|metadata| metadata.required("name", Value::word))
        });
        fields.required("spec", |value| value.fields(|fields| spec(fields, name)))
    })
}

/// The steps: their drafts live while weights and gates are made of them.
struct Steps {
    inherited: Vec<Draft>,
    gates: Vec<Stage>,
    stability: Settled,
}

struct Settled {
    spot: Spot,
    duration: Duration,
    holdback: Share,
    checks: Option<Vec<Draft>>,
}

fn spec(fields: &Fields<'_>, name: Option<String>) -> Option<Document> {
    let endpoint = fields.required("endpoint", |value| {
        let text = value.text(128)?;
        EndpointName::new(text).map_err(|error| value.refuse::<()>(error.to_string(), "")).ok()
    });
    let cutover = fields.section("cutover", settle::cutover);
    let (trigger, spot) = fields.section("trigger", trigger::trigger);
    trigger::refuse_own(&trigger, &spot, &cutover.alias, fields.report);
    let steps = steps(fields);
    let (mut analysis, dry_run, counted) = fields.section("analysis", analysis::analysis);
    let (gates, stability) = weighed(&steps, &analysis.dry_run, &dry_run, fields.report);
    let validation = fields.section("validation", validation::validation);
    let (approval, roles) = fields.section("approval", settle::approval);
    let (notify_on, targets) = fields.section("notifications", settle::notifications);
    let planned = steps.planned().chain(planned::roles(&roles)).chain(planned::targets(&targets));
    let planned = planned.collect();
    let guardrails = analysis::standard_guardrails();
    let routing = fields.section("routing", traffic::routing);
    units::settle(&mut analysis, &counted, (&gates, &routing), fields.report);
    closed_in_time(&steps.stages(), &analysis, fields.report);
    let shadow = fields.section("shadow", shadow::shadow);
    told_apart(&steps.drafts(), &shadow, fields.report);
    let plan = Plan {
        kind: Kind::Promote,
        concurrency: fields.section("concurrency", traffic::concurrency),
        progress_deadline: fields
            .or("progressDeadline", 10 * MINUTE, |value| value.duration(within(1, 86_400))),
        windows: fields.or("windows", Vec::new(), traffic::windows),
        routing,
        analysis,
        guardrails: fields.or("guardrails", guardrails, analysis::guardrails),
        staging: fields.section("staging", validation::staging),
        holdout: validation.holdout,
        contract: validation.contract,
        command: validation.command,
        validation_timeout: validation.timeout,
        shadow,
        gates,
        approval,
        cutover,
        standby: fields.section("standby", settle::standby),
        stability,
        decommission: fields.section("decommission", settle::decommission),
        keep_candidate: fields.section("abort", settle::keep_candidate),
        notify_on,
        signature: fields.section("signature", signature),
        // Last, so that the faults of all other fields are found before giving up.
        policy: name?,
        endpoint: endpoint?,
    };
    room::check(&plan, fields);
    Some(Document { trigger, planned, plan })
}

/// Which key it is, only the server's configuration says.
fn signature(fields: &Fields<'_>) -> Option<RequiredSignature> {
    fields.nullable("key", Value::word).map(|key| RequiredSignature { key, id: None })
}

fn steps(fields: &Fields<'_>) -> Steps {
    let spot = fields.spot_of("checks");
    let inherited = fields.or("checks", checks::standard(&spot), checks);
    let mut gates = vec![fields.section("canary", canary)];
    gates.extend(ramp(fields));
    Steps { inherited, gates, stability: fields.section("stability", settled) }
}

fn settled(fields: &Fields<'_>) -> Settled {
    Settled {
        spot: fields.spot.clone(),
        duration: fields.or("duration", 3 * DAY, |value| value.duration(from(0))),
        holdback: fields.or("holdback", Share::ZERO, |value| value.share(0..=9_999)),
        checks: fields.find("checks").and_then(|value| checks(&value)),
    }
}

fn weighed(
    steps: &Steps,
    dry_run: &[String],
    spots: &[Spot],
    report: &Report,
) -> (Vec<Gate>, Stability) {
    let weights = Weights::of(&steps.drafts(), report);
    one_scale(&steps.drafts(), report);
    let Steps { inherited, gates, stability } = steps;
    for stage in gates {
        stage.await_labels(inherited, report);
    }
    let checks = steps.stability_checks();
    await_labels(&stability.spot, stability.duration, checks, report);
    rising(gates, stability.holdback.complement(), report);
    for (name, spot) in dry_run.iter().zip(spots).filter(|(name, _)| !weights.has(name)) {
        report.refuse(spot, format!("no check is called `{name}`"), Some(weights.names()));
    }
    enforced(gates, inherited, (dry_run, spots), report);
    let stability = Stability {
        duration: stability.duration,
        holdback: stability.holdback,
        checks: weights.apply(checks),
    };
    (gates.iter().map(|stage| stage.gate(inherited, &weights)).collect(), stability)
}

impl Steps {
    fn stability_checks(&self) -> &[Draft] {
        self.stability.checks.as_deref().unwrap_or(&self.inherited)
    }

    /// The checks of every stage, in order.
    fn drafts(&self) -> Vec<&[Draft]> {
        let gates = self.gates.iter().map(|stage| stage.checks(&self.inherited));
        gates.chain([self.stability_checks()]).collect()
    }

    /// The same, each with how long its stage lasts at least.
    fn stages(&self) -> Vec<(Duration, &[Draft])> {
        let durations = self.gates.iter().map(Stage::min_duration);
        durations.chain([self.stability.duration]).zip(self.drafts()).collect()
    }

    /// Planned checks, each where it is written.
    fn planned(&self) -> impl Iterator<Item = Planned> {
        let mut planned: Vec<_> = planned::checks(&self.inherited)
            .chain(self.drafts().into_iter().flat_map(planned::checks))
            .collect();
        planned.sort_by(|a, b| a.field.cmp(&b.field));
        planned.dedup();
        planned.into_iter()
    }
}
