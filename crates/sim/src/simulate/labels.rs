//! What is joined to units, and how long it is waited for: a unit's label or value passes only once
//! none can come any more.
//!
//! A label comes with its answer here; what `lateBy` delays is the pass. The labels of one step fall
//! due together, at the step's end and `lateBy` after it.

use super::groups::Group;
use super::load::{self, Load};
use super::values::Numbers;
use super::{Error, Needs};
use crate::distribution::binomial;
use crate::rng::Rng;
use seatrial_analysis::{Cells, kpi};
use seatrial_domain::evidence::{
    ArmCount, Evidence, GateIndex, GateStratum, Labels, Matured, MaturedValues,
};
use seatrial_domain::plan::{Better, Check, Plan, Rule};
use seatrial_domain::split::Arm;
use std::collections::{BTreeMap, VecDeque};

/// One metric of a plan.
#[derive(Debug, Clone)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// By gate, how long its labels are waited for, in whole seconds.
    late_by: BTreeMap<GateIndex, u64>,
}

/// What its labels are.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    YesNo(Better),
    Number(Box<Numbers>),
}

/// What was joined to some units of one metric.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Joined {
    /// With "false" as bad.
    YesNo(Cells),
    /// Units with a value, and the values; none are counted before there is a reference.
    Number { labelled: ArmCount, values: kpi::Counts },
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
/// [`Error::NotPlayed`] where an enforced check has values that nobody describes, or takes more than a
/// unit's first label; [`Error::Values`].
pub(super) fn metrics(plan: &Plan, load: &Load, seed: u64) -> Result<Vec<Metric>, Error> {
    let mut metrics: Vec<Metric> = Vec::new();
    let lists = plan.gates.iter().map(|gate| &gate.checks).chain([&plan.stability.checks]);
    for (gate, checks) in (0..=u8::MAX).map(GateIndex).zip(lists) {
        for check in checks {
            let Some(labels) = check.rule.labels() else { continue };
            if !labels.per_unit.is_first() {
                let what = format!("perUnit of check {}", check.name);
                return Err(Error::NotPlayed { what, needs: Needs::FirstLabels });
            }
            let late_by = labels.late_by.as_secs() + u64::from(labels.late_by.subsec_nanos() > 0);
            let known = metrics.iter().position(|known| known.name == labels.metric);
            let index = match known {
                Some(index) => index,
                None => {
                    let Some(kind) = kind(check, (plan, load), seed)? else { continue };
                    let (name, late_by) = (labels.metric.to_owned(), BTreeMap::new());
                    metrics.push(Metric { name, kind, late_by });
                    metrics.len() - 1
                }
            };
            if let Some(metric) = metrics.get_mut(index) {
                let latest = metric.late_by.entry(gate).or_default();
                *latest = (*latest).max(late_by);
            }
        }
    }
    Ok(metrics)
}

/// None for a metric that nobody describes and no enforced check asks for.
fn kind(check: &Check, (plan, load): (&Plan, &Load), seed: u64) -> Result<Option<Kind>, Error> {
    match &check.rule {
        Rule::Feedback { better, .. } => Ok(Some(Kind::YesNo(*better))),
        Rule::Kpi { metric, .. } => {
            let of = |values: &&load::Values| values.metric == *metric;
            let Some(values) = load.values.iter().find(of) else {
                let is_of = |check: &&Check| matches!(&check.rule, Rule::Kpi { metric: of, .. } if of == metric);
                let dry = |check: &Check| plan.analysis.dry_run.contains(&check.name);
                return match plan.checks().filter(is_of).find(|check| !dry(check)) {
                    Some(check) => Err(Error::NotPlayed {
                        what: format!("check {} of kind kpi", check.name),
                        needs: Needs::Values,
                    }),
                    None => Ok(None),
                };
            };
            Ok(Some(Kind::Number(Box::new(Numbers::new(values, seed)?))))
        }
        Rule::Errors { .. } | Rule::Latency { .. } | Rule::Drift { .. } => Ok(None),
    }
}

