//! A gate of users who come again: what holds for all of them decides, however each history is drawn.
//!
//! Counts are those expected, so that what is told is the drift of the evidence. Half of the units whose
//! arm is open at 50 % are new, and half were seen at 25 %, of whom a third is moved.

use super::fixture::*;
use super::report;
use crate::evidence::{
    ArmCount, Buckets, Evidence, GateCounts, GateIndex, GateStratum, MaturedValues,
};
use crate::exposure::Exposure;
use crate::judge::Judge;
use crate::looks::Subject;
use crate::plan::{Better, Check, KeySource, LiveSlice, Plan, Rule};
use crate::verdict::{CheckReport, CheckVerdict};
use seatrial_analysis::latency::Edges;
use seatrial_analysis::{ArmHistogram, normal};

/// 50 %, after 5 and 25 %.
const HALF: GateIndex = GateIndex(2);
/// ln 20.
const PASSES: f64 = 2.995_732_273_553_991;

fn of_users(check: Check) -> Plan {
    let mut plan = plan(&[check]);
    plan.routing.key = vec![KeySource::Header("x-user-id".to_owned())];
    plan
}

fn p90(ratio: f64) -> Check {
    let rule = Rule::Latency { quantile: 0.9, limit_ms: None, ratio: Some(ratio) };
    Check { rule, ..latency_ratio(ratio) }
}

/// Of so many units, to the nearest one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count")]
fn part(units: u64, part: f64) -> u64 {
    (units as f64 * part).round() as u64
}

/// So many in all, log-normal around so many milliseconds.
fn around(units: u64, median_ms: f64) -> Vec<u64> {
    let edges = Edges::default();
    let mut counted = 0;
    let upper = edges.thresholds().iter().map(|edge| {
        let z = (*edge as f64 / 1_000.0 / median_ms).ln() / 0.5;
        part(units, normal::cdf(z))
    });
    let each = upper.chain([units]).map(|below| {
        let here = below - counted;
        counted = below;
        here
    });
    each.collect()
}

/// The units of one history: of so many, this part is moved.
#[derive(Clone, Copy)]
struct History {
    of: GateStratum,
    units: ArmCount,
}

/// New ones, and those seen.
fn histories(open: u64) -> [History; 2] {
    let half = open / 2;
    let seen = HALF.after(Exposure::up_to(share(2_500)));
    [
        History { of: HALF.unseen(), units: arms(half / 2, half / 2) },
        History { of: seen, units: arms(half / 3, 2 * half / 3) },
    ]
}

/// Everyone's answers, `slower` times as long on the candidate.
fn answering(open: u64, median_ms: [f64; 2], slower: f64) -> Evidence {
    let gates =
        histories(open).into_iter().zip(median_ms).map(|(History { of, units }, median)| {
            let latency = ArmHistogram {
                candidate: around(units.candidate, slower * median),
                incumbent: around(units.incumbent, median),
            };
            (of, GateCounts { latency, ..gate(units, arms(1_900, 1_900)) })
        });
    let mut evidence = Evidence { gates: gates.collect(), ..Evidence::default() };
    evidence.shadow.incumbent_latency = around(2_000, median_ms[0]);
    evidence
}

fn found(plan: &Plan, evidence: &Evidence) -> CheckReport {
    let verdict = Judge::new(plan).unwrap().gate(evidence, HALF);
    report(&verdict, &plan.gates[0].checks[0].name).clone()
}

fn pass(plan: &Plan, evidence: &Evidence) -> f64 {
    found(plan, evidence).pass_log_e.unwrap()
}

/// As if histories did not matter.
fn added_up(evidence: &Evidence) -> Evidence {
    let mut sum = GateCounts::default();
    for counts in evidence.gates.values() {
        if sum == GateCounts::default() {
            sum = counts.clone();
        } else {
            sum.latency.merge(&counts.latency).unwrap();
            sum.errors += counts.errors;
            sum.units.merge(counts.units);
        }
    }
    let mut added = evidence.clone();
    added.gates = [(HALF.unseen(), sum)].into();
    added
}

