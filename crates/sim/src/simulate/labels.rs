//! What is joined to units, and how long it is waited for: a unit's label or value passes only once
//! none can come any more.
//!
//! A label comes with its answer here; what `lateBy` delays is the pass, and a unit's value where all its
//! labels count.

use super::closing::Requests;
use super::groups::Group;
use super::load::{self, Load};
use super::values::Numbers;
use super::{Error, Needs};
use crate::distribution::binomial;
use crate::rng::Rng;
use seatrial_analysis::{Cells, kpi};
use seatrial_domain::evidence::{ArmCount, GateIndex};
use seatrial_domain::plan::{Better, Check, PerUnit, Plan, Rule};
use seatrial_domain::split::Arm;
use std::collections::BTreeMap;
use std::time::Duration;

/// One metric of a plan.
#[derive(Debug, Clone)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) per_unit: PerUnit,
    /// By gate, how long after a unit's assignment its labels are waited for, in whole seconds.
    awaited: BTreeMap<GateIndex, u64>,
}

/// What its labels are.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    YesNo(Better),
    /// By part of the traffic.
    Number(Vec<Numbers>),
}

/// What was joined to some units of one metric.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Joined {
    /// With "false" as bad.
    YesNo(Cells),
    /// Units with a value, and the values; none are counted before there is a reference.
    Number { labelled: ArmCount, values: kpi::Counts },
    /// Nothing yet: all labels of a unit are its value, and it is not closed.
    Open,
}

/// How values are drawn: by the reference of this number, or not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    By(u64),
    NotYet,
}

/// Every metric the plan's checks ask for, with what is assumed of it.
///
/// # Errors
/// [`Error::NotPlayed`] where an enforced check has values that nobody describes; [`Error::Values`].
pub(super) fn metrics(
    plan: &Plan,
    load: &Load,
    (seed, deadline): (u64, Duration),
) -> Result<Vec<Metric>, Error> {
    let mut metrics: Vec<Metric> = Vec::new();
    for awaited in plan.awaited() {
        let span = match awaited.per_unit {
            PerUnit::First => awaited.span,
            // A unit is closed when the answer to its last request must have come.
            PerUnit::Any | PerUnit::Mean => awaited.span.saturating_add(deadline),
        };
        let span = span.as_secs() + u64::from(span.subsec_nanos() > 0);
        let index = match metrics.iter().position(|known| known.name == awaited.metric) {
            Some(index) => index,
            None => {
                let Some(kind) = kind(awaited.metric, (plan, load), seed)? else { continue };
                let (name, per_unit) = (awaited.metric.to_owned(), awaited.per_unit);
                metrics.push(Metric { name, kind, per_unit, awaited: BTreeMap::new() });
                metrics.len() - 1
            }
        };
        if let Some(metric) = metrics.get_mut(index) {
            metric.awaited.insert(awaited.gate, span);
        }
    }
    Ok(metrics)
}

/// None for a metric that nobody describes and no enforced check asks for.
fn kind(metric: &str, (plan, load): (&Plan, &Load), seed: u64) -> Result<Option<Kind>, Error> {
    let of = |check: &&Check| check.rule.labels().is_some_and(|labels| labels.metric == metric);
    let dry = |check: &Check| plan.analysis.dry_run.contains(&check.name);
    match plan.checks().find(of).map(|check| &check.rule) {
        Some(Rule::Feedback { better, .. }) => Ok(Some(Kind::YesNo(*better))),
        Some(Rule::Kpi { .. }) => {
            let of_values = |values: &&load::Values| values.metric == metric;
            match load.values.iter().find(of_values) {
                Some(values) => {
                    Ok(Some(Kind::Number(Numbers::by_part(values, &load.worth(values), seed)?)))
                }
                None => match plan.checks().filter(of).find(|check| !dry(check)) {
                    Some(check) => Err(Error::NotPlayed {
                        what: format!("check {} of kind kpi", check.name),
                        needs: Needs::Values,
                    }),
                    None => Ok(None),
                },
            }
        }
        Some(Rule::Errors { .. } | Rule::Latency { .. } | Rule::Drift { .. }) | None => Ok(None),
    }
}

impl Metric {
    /// How long the gate waits for a unit's labels; none where no check of it asks for them.
    pub(super) fn awaited(&self, gate: GateIndex) -> Option<u64> {
        self.awaited.get(&gate).copied()
    }

    /// What a run that drew this number counts its values by; none for labels.
    pub(super) fn reference(&self, drawn: u64) -> Option<&kpi::Reference> {
        match &self.kind {
            Kind::YesNo(_) => None,
            Kind::Number(numbers) => numbers.first().and_then(|it| it.reference(drawn)),
        }
    }

    /// Nothing yet.
    pub(super) fn none(&self) -> Joined {
        match (&self.kind, self.per_unit) {
            (_, PerUnit::Any | PerUnit::Mean) => Joined::Open,
            (Kind::YesNo(_), PerUnit::First) => Joined::YesNo(Cells::default()),
            (Kind::Number(_), PerUnit::First) => {
                Joined::Number { labelled: ArmCount::default(), values: kpi::Counts::default() }
            }
        }
    }

