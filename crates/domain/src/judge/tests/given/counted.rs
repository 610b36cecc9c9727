//! Evidence of three strata, and the same counts as each kind of test is to see them.
//!
//! Owns that both are made from one table and by no code of the judge's: chances, what is missing at its
//! worst and what is not due yet are worked out here by hand.

use crate::evidence::*;
use crate::exposure::Exposure;
use crate::judge::tests::fixture::*;
use crate::judge::tests::kpi::{counted, worth};
use seatrial_analysis::latency::Edges;
use seatrial_analysis::sample_ratio::Assigned;
use seatrial_analysis::{ArmHistogram, Cells, Pi, Stratum, drift, kpi};
use std::collections::BTreeMap;

/// One stratum: the gate, the share up to which its units' arm was known (basis points), and the chance
/// that this leaves. Of its units so many answered quickly, slowly (over the limit) and not, and of those
/// with a label so many were wrong and right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    gate: u8,
    seen: u16,
    pi: f64,
    quick: ArmCount,
    slow: ArmCount,
    failed: ArmCount,
    /// Of the failed ones.
    lost: ArmCount,
    unanswered: ArmCount,
    wrong: ArmCount,
    right: ArmCount,
    /// What the candidate's values are of the incumbent's.
    worth: f64,
}

const fn of(candidate: u64, incumbent: u64) -> ArmCount {
    ArmCount { candidate, incumbent }
}

/// 5 %; and 60 % after it and 25 %, of new units and of those that the first gate had seen.
pub(super) const ROWS: [Row; 3] = [
    Row {
        gate: 0,
        seen: 0,
        pi: 0.05,
        quick: of(380, 7_100),
        slow: of(25, 400),
        failed: of(14, 90),
        lost: of(2, 5),
        unanswered: of(3, 17),
        wrong: of(40, 610),
        right: of(300, 6_000),
        worth: 0.97,
    },
    Row {
        gate: 2,
        seen: 0,
        pi: 0.6,
        quick: of(1_500, 1_000),
        slow: of(90, 50),
        failed: of(25, 13),
        lost: of(3, 4),
        unanswered: of(5, 2),
        wrong: of(160, 90),
        right: of(1_300, 880),
        worth: 0.99,
    },
    Row {
        gate: 2,
        seen: 500,
        pi: 55.0 / 95.0,
        quick: of(1_100, 800),
        slow: of(70, 44),
        failed: of(16, 8),
        lost: of(1, 2),
        unanswered: of(4, 6),
        wrong: of(115, 70),
        right: of(900, 670),
        worth: 0.96,
    },
];

/// Of those whom 25 % left on the incumbent, of whom none came yet.
const TO_COME: f64 = 35.0 / 75.0;

/// The gate at 60 %.
pub(super) const LAST: GateIndex = GateIndex(2);

/// The table's rows with so much of each of them counted.
pub(super) fn one_in(times: u64) -> [Row; 3] {
    ROWS.map(|row| row.times((1, times)))
}

/// All gates' strata.
pub(super) fn all<T>(rows: &[Row; 3], counts: impl Fn(&Row) -> T) -> Vec<Stratum<T>> {
    rows.iter().map(|row| Stratum { pi: row.pi(), counts: counts(row) }).collect()
}

/// The present gate's.
pub(super) fn here<T>(rows: &[Row; 3], counts: impl Fn(&Row) -> T) -> Vec<Stratum<T>> {
    all(rows, counts).into_iter().skip(1).collect()
}

/// The same with the stratum that is still to come.
pub(super) fn everybody<T>(
    rows: &[Row; 3],
    counts: impl Fn(&Row) -> T,
    none: T,
) -> Vec<Stratum<T>> {
    let to_come = Stratum::new(TO_COME, none).unwrap();
    here(rows, counts).into_iter().chain([to_come]).collect()
}

fn reference() -> kpi::Reference {
    worth(1, 1.0).references["revenue"].clone()
}

fn sum(counts: &[ArmCount]) -> ArmCount {
    counts.iter().fold(ArmCount::default(), |mut sum, it| {
        sum.merge(*it);
        sum
    })
}

fn half(counts: ArmCount) -> ArmCount {
    of(counts.candidate / 2, counts.incumbent / 2)
}

impl Row {
    /// Those on mobile, four in five; slices are told of none that is lost.
    pub(super) fn on_mobile(self) -> Self {
        Self { lost: ArmCount::default(), ..self.times((4, 5)) }
    }

    fn times(self, (times, over): (u64, u64)) -> Self {
        let part =
            |counts: ArmCount| of(times * counts.candidate / over, times * counts.incumbent / over);
        Self {
            quick: part(self.quick),
            slow: part(self.slow),
            failed: part(self.failed),
            lost: part(self.lost),
            unanswered: part(self.unanswered),
            wrong: part(self.wrong),
            right: part(self.right),
            ..self
        }
    }

    fn pi(&self) -> Pi {
        Pi::new(self.pi).unwrap()
    }

    fn units(&self) -> ArmCount {
        sum(&[self.quick, self.slow, self.failed])
    }

    pub(super) fn assigned(&self) -> Assigned {
        let ArmCount { candidate, incumbent } = sum(&[self.units(), self.unanswered]);
        let ArmCount { candidate: lost, incumbent: others } = self.lost;
        Assigned { candidate: candidate - lost, incumbent: incumbent - others }
    }

    pub(super) fn errors(&self) -> Cells {
        cells(self.units(), self.failed)
    }