#[test]
fn a_candidate_at_the_ratio_for_everybody_does_not_pass() {
    let users = of_users(p90(1.2));
    let requests = plan(&[p90(1.2)]);
    for open in [20_000, 100_000, 400_000] {
        let evidence = answering(open, [10.0, 50.0], 1.2);
        let (pass, careless) = (pass(&users, &evidence), pass(&requests, &added_up(&evidence)));
        assert!(pass < 1.0, "{open}: {pass}");
        assert!(careless > 10.0, "added up it is quicker than it is: {careless}");
    }
}

#[test]
fn an_equal_candidate_passes_whichever_history_is_the_slower_one() {
    let users = of_users(p90(1.2));
    for median_ms in [[10.0, 50.0], [50.0, 10.0], [10.0, 10.0]] {
        let report = found(&users, &answering(40_000, median_ms, 1.0));
        assert_eq!(report.verdict, CheckVerdict::Pass, "{median_ms:?}: {report:?}");
    }
}

/// Over the limit are only those who were there before: 1.05 % of everybody in the gate.
fn over_the_limit(open: u64) -> Evidence {
    let (quick, slow) = (Edges::default().bucket_of(1_900), Edges::default().bucket_of(400_000));
    // Of everybody four in seven were there before: a quarter of them was moved then.
    let part = 0.0105 * 7.0 / 4.0;
    let gates =
        histories(open).into_iter().zip([0.0, part]).map(|(History { of, units }, part)| {
            let mut counts = gate(units, arms(1_900, 1_900));
            for arm in [&mut counts.latency.candidate, &mut counts.latency.incumbent] {
                arm[slow] = self::part(arm[quick], part);
                arm[quick] -= arm[slow];
            }
            (of, counts)
        });
    Evidence { gates: gates.collect(), ..Evidence::default() }
}

#[test]
fn a_limit_is_one_on_everybody_who_comes() {
    let evidence = over_the_limit(400_000);
    let careless = pass(&plan(&[latency(250)]), &added_up(&evidence));
    assert!(careless > 20.0, "of those counted few were there before: {careless}");
    let report = found(&of_users(latency(250)), &evidence);
    assert!(report.pass_log_e.unwrap() < 0.0, "{report:?}");
    assert_eq!(report.units_needed, None, "as things are it never passes");
}

#[test]
fn a_limit_and_a_ratio_and_each_slice_are_of_everybody_too() {
    let evidence = answering(100_000, [10.0, 50.0], 1.2);
    let rule = Rule::Latency { quantile: 0.9, limit_ms: Some(80), ratio: Some(1.2) };
    let mut plan = of_users(Check { rule, ..latency_ratio(1.2) });
    let key = KeySource::Parameter("client".to_owned());
    let values = vec!["mobile".to_owned()];
    plan.analysis.slices = vec![LiveSlice { key, values, weight: Some(0.5) }];
    let sliced = |(of, mut counts): (GateStratum, GateCounts)| {
        let latency = Buckets::of(&counts.latency);
        let errors = counts.errors;
        let mobile = counts.slices.of("client", "mobile");
        (mobile.latency, mobile.errors) = (latency, errors);
        (of, counts)
    };
    let gates = evidence.gates.clone().into_iter().map(sliced).collect();
    let evidence = Evidence { gates, ..evidence };
    let verdict = Judge::new(&plan).unwrap().gate(&evidence, HALF);
    for name in ["latencyP99", "latencyP99[client=mobile]"] {
        let report = report(&verdict, name);
        assert!(report.pass_log_e.unwrap() < 1.0, "{report:?}");
    }
}

