//! What each of the shadow's tests is given. Pairs have neither chance nor strata: a budget takes the
//! chance's place, the incumbent's own pairs those of an arm, and a slice's values are told apart.

use super::super::fixture::plan;
use super::super::report;
use crate::evidence::*;
use crate::judge::Judge;
use crate::plan::{Effect, KeySource, PairedLabels, Plan, ShadowSlice};
use crate::verdict::Verdict;
use seatrial_analysis::Alpha;
use seatrial_analysis::confidence::{self, TUNED_UNITS};
use seatrial_analysis::pairs::{Disagreement, less_right_log_e, sign_log_e};

/// All pairs may disagree by a quarter, and mobile ones by three tenths; noise is measured, and failed
/// copies are pairs that disagree.
fn plan_of_all() -> Plan {
    let mut plan = plan(&[]);
    let key = KeySource::Parameter("client".to_owned());
    plan.shadow.slices = vec![ShadowSlice { key, max_disagreement: Some(0.3) }];
    plan.shadow.latency = Effect::Enforces;
    plan.shadow.labels = Some(PairedLabels {
        metric: "digit".to_owned(),
        output: "*".to_owned(),
        effect: Effect::Enforces,
    });
    plan
}

const fn compared(pairs: u64, disagree: u64, noise: (u64, u64)) -> CompareCount {
    CompareCount {
        candidate: PairCount { pairs, disagree },
        noise: PairCount { pairs: noise.0, disagree: noise.1 },
    }
}

const fn timed(slower: u64, faster: u64) -> LatencyPairs {
    LatencyPairs { slower, faster, alike: 70 }
}

const fn right(candidate_only: u64, incumbent_only: u64) -> LabelledPairs {
    LabelledPairs { both: 500, candidate_only, incumbent_only, neither: 30 }
}

fn verdict() -> Verdict {
    let mobile = PairedCounts { latency: timed(90, 50), labelled: right(11, 35) };
    let of_client = [("mobile".to_owned(), vec![compared(400, 170, (90, 5))])].into();
    let counts = ShadowCounts {
        compare: vec![compared(2_000, 640, (600, 12))],
        candidate_errors: 40,
        slices: [("client".to_owned(), of_client)].into(),
        paired_latency: timed(160, 120),
        labelled: right(20, 50),
        paired_slices: [("client".to_owned(), [("mobile".to_owned(), mobile)].into())].into(),
        ..ShadowCounts::default()
    };
    Judge::new(&plan_of_all()).unwrap().shadow(&counts)
}

/// Against the budget and what the noise may be, of pairs that disagree and agree.
fn over(budget: f64, noise: (u64, u64), (disagree, agree): (u64, u64)) -> f64 {
    let half = Alpha::new(0.025).unwrap();
    let upper = confidence::rate(noise.0, noise.1, TUNED_UNITS, half).upper;
    Disagreement::new(budget + upper).unwrap().over_log_e(disagree, agree)
}

/// The value found is the right one, and none of those with a fault.
fn is_of(found: (&str, f64), faulty: &[f64]) {
    let log_e = report(&verdict(), found.0).fail_log_e.unwrap();
    assert!((log_e - found.1).abs() < 1e-9, "{}: {log_e}, and by hand {}", found.0, found.1);
    for other in faulty {
        assert!((log_e - other).abs() > 1e-3, "{}: {log_e} as with a fault", found.0);
    }
}

#[test]
fn disagreement_rests_on_its_own_pairs_budget_and_noise() {
    let (noise, pairs) = ((12, 600), (680, 1_360));
    let faulty = [
        over(0.3, noise, pairs),
        over(0.25, (5, 90), pairs),
        over(0.25, pairs, noise),
        over(0.25, noise, (640, 1_360)),
        over(0.25, noise, (170, 230)),
        Disagreement::new(0.25).unwrap().over_log_e(680, 1_360),
    ];
    is_of(("disagreement", over(0.25, noise, pairs)), &faulty);
    let (noise, pairs) = ((5, 90), (170, 230));
    let faulty = [
        over(0.25, noise, pairs),
        over(0.3, (12, 600), pairs),
        over(0.3, noise, (680, 1_360)),
        Disagreement::new(0.3).unwrap().over_log_e(170, 230),
    ];
    is_of(("disagreement[client=mobile]", over(0.3, noise, pairs)), &faulty);
}

#[test]
fn who_was_slower_and_who_was_right_rests_on_the_same_pairs_the_right_way_round() {
    is_of(
        ("paired latency", sign_log_e(160, 120)),
        &[sign_log_e(120, 160), sign_log_e(160, 190), sign_log_e(90, 50)],
    );
    is_of(
        ("paired latency[client=mobile]", sign_log_e(90, 50)),
        &[sign_log_e(50, 90), sign_log_e(160, 120)],
    );
    let labels = |of: LabelledPairs| less_right_log_e(&of.discordance());
    is_of(
        ("paired labels", labels(right(20, 50))),
        &[labels(right(50, 20)), labels(right(11, 35)), sign_log_e(80, 50)],
    );
    is_of(
        ("paired labels[client=mobile]", labels(right(11, 35))),
        &[labels(right(35, 11)), labels(right(20, 50))],
    );
}
