//! Evidence of the 5 % canary, and pairs of the shadow. Two numbers are the bad ones and all of them.

use seatrial_analysis::counts::{ArmHistogram, Cells};
use seatrial_analysis::kpi::{self, Reference};
use seatrial_analysis::latency::Edges;
use seatrial_domain::evidence::{
    ArmCount, CompareCount, Evidence, GateCounts, GateIndex, Matured, MaturedValues, MirrorCounts,
    PairCount, Predictions, ShadowCounts,
};

fn only(counts: GateCounts) -> Evidence {
    Evidence { gates: [(GateIndex(0).unseen(), counts)].into(), ..Evidence::default() }
}

fn cells([bad, all]: [u64; 2], [incumbent_bad, incumbent]: [u64; 2]) -> Cells {
    Cells {
        candidate_bad: bad,
        candidate_good: all - bad,
        incumbent_bad,
        incumbent_good: incumbent - incumbent_bad,
    }
}

/// So many units after so many microseconds, none in error.
fn units([micros, candidate]: [u64; 2], [incumbent_micros, incumbent]: [u64; 2]) -> GateCounts {
    let edges = Edges::default();
    let mut latency = ArmHistogram::empty(edges.buckets());
    latency.candidate[edges.bucket_of(micros)] = candidate;
    latency.incumbent[edges.bucket_of(incumbent_micros)] = incumbent;
    GateCounts {
        units: ArmCount { candidate, incumbent },
        errors: cells([0, candidate], [0, incumbent]),
        latency,
        ..GateCounts::default()
    }
}

pub(super) fn of_latency(candidate: [u64; 2], incumbent: [u64; 2]) -> Evidence {
    only(units(candidate, incumbent))
}

fn errors(candidate: [u64; 2], incumbent: [u64; 2]) -> GateCounts {
    let counts = units([1_900, candidate[1]], [1_800, incumbent[1]]);
    GateCounts { errors: cells(candidate, incumbent), ..counts }
}

pub(super) fn of_errors(candidate: [u64; 2], incumbent: [u64; 2]) -> Evidence {
    only(errors(candidate, incumbent))
}

/// The whole, and what of it is mobile.
pub(super) fn of_mobile(candidate: [u64; 2], incumbent: [u64; 2], mut whole: Evidence) -> Evidence {
    for counts in whole.gates.values_mut() {
        counts.slices.of("x-client", "mobile").errors = cells(candidate, incumbent);
    }
    whole
}

/// Labels that are right and wrong, of so many units of either arm whose label is due.
pub(super) fn of_labels(
    [right, wrong]: [u64; 2],
    [incumbent_right, incumbent_wrong]: [u64; 2],
    [candidate, incumbent]: [u64; 2],
) -> Evidence {
    let mut counts = units([1_900, candidate], [1_800, incumbent]);
    let labels =
        cells([wrong, right + wrong], [incumbent_wrong, incumbent_right + incumbent_wrong]);
    counts.feedback.insert("correct".to_owned(), labels);
    counts.matured.insert("correct".to_owned(), Matured { units: counts.units, labels });
    only(counts)
}

/// Values from 10 to 20 of so many candidate units, `scale` times as much on the candidate.
pub(super) fn of_revenue(candidate: u64, scale: f64) -> Evidence {
    let spent = |n: u64| 10.0 + f64::from(u32::try_from(n * 379 % 1_000).unwrap()) / 100.0;
    let before: Vec<f64> =
        (0..1_000).map(|n| spent(n) * if n % 2 == 0 { 1.0 } else { 0.7 }).collect();
    let reference = Reference::freeze(&before).unwrap();
    let mut values = kpi::Counts::default();
    for n in 0..candidate {
        values.candidate.record(&reference, scale * spent(n)).unwrap();
    }
    for n in 0..19 * candidate {
        values.incumbent.record(&reference, spent(n)).unwrap();
    }
    let mut counts = units([1_900, candidate], [1_800, 19 * candidate]);
    let due = MaturedValues { units: counts.units, labelled: counts.units, values: values.clone() };
    counts.values.insert("revenue".to_owned(), values);
    counts.matured_values.insert("revenue".to_owned(), due);
    let references = [("revenue".to_owned(), reference)].into();
    Evidence { references, ..only(counts) }
}

/// So many cats of so many answers, the others dogs.
pub(super) fn of_answers([cats, all]: [u64; 2], [incumbent_cats, incumbent]: [u64; 2]) -> Evidence {
    let mut counts = units([1_900, all], [1_800, incumbent]);
    let cat = ArmCount { candidate: cats, incumbent: incumbent_cats };
    let dog = ArmCount { candidate: all - cats, incumbent: incumbent - incumbent_cats };
    let told = [("cat".to_owned(), cat), ("dog".to_owned(), dog)].into();
    counts.predictions.insert("predictions".to_owned(), Predictions(told));
    only(counts)
}

/// So many pairs in disagreement, of the candidate with the incumbent and of that with itself.
pub(super) fn of_pairs([disagree, pairs]: [u64; 2], [noise, noise_pairs]: [u64; 2]) -> Evidence {
    let candidate = PairCount { pairs, disagree };
    let noise = PairCount { pairs: noise_pairs, disagree: noise };
    let shadow = ShadowCounts {
        mirror: MirrorCounts { offered: pairs, sent: pairs, ..MirrorCounts::default() },
        compare: vec![CompareCount { candidate, noise }],
        ..ShadowCounts::default()
    };
    Evidence { shadow, ..Evidence::default() }
}