/// Those who were there before fail by more than the margin, new ones do not: by .0053 over all.
#[test]
fn errors_and_labels_beyond_the_margin_over_everybody_do_not_pass() {
    for check in [errors(0.005), labels("correct", Better::Higher)] {
        let margin = check.rule.margin().unwrap().absolute.unwrap();
        let [new, seen] = histories(4_000_000);
        let lost = 1.05 * margin * 7.0 / 4.0;
        let gates = [(new, 0.0), (seen, lost)].map(|(History { of, units }, lost)| {
            let bad = arms(part(units.candidate, 0.002 + lost), part(units.incumbent, 0.002));
            let mut counts =
                GateCounts { errors: cells(units, bad), ..gate(units, arms(1_900, 1_900)) };
            label(&mut counts, cells(units, bad));
            (of, counts)
        });
        let evidence = Evidence { gates: gates.into(), ..Evidence::default() };
        let report = found(&of_users(check), &evidence);
        assert!(report.pass_log_e.is_none_or(|log_e| log_e < 0.0), "{report:?}");
    }
}

/// The least moved of a gate's histories fixes the stakes from its first unit on.
#[test]
fn new_users_alone_pass_as_if_those_still_to_come_were_worse() {
    let of_new = |candidate: u64| {
        let counts = gate(arms(candidate, candidate), arms(1_900, 1_900));
        Evidence { gates: [(HALF.unseen(), counts)].into(), ..Evidence::default() }
    };
    let (users, requests) = (of_users(latency(250)), plan(&[latency(250)]));
    assert!(pass(&requests, &of_new(358)) > PASSES && pass(&users, &of_new(358)) < PASSES);
    assert!(pass(&users, &of_new(720)) > PASSES);
    let judge = Judge::new(&users).unwrap();
    let outlook = &judge.accounts(Subject::Gate(HALF), &of_new(358), None)[0].outlook;
    let needed = outlook.healthy_after;
    assert!((340..=380).contains(&needed.unwrap()), "it rests on the same test: {needed:?}");
}

/// Those seen before are as many as the new ones on the incumbent, and few of them have a value on the
/// candidate yet: it has lost nearly all of their revenue.
#[test]
fn a_mean_lost_with_those_too_few_to_measure_passes_nothing_and_is_told() {
    let mut evidence = super::kpi::worth(1, 1.0);
    let reference = evidence.references["revenue"].clone();
    evidence.gates.clear();
    let [new, seen] = histories(0).map(|history| history.of);
    let mut add = |of, units, scale| {
        let values = super::kpi::counted(&reference, units, scale);
        let mut counts = gate(units, arms(1_900, 1_900));
        counts.values.insert("revenue".to_owned(), values.clone());
        let due = MaturedValues { units, labelled: units, values };
        counts.matured_values.insert("revenue".to_owned(), due);
        evidence.gates.insert(of, counts);
        evidence.clone()
    };
    let check = super::kpi::revenue(super::kpi::within(0.9));
    let plan = of_users(check);
    let of_new = add(new, arms(4_000, 4_000), 1.0);
    assert_eq!(found(&plan, &of_new).verdict, CheckVerdict::Pass);
    let notes = |evidence: &Evidence| {
        let judge = Judge::new(&plan).unwrap();
        judge.accounts(Subject::Gate(HALF), evidence, None).remove(0).notes
    };
    assert!(notes(&of_new).is_empty());

    let with_seen = add(seen, arms(60, 4_000), 0.1);
    let report = found(&plan, &with_seen);
    assert_eq!(report.verdict, CheckVerdict::Inconclusive, "{report:?}");
    assert_eq!(report.units_needed, None, "nor will it when they are measured: {report:?}");
    // The first sixty values are the lowest, so that their mean is the incumbent's.
    let equal = found(&plan, &add(seen, arms(60, 4_000), 1.25));
    assert_eq!(equal.verdict, CheckVerdict::Inconclusive, "it is not known to be equal");
    let needed = equal.units_needed.unwrap();
    assert!((2_600..3_000).contains(&needed), "60 of 4,060 are to become 100: {needed}");
    let told = notes(&with_seen);
    assert!(told[0].starts_with("4000 of the incumbent's 8000 units have a history"), "{told:?}");

    // A hundredth of them at a tenth of their revenue is a loss of nine in a thousand at most.
    let hardly_any = add(seen, arms(0, 40), 0.1);
    assert_eq!(found(&plan, &hardly_any).verdict, CheckVerdict::Pass);
    assert!(notes(&hardly_any)[0].starts_with("40 of the incumbent's 4040 units"));
}