    /// What is joined to so many units.
    pub(super) fn draw(
        &self,
        rng: &mut Rng,
        units: ArmCount,
        (group, counted): (&Group, Counted),
    ) -> Joined {
        if !self.per_unit.is_first() {
            return Joined::Open;
        }
        let labelled = ArmCount {
            candidate: binomial(rng, units.candidate, group.labelled),
            incumbent: binomial(rng, units.incumbent, group.labelled),
        };
        match (&self.kind, counted) {
            (Kind::YesNo(better), _) => Joined::YesNo(labels(rng, labelled, *better, group)),
            (Kind::Number(numbers), Counted::By(drawn)) => {
                let of_group = numbers.get(group.index);
                let values = of_group.map(|numbers| numbers.draw(rng, drawn, labelled));
                Joined::Number { labelled, values: values.unwrap_or_default() }
            }
            (Kind::Number(_), Counted::NotYet) => {
                Joined::Number { labelled, values: kpi::Counts::default() }
            }
        }
    }

    /// What is joined to so many units of which all labels count, once they are closed, where each is
    /// expected to have made so many more requests.
    pub(super) fn close(
        &self,
        rng: &mut Rng,
        (units, more): (ArmCount, f64),
        (group, counted): (&Group, Counted),
    ) -> Joined {
        let requests = Requests { labelled: group.labelled, more };
        match &self.kind {
            Kind::YesNo(better) => {
                let yes = |arm: Arm| match better {
                    Better::Higher => group.wanted(arm),
                    Better::Lower => 1.0 - group.wanted(arm),
                };
                let candidate = requests.any(rng, units.candidate, yes(Arm::Candidate));
                let incumbent = requests.any(rng, units.incumbent, yes(Arm::Incumbent));
                let (candidate_bad, candidate_good) = candidate;
                let (incumbent_bad, incumbent_good) = incumbent;
                Joined::YesNo(Cells {
                    candidate_bad,
                    candidate_good,
                    incumbent_bad,
                    incumbent_good,
                })
            }
            Kind::Number(numbers) => {
                let mut values = kpi::Counts::default();
                let Some(numbers) = numbers.get(group.index) else { return Joined::Open };
                let drawn = match counted {
                    Counted::By(drawn) => Some(drawn),
                    Counted::NotYet => None,
                };
                let mut of = |arm: Arm, units: u64| {
                    requests.means(rng, (numbers, drawn), (arm, units), &mut values)
                };
                let candidate = of(Arm::Candidate, units.candidate);
                let incumbent = of(Arm::Incumbent, units.incumbent);
                Joined::Number { labelled: ArmCount { candidate, incumbent }, values }
            }
        }
    }

    /// Draws what is joined to one unit, and adds it.
    pub(super) fn one(
        &self,
        rng: &mut Rng,
        (arm, into): (Arm, &mut Joined),
        (group, counted): (&Group, Counted),
    ) {
        if !self.per_unit.is_first() || !rng.chance(group.labelled) {
            return;
        }
        match (&self.kind, into) {
            (Kind::YesNo(better), Joined::YesNo(cells)) => {
                let value = rng.chance(group.wanted(arm)) == (*better == Better::Higher);
                *(match (arm, value) {
                    (Arm::Candidate, true) => &mut cells.candidate_good,
                    (Arm::Candidate, false) => &mut cells.candidate_bad,
                    (Arm::Incumbent, true) => &mut cells.incumbent_good,
                    (Arm::Incumbent, false) => &mut cells.incumbent_bad,
                }) += 1;
            }
            (Kind::Number(numbers), Joined::Number { labelled, values }) => {
                labelled.add(arm);
                if let (Counted::By(drawn), Some(numbers)) = (counted, numbers.get(group.index)) {
                    numbers.one(rng, drawn, (arm, values));
                }
            }
            // What is joined is of the metric's own kind, and nothing before a unit is closed.
            (Kind::YesNo(_), Joined::Number { .. } | Joined::Open)
            | (Kind::Number(_), Joined::YesNo(_) | Joined::Open) => {}
        }
    }
}

/// The labels of these units, with "false" as bad.
fn labels(rng: &mut Rng, labelled: ArmCount, better: Better, group: &Group) -> Cells {
    let mut of_arm = |labelled: u64, arm: Arm| {
        let wanted = binomial(rng, labelled, group.wanted(arm));
        match better {
            Better::Higher => (labelled - wanted, wanted),
            Better::Lower => (wanted, labelled - wanted),
        }
    };
    let (candidate_bad, candidate_good) = of_arm(labelled.candidate, Arm::Candidate);
    let (incumbent_bad, incumbent_good) = of_arm(labelled.incumbent, Arm::Incumbent);
    Cells { candidate_bad, candidate_good, incumbent_bad, incumbent_good }
}
