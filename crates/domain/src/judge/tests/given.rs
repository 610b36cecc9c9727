//! What each kind of test is given, beside the same test called on strata made by hand.
//!
//! Each log e-value must be that of the right strata, and another than that of strata with any one fault:
//! a wrong chance, swapped arms, or a stratum that is left out. So a judge that makes one of these fails
//! here, whatever the kind.

mod counted;
mod pairs;

use super::fixture::*;
use super::kpi::{revenue, within};
use super::report;
use crate::Timestamp;
use crate::evidence::{Evidence, Starts};
use crate::judge::Judge;
use crate::plan::{Better, Check, DriftBy, KeySource, LiveSlice, Plan, Rule};
use crate::verdict::Verdict;
use counted::*;
use seatrial_analysis::latency::{Check as Latency, Edges, Limit, QuantileRatio, Slower};
use seatrial_analysis::logspace::log_halves;
use seatrial_analysis::sample_ratio::{self, Assigned};
use seatrial_analysis::two_outcome::{self, Centres, Contrast, Family};
use seatrial_analysis::{ArmHistogram, Cells, Mixture, Pi, Stratum, drift, kpi};
use std::time::Duration;

/// Two arms' counts of any kind.
trait Arms: Clone + PartialEq {
    fn swapped(&self) -> Self;
}

impl Arms for Cells {
    fn swapped(&self) -> Self {
        Self {
            candidate_bad: self.incumbent_bad,
            candidate_good: self.incumbent_good,
            incumbent_bad: self.candidate_bad,
            incumbent_good: self.candidate_good,
        }
    }
}

impl Arms for ArmHistogram {
    fn swapped(&self) -> Self {
        Self { candidate: self.incumbent.clone(), incumbent: self.candidate.clone() }
    }
}

impl Arms for kpi::Counts {
    fn swapped(&self) -> Self {
        Self { candidate: self.incumbent.clone(), incumbent: self.candidate.clone() }
    }
}

impl Arms for Assigned {
    fn swapped(&self) -> Self {
        Self { candidate: self.incumbent, incumbent: self.candidate }
    }
}

impl Arms for drift::Counts<String> {
    fn swapped(&self) -> Self {
        self.iter().map(|(class, of)| (class.clone(), of.swapped())).collect()
    }
}

/// The strata with each of the faults in each of them.
fn faults<T: Arms>(strata: &[Stratum<T>]) -> Vec<(String, Vec<Stratum<T>>)> {
    let mut faults = Vec::new();
    for at in 0..strata.len() {
        let mut one = |fault: &str, change: &dyn Fn(&mut Vec<Stratum<T>>)| {
            let mut faulty = strata.to_vec();
            change(&mut faulty);
            if faulty != strata {
                faults.push((format!("{fault} of stratum {at}"), faulty));
            }
        };
        one("a wrong chance", &|it| it[at].pi = Pi::new(0.9 * it[at].pi.get()).unwrap());
        one("swapped arms", &|it| it[at].counts = it[at].counts.swapped());
        one("the lack", &|it| drop(it.remove(at)));
    }
    faults
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(1.0)
}

/// The value found is that of these strata, and of none with a fault.
fn rests_on<T: Arms>(
    (what, found): (&str, Option<f64>),
    strata: &[Stratum<T>],
    log_e: impl Fn(&[Stratum<T>]) -> f64,
) {
    let (found, expected) = (found.unwrap(), log_e(strata));
    assert!(close(found, expected), "{what}: {found}, and by hand {expected}");
    for (fault, faulty) in faults(strata) {
        assert!(!close(found, log_e(&faulty)), "{what} says nothing of {fault}");
    }
}

fn named(name: &str, check: Check) -> Check {
    Check { name: name.to_owned(), weight: 0.1, ..check }
}

