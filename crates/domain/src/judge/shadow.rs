//! Disagreement of mirrored pairs against the plan's limits.
//!
//! Owns the shadow's verdict: disagreement less the noise floor, once there are enough pairs. It is
//! a limit on what was seen; beyond it a comparison fails once chance is ruled out at alpha, by an
//! e-process on pairs, so that looking often makes no fail. Half of alpha goes to the noise, where there
//! is a floor: it was measured as well. All that can fail the shadow have alpha between them ([`parts`]).
//! Which of a pair was slower, and which was right, is reported beside it, in all and by slice. A copy the candidate failed is a pair that disagrees. A rule that
//! compared nothing while others did has no say, and where none did nothing passes.
//! Slices warn; one gates only with a limit of its own, and then a value of it must have been seen.

mod account;
mod comparison;
mod paired;
mod parts;
mod rule;
mod slice;

use super::decide::{Passes, decision};
use super::reading::Reading;
use crate::evidence::{ArmCount, CompareCount, PairCount, ShadowCounts};
use crate::plan::{Effect, NoiseFloor, Plan};
use crate::ranking::{self, Sample};
use crate::verdict::{CheckReport, Coverage, Enforced, SampleRatio, SliceLabel, Verdict};
use comparison::{Comparison, failures};
use paired::Paired;
use parts::Parts;
use rule::Rule;
use seatrial_analysis::Alpha;
use slice::Slice;

/// A slice's value with fewer pairs is reported, but decides nothing.
const SLICE_PAIRS_MIN: u64 = 50;

/// One comparison's report, and what it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    pub of: Of,
    pub report: CheckReport,
}

/// What a comparison is of; `rule` counts along the plan's `compare`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// All pairs.
    All { rule: usize },
    /// Those with this value in a slice's column.
    Value { rule: usize, column: String, value: String },
    /// A gating column of which no value has enough pairs.
    Unseen { column: String },
}

#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    slices: Vec<Slice>,
    noise: NoiseFloor,
    min_pairs: u64,
    parts: Parts,
    paired: Paired,
}

/// All pairs of one rule.
#[derive(Debug, Clone, Copy)]
struct Overall {
    count: CompareCount,
    voice: Voice,
}

/// Whether a rule has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// It has compared answers, or no rule has.
    Heard,
    /// Other rules have compared answers and it has not: no output is of its kind.
    Silent,
}

impl Rules {
    pub(super) fn new(plan: &Plan) -> Self {
        // Out of range it makes no judge at all; who only shows comparisons has none to ask.
        let alpha = Alpha::new(plan.analysis.alpha).unwrap_or(Alpha::USUAL);
        Self {
            rules: rule::rules(plan),
            slices: slice::slices(&plan.shadow),
            noise: plan.shadow.noise_floor,
            min_pairs: plan.shadow.min_requests.max(1),
            parts: Parts::of(plan, alpha),
            paired: Paired::new(plan),
        }
    }

    pub(super) fn judge(&self, counts: &ShadowCounts) -> Verdict {
        let overall = self.overall(counts);
        let heard = overall.iter().filter(|all| all.voice == Voice::Heard);
        let pairs = heard.map(|all| all.count.candidate.pairs).min().unwrap_or(0);
        let compared = self.all(&overall, counts);
        let mut samples = samples(&compared);
        samples.extend(self.labelled(counts));
        let ranking = ranking::rank(&samples);
        let compared = compared.into_iter().map(|compared| compared.report);
        let readings: Vec<Reading> = compared
            .chain([failures(counts, pairs)])
            .chain(self.directions(counts).into_iter().map(|direction| direction.report))
            .map(Reading::of)
            .collect();
        let passes = if pairs < self.min_pairs { Passes::Voided } else { Passes::Valid };
        Verdict {
            decision: decision(&readings, passes),
            units: ArmCount { candidate: pairs, incumbent: 0 },
            sample_ratio: SampleRatio::Plausible,
            coverage: Coverage::Enough,
            checks: readings.into_iter().map(|reading| *reading.report).collect(),
            assignment: None,
            labelled: Vec::new(),
            ranking,
            told_apart: Vec::new(),
        }
    }

    /// Every comparison: of all pairs by rule, then of the slices.
    pub(super) fn compared(&self, counts: &ShadowCounts) -> Vec<Compared> {
        self.all(&self.overall(counts), counts)
    }

    fn all(&self, overall: &[Overall], counts: &ShadowCounts) -> Vec<Compared> {
        let comparisons = self.comparisons(overall, counts).into_iter();
        comparisons.map(|comparison| comparison.compared(self.noise)).collect()
    }

    fn comparisons(&self, overall: &[Overall], counts: &ShadowCounts) -> Vec<Comparison> {
        let whole = self.rules.iter().zip(overall).enumerate().map(|(index, (rule, all))| {
            let compared = of_rule(&counts.compare, index).candidate.pairs > 0;
            Comparison {
                of: Of::All { rule: index },
                name: rule.name.clone(),
                limit: rule.limit,
                enforced: match all.voice {
                    Voice::Heard => Enforced::Yes,
                    Voice::Silent => Enforced::DryRun,
                },
                count: all.count,
                least: self.min_pairs,
                alpha: self.parts.whole(Effect::Enforces),
                lacks: (!compared).then_some("no output of its kind was compared"),
            }
        });
        let slices = self.slices.iter().enumerate();
        let slices = slices.flat_map(|slice| self.slice(slice, overall, counts));
        whole.chain(slices).collect()
    }

    /// The failed copies are pairs of every rule that is heard; a silent one has no denominator
    /// for them.
    fn overall(&self, counts: &ShadowCounts) -> Vec<Overall> {
        let of = |index| of_rule(&counts.compare, index);
        let any = (0..self.rules.len()).any(|index| of(index).candidate.pairs > 0);
        let overall = |index| match of(index) {
            count if any && count.candidate.pairs == 0 => Overall { count, voice: Voice::Silent },
            count => Overall {
                count: with_failures(count, counts.candidate_errors),
                voice: Voice::Heard,
            },
        };
        (0..self.rules.len()).map(overall).collect()
    }
}

/// Each value's pairs beside all of its rule's, the failed copies among both.
fn samples(compared: &[Compared]) -> Vec<Sample> {
    let pairs = |report: &CheckReport| PairCount {
        pairs: report.counts.candidate_total,
        disagree: report.counts.candidate_bad,
    };
    let of_all = |rule: usize| compared.iter().find(|one| one.of == Of::All { rule });
    let sample = |one: &Compared| match &one.of {
        Of::All { .. } | Of::Unseen { .. } => None,
        Of::Value { rule, column, value } => {
            let all = &of_all(*rule)?.report;
            Some(Sample {
                slice: SliceLabel { column: column.clone(), value: value.clone() },
                check: all.name.clone(),
                metric: all.metric.clone(),
                of: ranking::Of::Pairs { here: pairs(&one.report), all: pairs(all) },
            })
        }
    };
    compared.iter().filter_map(sample).collect()
}

fn of_rule(rules: &[CompareCount], index: usize) -> CompareCount {
    rules.get(index).copied().unwrap_or_default()
}

fn with_failures(mut count: CompareCount, failures: u64) -> CompareCount {
    count.candidate.merge(PairCount { pairs: failures, disagree: failures });
    count
}
