//! A slice that names no values: how many tests it makes, whatever comes.

use super::fixture::*;
use super::slices::{Units, client, gate_of, sliced};
use super::{CANARY, report};
use crate::evidence::{Evidence, GateCounts, GateIndex};
use crate::judge::Judge;
use crate::plan::{Gate, Plan};
use crate::verdict::{CheckVerdict, Verdict};
use std::collections::BTreeMap;

/// Five gates at 50 %, with a slice that warns of whatever comes.
fn five_gates() -> Plan {
    let mut plan = sliced(&[errors(0.005)], client(&[], None));
    let half = Gate { share: share(5_000), ..plan.gates[0].clone() };
    plan.gates = vec![half; 5];
    plan
}

/// A gate in which the candidate is far worse in each of these values, and in what stands for others.
fn worse_in(values: &[String]) -> GateCounts {
    let bad = Units { units: arms(200, 200), errors: (500, 5), ..Units::of(0) };
    let stand_ins = ["(none)", "(other)"];
    let all: Vec<_> =
        values.iter().map(String::as_str).chain(stand_ins).map(|value| (value, bad)).collect();
    gate_of(&all)
}

fn names(prefix: &str, values: usize) -> Vec<String> {
    (0..values).map(|value| format!("{prefix}{value:02}")).collect()
}

/// What was warned of so far: each test with its part of alpha.
#[derive(Default)]
struct Warned(BTreeMap<String, f64>);

impl Warned {
    /// Looks, and keeps what the store would.
    fn look(&mut self, judge: &Judge, evidence: &mut Evidence, gate: GateIndex) -> Verdict {
        let verdict = judge.gate(evidence, gate);
        for found in verdict.checks.iter().filter(|it| it.slice.is_some()) {
            assert_eq!(found.verdict, CheckVerdict::Fail);
            self.0.insert(found.name.clone(), (-found.fail_at.unwrap()).exp());
        }
        evidence.maxima.extend(verdict.maxima());
        verdict
    }

    fn within(&self, verdict: &Verdict) {
        let whole = (-report(verdict, "errorRate").fail_at.unwrap()).exp();
        let sum: f64 = self.0.values().sum();
        assert!(sum <= whole * (1.0 + 1e-9), "{} tests have {sum} of {whole}", self.0.len());
        assert_eq!(self.0.len(), 18, "and it is used: {:?}", self.0.keys());
    }
}

#[test]
fn values_that_are_others_in_each_gate_have_one_budget() {
    let judge = Judge::new(&five_gates()).unwrap();
    let (mut evidence, mut warned) = (Evidence::default(), Warned::default());
    // Each gate's come before those of the gate before by name.
    for (gate, prefix) in (0..5).map(GateIndex).zip(["e", "d", "c", "b", "a"]) {
        evidence.gates.insert(gate.unseen(), worse_in(&names(prefix, 16)));
        let verdict = warned.look(&judge, &mut evidence, gate);
        warned.within(&verdict);
    }
    assert!(warned.0.keys().all(|name| name.contains("=e") || name.contains("=(")));
}

#[test]
fn values_that_restarts_bring_into_a_gate_displace_none() {
    let judge = Judge::new(&five_gates()).unwrap();
    let (mut evidence, mut warned) = (Evidence::default(), Warned::default());
    evidence.gates.insert(CANARY.unseen(), worse_in(&names("m", 10)));
    warned.look(&judge, &mut evidence, CANARY);
    assert_eq!(warned.0.len(), 12);
    // Six have a place, and after that no other, be it that the first are counted no more.
    for prefix in ["l", "k", "j"] {
        let values = [names(prefix, 10), names("m", 6)].concat();
        evidence.gates.insert(CANARY.unseen(), worse_in(&values));
        let verdict = warned.look(&judge, &mut evidence, CANARY);
        warned.within(&verdict);
    }
    assert!(!warned.0.keys().any(|name| name.contains("=k") || name.contains("=j")));
}

#[test]
fn places_that_are_free_go_to_the_earliest_gates_values() {
    let judge = Judge::new(&five_gates()).unwrap();
    let (early, late) = (CANARY, GateIndex(1));
    let gates =
        [(early.unseen(), worse_in(&names("z", 9))), (late.unseen(), worse_in(&names("a", 16)))];
    let mut evidence = Evidence { gates: gates.into(), ..Evidence::default() };
    let mut warned = Warned::default();
    let verdict = warned.look(&judge, &mut evidence, late);
    warned.within(&verdict);
    assert_eq!(warned.0.keys().filter(|name| name.contains("=z")).count(), 9);
    assert!(warned.0.contains_key("errorRate[x-client=a06]"));
    assert!(!warned.0.contains_key("errorRate[x-client=a07]"));
    assert_eq!(verdict.told_apart.len(), 18);
    assert!(judge.gate(&evidence, late).told_apart.is_empty(), "kept once");
}