/// Every kind of check, in all and on mobile, of users who come again.
fn plan_of_all() -> Plan {
    let answers = Rule::Drift { output: "*".to_owned(), by: DriftBy::Class };
    let mut plan = plan(&[
        named("errors", errors(0.005)),
        named("correct", labels("correct", Better::Higher)),
        named("refused", labels("refused", Better::Lower)),
        named("limit", latency(250)),
        named("ratio", latency_ratio(1.2)),
        named("both", latency_of(Some(250), Some(1.2))),
        named("revenue", revenue(within(0.9))),
        Check { name: "answers".to_owned(), weight: 0.1, rule: answers },
    ]);
    plan.gates[2].share = share(6_000);
    plan.routing.key = vec![KeySource::Header("x-user-id".to_owned())];
    let key = KeySource::Parameter("client".to_owned());
    let values = vec!["mobile".to_owned()];
    plan.analysis.slices = vec![LiveSlice { key, values, weight: Some(0.5) }];
    plan
}

fn of_labels() -> two_outcome::Check {
    two_outcome::Check::feedback(two_outcome::Margin::Absolute(0.02)).unwrap()
}

fn of_errors() -> two_outcome::Check {
    let margin = two_outcome::Margin::Both { ratio: 2.0, absolute: 0.005 };
    two_outcome::Check::errors(margin).unwrap()
}