    /// Missing ones are bad on the candidate and good on the incumbent.
    pub(super) fn errors_at_worst(&self) -> Cells {
        let errors = self.errors();
        Cells {
            candidate_bad: errors.candidate_bad + self.unanswered.candidate,
            candidate_good: errors.candidate_good,
            incumbent_bad: errors.incumbent_bad - self.lost.incumbent,
            incumbent_good: errors.incumbent_good + self.lost.incumbent + self.unanswered.incumbent,
        }
    }

    pub(super) fn answers(&self) -> ArmHistogram {
        let mut quick = gate(self.quick, of(1_900, 1_900)).latency;
        quick.merge(&gate(self.slow, of(300_000, 300_000)).latency).unwrap();
        *quick.candidate.last_mut().unwrap() += self.failed.candidate;
        *quick.incumbent.last_mut().unwrap() += self.failed.incumbent;
        quick
    }

    /// Missing ones are the slowest of the candidate and the fastest of the incumbent.
    pub(super) fn answers_at_worst(&self) -> ArmHistogram {
        let mut answers = self.answers();
        *answers.candidate.last_mut().unwrap() += self.unanswered.candidate;
        *answers.incumbent.last_mut().unwrap() -= self.lost.incumbent;
        *answers.incumbent.first_mut().unwrap() += self.lost.incumbent + self.unanswered.incumbent;
        answers
    }

    pub(super) fn labels(&self) -> Cells {
        cells(sum(&[self.wrong, self.right]), self.wrong)
    }

    /// Half of the labels' units wait for none any more.
    pub(super) fn labels_due(&self) -> Cells {
        cells(sum(&[half(self.wrong), half(self.right)]), half(self.wrong))
    }

    /// Of those due, with a label and without.
    pub(super) fn labelled(&self) -> Cells {
        let with = self.labels_due();
        let due = self.units();
        Cells {
            candidate_bad: due.candidate - with.candidate(),
            candidate_good: with.candidate(),
            incumbent_bad: due.incumbent - with.incumbent(),
            incumbent_good: with.incumbent(),
        }
    }

    pub(super) fn values(&self) -> kpi::Counts {
        counted(&reference(), self.units(), self.worth)
    }

    pub(super) fn values_due(&self) -> kpi::Counts {
        counted(&reference(), half(self.units()), self.worth)
    }

    /// The quick ones said "cat" and the others "dog".
    pub(super) fn predictions(&self) -> drift::Counts<String> {
        let dogs = sum(&[self.slow, self.failed]);
        let told = [("cat", self.quick), ("dog", dogs)];
        let assigned = |of: ArmCount| Assigned { candidate: of.candidate, incumbent: of.incumbent };
        told.map(|(class, of)| (class.to_owned(), assigned(of))).into()
    }

    /// By metric: of "correct" a no is bad, of "refused" a yes, and a no is counted as bad of both.
    fn by_metric<T>(
        &self,
        labels: impl Fn(Cells) -> T,
        of: fn(&Self) -> Cells,
    ) -> BTreeMap<String, T> {
        let correct = of(self);
        [("correct", correct), ("refused", correct.flipped())]
            .map(|(metric, it)| (metric.to_owned(), labels(it)))
            .into()
    }

    /// As they are counted, those on mobile apart too.
    fn counts(&self) -> (GateStratum, GateCounts) {
        let mut counts = self.in_all();
        let mobile = self.on_mobile().in_all();
        *counts.slices.of("client", "mobile") = SliceCounts {
            unanswered: mobile.unanswered,
            errors: mobile.errors,
            latency: Buckets::of(&mobile.latency),
            feedback: mobile.feedback,
            matured: mobile.matured,
            values: mobile.values,
            matured_values: mobile.matured_values,
            predictions: mobile.predictions,
            ..SliceCounts::default()
        };
        let seen = Exposure::up_to(share(self.seen));
        (GateIndex(self.gate).after(seen), counts)
    }

    fn in_all(&self) -> GateCounts {
        let units = self.units();
        let values = MaturedValues { units, labelled: half(units), values: self.values_due() };
        let predictions = self.predictions().into_iter();
        let predictions = predictions.map(|(class, it)| (class, of(it.candidate, it.incumbent)));
        GateCounts {
            units,
            lost: self.lost,
            unanswered: self.unanswered,
            errors: self.errors(),
            latency: self.answers(),
            feedback: self.by_metric(|it| it, Self::labels),
            matured: self.by_metric(|labels| Matured { units, labels }, Self::labels_due),
            values: [("revenue".to_owned(), self.values())].into(),
            matured_values: [("revenue".to_owned(), values)].into(),
            predictions: [("answers".to_owned(), Predictions(predictions.collect()))].into(),
            ..GateCounts::default()
        }
    }
}

/// What the incumbent's latencies were in the shadow.
pub(super) fn incumbent_before() -> Vec<u64> {
    let edges = Edges::default();
    let mut latency = vec![0; edges.buckets()];
    latency[edges.bucket_of(1_900)] = 940;
    latency[edges.bucket_of(300_000)] = 60;
    latency
}

pub(super) fn evidence(rows: &[Row; 3]) -> Evidence {
    let shadow = ShadowCounts { incumbent_latency: incumbent_before(), ..ShadowCounts::default() };
    Evidence {
        gates: rows.iter().map(Row::counts).collect(),
        references: [("revenue".to_owned(), reference())].into(),
        shadow,
        ..Evidence::default()
    }
}

/// What revenue is counted by.
pub(super) fn of_revenue(margin: seatrial_analysis::two_outcome::Margin) -> kpi::Check {
    kpi::Check::new(&reference(), kpi::Better::Higher, margin).unwrap()
}