impl Metric {
    /// How long the gate waits for a label; none where no check of it asks for one.
    pub(super) fn late_by(&self, gate: GateIndex) -> Option<u64> {
        self.late_by.get(&gate).copied()
    }

    /// What a run that drew this number counts its values by; none for labels.
    pub(super) fn reference(&self, drawn: u64) -> Option<&kpi::Reference> {
        match &self.kind {
            Kind::YesNo(_) => None,
            Kind::Number(numbers) => numbers.reference(drawn),
        }
    }

    /// Nothing yet.
    pub(super) fn none(&self) -> Joined {
        match self.kind {
            Kind::YesNo(_) => Joined::YesNo(Cells::default()),
            Kind::Number(_) => {
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
        let labelled = ArmCount {
            candidate: binomial(rng, units.candidate, group.labelled),
            incumbent: binomial(rng, units.incumbent, group.labelled),
        };
        match (&self.kind, counted) {
            (Kind::YesNo(better), _) => Joined::YesNo(labels(rng, labelled, *better, group)),
            (Kind::Number(numbers), Counted::By(drawn)) => {
                Joined::Number { labelled, values: numbers.draw(rng, drawn, labelled) }
            }
            (Kind::Number(_), Counted::NotYet) => {
                Joined::Number { labelled, values: kpi::Counts::default() }
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
        if !rng.chance(group.labelled) {
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
                if let Counted::By(drawn) = counted {
                    numbers.one(rng, drawn, (arm, values));
                }
            }
            // What is joined is of the metric's own kind.
            (Kind::YesNo(_), Joined::Number { .. }) | (Kind::Number(_), Joined::YesNo(_)) => {}
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

/// What will be due, of one step.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) at: u64,
    pub(super) units: ArmCount,
    pub(super) joined: Joined,
}

/// The labels that are waited for, by metric, stratum and part of the traffic, earliest first.
#[derive(Debug, Default)]
pub(super) struct Waiting(BTreeMap<(usize, GateStratum, usize), VecDeque<Due>>);

impl Waiting {
    /// Notes what a step brought.
    pub(super) fn push(&mut self, of: (usize, GateStratum, usize), due: Due) {
        self.0.entry(of).or_default().push_back(due);
    }

    /// Moves what is due into the evidence.
    pub(super) fn mature(
        &mut self,
        (metrics, groups): (&[Metric], &[Group]),
        now: u64,
        evidence: &mut Evidence,
    ) {
        for ((metric, of, group), queue) in &mut self.0 {
            let Some(name) = metrics.get(*metric).map(|metric| &metric.name) else { continue };
            let Some(group) = groups.get(*group) else { continue };
            while let Some(due) = queue.pop_front_if(|due| due.at <= now) {
                matured(evidence, (*of, name), (&due, &group.labels));
            }
        }
    }

    /// When the next labels fall due.
    pub(super) fn next(&self) -> Option<u64> {
        self.0.values().filter_map(|queue| queue.front()).map(|due| due.at).min()
    }
}

fn matured(
    evidence: &mut Evidence,
    (of, metric): (GateStratum, &String),
    (due, slices): (&Due, &Labels),
) {
    let counts = evidence.gates.entry(of).or_default();
    match &due.joined {
        Joined::YesNo(labels) => {
            let matured = Matured { units: due.units, labels: *labels };
            counts.matured.entry(metric.clone()).or_default().merge(&matured);
            for (column, value) in slices {
                let of_slice = counts.slices.of(column, value);
                of_slice.matured.entry(metric.clone()).or_default().merge(&matured);
            }
        }
        Joined::Number { labelled, values } => {
            let matured =
                MaturedValues { units: due.units, labelled: *labelled, values: values.clone() };
            let into = counts.matured_values.entry(metric.clone()).or_default();
            into.merge(&matured).expect("a run counts by one reference");
        }
    }
}