/// By name, the latency checks of [`plan_of_all`].
fn of_latency() -> [(&'static str, Latency); 3] {
    let edges = Edges::default();
    let limit = Limit::new(&edges, 250_000, 0.99).unwrap();
    let ratio = QuantileRatio::new(&edges, 0.99, 1.2).unwrap();
    let slower = Slower::new(&edges, &incumbent_before()).unwrap();
    [
        ("limit", Latency::Limited(limit.clone())),
        ("ratio", Latency::Ratio(slower, ratio.clone())),
        ("both", Latency::LimitedRatio(limit, ratio)),
    ]
}

/// Where the units of a verdict's reports come from.
#[derive(Clone, Copy)]
enum Of {
    All,
    Mobile,
}

impl Of {
    const BOTH: [Self; 2] = [Self::All, Self::Mobile];

    fn name(self, check: &str) -> String {
        match self {
            Self::All => check.to_owned(),
            Self::Mobile => format!("{check}[client=mobile]"),
        }
    }

    fn rows(self, all: [Row; 3]) -> [Row; 3] {
        match self {
            Self::All => all,
            Self::Mobile => all.map(Row::on_mobile),
        }
    }
}

fn judged(evidence: &Evidence) -> Verdict {
    Judge::new(&plan_of_all()).unwrap().gate(evidence, LAST)
}

#[test]
fn a_fail_rests_on_every_gates_strata_whatever_the_kind() {
    let verdict = judged(&evidence(&ROWS));
    for of in Of::BOTH {
        let rows = of.rows(ROWS);
        let fail = |check: &'static str| (check, report(&verdict, &of.name(check)).fail_log_e);
        rests_on(fail("errors"), &all(&rows, Row::errors), |it| of_errors().rollback_log_e(it));
        for check in ["correct", "refused"] {
            let labels = all(&rows, Row::labels);
            rests_on(fail(check), &labels, |it| of_labels().rollback_log_e(it));
        }
        for (check, test) in of_latency() {
            let answers = all(&rows, Row::answers);
            rests_on(fail(check), &answers, |it| test.rollback_log_e(it).unwrap());
        }
        let test = of_revenue(two_outcome::Margin::Ratio(0.9));
        let values = all(&rows, Row::values);
        rests_on(fail("revenue"), &values, |it| test.rollback_log_e(it).unwrap());
        rests_on(fail("answers"), &all(&rows, Row::predictions), drift::log_e);
    }
}

#[test]
fn a_pass_rests_on_every_stratum_of_its_gate_with_what_is_missing_at_its_worst() {
    let verdict = judged(&evidence(&ROWS));
    for of in Of::BOTH {
        let rows = of.rows(ROWS);
        let pass = |check: &'static str| (check, report(&verdict, &of.name(check)).pass_log_e);
        let cells = everybody(&rows, Row::errors_at_worst, Cells::default());
        rests_on(pass("errors"), &cells, |it| of_errors().healthy_log_e(it));
        for check in ["correct", "refused"] {
            let due = everybody(&rows, Row::labels_due, Cells::default());
            rests_on(pass(check), &due, |it| of_labels().healthy_log_e(it));
        }
        for (check, test) in of_latency() {
            let none = ArmHistogram::empty(Edges::default().buckets());
            let answers = everybody(&rows, Row::answers_at_worst, none);
            rests_on(pass(check), &answers, |it| test.healthy_log_e(it).unwrap());
        }
        let test = of_revenue(two_outcome::Margin::Ratio(0.9));
        let due = here(&rows, Row::values_due);
        rests_on(pass("revenue"), &due, |it| test.healthy_log_e(it).unwrap());
    }
}

#[test]
fn the_sample_ratio_and_the_coverage_of_labels_rest_on_every_gates_strata() {
    let verdict = judged(&evidence(&ROWS));
    let assignment = verdict.assignment.map(|it| it.log_e);
    rests_on(("assignment", assignment), &all(&ROWS, Row::assigned), sample_ratio::log_e);
    let family = Family::new(Contrast::no_worse(), &Centres::Feedback, Mixture::Uniform).unwrap();
    let missing = |strata: &[Stratum<Cells>]| {
        let present = |it: &Stratum<Cells>| Stratum { pi: it.pi, counts: it.counts.flipped() };
        let present: Vec<_> = strata.iter().map(present).collect();
        log_halves(family.log_e(strata), family.log_e(&present))
    };
    let found = verdict.labelled.iter().find(|it| it.check == "correct").map(|it| it.log_e);
    rests_on(("coverage", found), &all(&ROWS, Row::labelled), missing);
}

/// The starts of two windows: one before anything was counted, one after a third of it.
fn begun(plan: &Plan) -> Starts {
    let at = |hours: u64| Timestamp::default().plus(Duration::from_secs(3_600 * hours));
    let mut early = Evidence::default();
    early.begin_window(at(0), &plan.analysis);
    early.gates = evidence(&one_in(3)).gates;
    early.begin_window(at(6), &plan.analysis);
    early.starts
}

/// Nothing had been counted when the first window began.
fn starts<T: Clone>(early: &[Stratum<T>]) -> Vec<Vec<Stratum<T>>> {
    vec![Vec::new(), early.to_vec()]
}

#[test]
fn a_late_fault_is_of_what_came_since_in_every_stratum_whatever_the_kind() {
    let plan = plan_of_all();
    let verdict = judged(&Evidence { starts: begun(&plan), ..evidence(&ROWS) });
    for of in Of::BOTH {
        let (rows, early) = (of.rows(ROWS), of.rows(one_in(3)));
        let fail = |check: &'static str| (check, report(&verdict, &of.name(check)).fail_log_e);
        let (test, now) = (of_errors(), all(&rows, Row::errors));
        rests_on(fail("errors"), &all(&early, Row::errors), |it| {
            test.rollback_log_e_since(&now, &test.since(&starts(it)))
        });
        let test = of_labels();
        for check in ["correct", "refused"] {
            let now = all(&rows, Row::labels);
            rests_on(fail(check), &all(&early, Row::labels), |it| {
                test.rollback_log_e_since(&now, &test.since(&starts(it)))
            });
        }
        for (check, test) in of_latency() {
            let now = all(&rows, Row::answers);
            rests_on(fail(check), &all(&early, Row::answers), |it| {
                let since = test.since(&starts(it)).unwrap();
                test.rollback_log_e_since(&now, &since).unwrap()
            });
        }
        let test = of_revenue(two_outcome::Margin::Ratio(0.9));
        let now = all(&rows, Row::values);
        rests_on(fail("revenue"), &all(&early, Row::values), |it| {
            test.rollback_log_e_since(&now, &test.since(&starts(it)).unwrap()).unwrap()
        });
        let everything = drift::log_e(&all(&rows, Row::predictions));
        rests_on(fail("answers"), &left(&rows, &early), |it| {
            drift::log_e_since(everything, &[everything, drift::log_e(it)])
        });
    }
}

/// What was answered since, by hand: all less what had been.
fn left(rows: &[Row; 3], early: &[Row; 3]) -> Vec<Stratum<drift::Counts<String>>> {
    let mut left = all(rows, Row::predictions);
    for (now, before) in left.iter_mut().zip(early.iter().map(Row::predictions)) {
        for (class, of) in &mut now.counts {
            of.candidate -= before[class].candidate;
            of.incumbent -= before[class].incumbent;
        }
    }
    left
}
