//! Which of a pair did better, where the plan compares more than what they say.
//!
//! Owns two one-sided tests of a direction, each of pairs in which one of the two did better: the
//! candidate is the slower no more often than the faster (the sign test), and it is the only one that is
//! right no less often than the incumbent is (McNemar's). Both are e-processes, so looking often makes no
//! fail. They warn, unless the plan enforces them; either way no pass waits for them, since "no worse"
//! is nothing that they prove.

use super::Rules;
use super::comparison::blank;
use super::slice::Slice;
use crate::evidence::{LabelledPairs, PairedCounts, ShadowCounts};
use crate::judge::reading::rate;
use crate::plan::{Effect, Plan};
use crate::ranking::{self, Sample};
use crate::verdict::{CheckReport, CheckVerdict, Counts, Enforced, Holds, SliceLabel};
use seatrial_analysis::Alpha;
use seatrial_analysis::pairs::{less_right_log_e, sign_log_e};

/// The report on latency.
const LATENCY: &str = "paired latency";
/// What is bad of a pair there.
pub(super) const SLOWER: &str = "slower";
/// The report on labels.
const LABELS: &str = "paired labels";

/// What the plan asks of pairs.
#[derive(Debug)]
pub(super) struct Paired {
    latency: Effect,
    /// Where it asks for labels.
    labels: Option<Effect>,
}

/// Pairs that are told apart, and what they prove against the candidate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Direction {
    pub(super) worse: u64,
    pub(super) better: u64,
}

impl Direction {
    /// Log e-value against "the candidate is the worse of a pair no more often than the better".
    pub(super) fn log_e(self) -> f64 {
        sign_log_e(self.worse, self.better)
    }
}

impl Paired {
    pub(super) fn new(plan: &Plan) -> Self {
        let labels = plan.shadow.labels.as_ref().map(|labels| labels.effect);
        Self { latency: plan.shadow.latency, labels }
    }

    /// One for each test that has anything to tell: where pairs were told apart at all, and where the
    /// plan asks for labels.
    fn tests(&self, of: PairedCounts) -> impl Iterator<Item = Test> {
        let PairedCounts { latency, labelled } = of;
        let timed = (!latency.is_empty() || !self.latency.only_warns()).then(|| {
            let of = Direction { worse: latency.slower, better: latency.faster };
            Test {
                of,
                name: LATENCY,
                bad: SLOWER,
                effect: self.latency,
                log_e: of.log_e(),
                told: format!("slower no more often than faster; {} alike", latency.alike),
            }
        });
        let labels = self.labels.map(|effect| Test {
            of: Direction { worse: labelled.incumbent_only, better: labelled.candidate_only },
            name: LABELS,
            bad: "wrong alone",
            effect,
            log_e: less_right_log_e(&labelled.discordance()),
            told: format!(
                "wrong alone no more often than right alone; {} of {} alike",
                labelled.both + labelled.neither,
                labelled.pairs()
            ),
        });
        timed.into_iter().chain(labels)
    }
}

impl Rules {
    /// Those of all pairs, then of each slice's values: where both the slice gates and the test is
    /// enforced they fail the shadow, else they are told where they find something.
    pub(super) fn directions(&self, counts: &ShadowCounts) -> Vec<Directed> {
        let all = PairedCounts { latency: counts.paired_latency, labelled: counts.labelled };
        let whole = self.paired.tests(all).map(|test| {
            let level = self.parts.whole(test.effect);
            test.directed(level, None)
        });
        let slices = self.slices.iter().enumerate();
        let values = slices.flat_map(|(number, slice)| self.directions_in((number, slice), counts));
        whole.chain(values).collect()
    }

    fn directions_in(
        &self,
        (number, slice): (usize, &Slice),
        counts: &ShadowCounts,
    ) -> Vec<Directed> {
        let column = &slice.column;
        let mut found = Vec::new();
        for (value, of) in counts.paired_slices.get(column).into_iter().flatten() {
            let label = SliceLabel { column: column.clone(), value: value.clone() };
            for mut test in self.paired.tests(*of) {
                if slice.effect().only_warns() {
                    test.effect = Effect::Warns;
                }
                let level = self.parts.value(test.effect, number);
                let directed = test.directed(level, Some(label.clone()));
                let fails = directed.report.verdict == CheckVerdict::Fail;
                found.extend(
                    Some(directed).filter(|it| fails || it.report.enforced == Enforced::Yes),
                );
            }
        }
        found
    }

    /// Each value's labelled pairs beside all of them: how much more often the candidate was wrong.
    pub(super) fn labelled(&self, counts: &ShadowCounts) -> Vec<Sample> {
        let mut samples = Vec::new();
        for column in self.slices.iter().map(|slice| &slice.column) {
            for (value, of) in counts.paired_slices.get(column).into_iter().flatten() {
                samples.push(Sample {
                    slice: SliceLabel { column: column.clone(), value: value.clone() },
                    check: LABELS.to_owned(),
                    metric: "wrong".to_owned(),
                    of: ranking::Of::Arms {
                        here: vec![wrong(of.labelled)],
                        all: vec![wrong(counts.labelled)],
                    },
                });
            }
        }
        samples
    }
}

/// Both arms' errors: of pairs, so that each has all requests.
const fn wrong(of: LabelledPairs) -> Counts {
    Counts {
        candidate_bad: of.incumbent_only + of.neither,
        candidate_total: of.pairs(),
        incumbent_bad: of.candidate_only + of.neither,
        incumbent_total: of.pairs(),
    }
}

/// One test on one set of pairs.
#[derive(Debug)]
struct Test {
    of: Direction,
    name: &'static str,
    /// What is bad of a pair.
    bad: &'static str,
    effect: Effect,
    log_e: f64,
    told: String,
}

/// A test's report, and the level it is at.
#[derive(Debug)]
pub(super) struct Directed {
    pub(super) report: CheckReport,
    pub(super) level: Alpha,
}

impl Test {
    fn directed(self, level: Alpha, slice: Option<SliceLabel>) -> Directed {
        let Self { of: Direction { worse, better }, name, bad, effect, log_e, told } = self;
        let enforced = match effect {
            Effect::Warns => Enforced::DryRun,
            Effect::Enforces => Enforced::Yes,
        };
        let name = match &slice {
            None => name.to_owned(),
            Some(label) => format!("{name}[{label}]"),
        };
        let failed = level.rejects(log_e);
        let report = CheckReport {
            verdict: if failed { CheckVerdict::Fail } else { CheckVerdict::Inconclusive },
            candidate: rate(worse, worse + better),
            limit: told,
            counts: Counts {
                candidate_bad: worse,
                candidate_total: worse + better,
                ..Counts::default()
            },
            fail_log_e: log_e.is_finite().then_some(log_e),
            fail_at: Some(level.log_threshold()),
            holds: Holds::Nothing,
            slice,
            ..blank(name, enforced, bad)
        };
        Directed { report, level }
    }
}
